/**
 * Who may open a session: API keys, and short-lived tokens minted with one, so that a browser never sees a key. A token is
 * `<payload>.<HMAC-SHA-256 of it>`, both base64url; it holds the name of the key and when it ends, no secret.
 */
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { BenchError } from "../../base/errors.ts";

/** The subprotocol of a realtime session, and the one that carries its token beside it. */
export const REALTIME_PROTOCOL = "realtime";
const TOKEN_PROTOCOL = "realtime-token.";

export interface ApiKey {
  /** In logs, metrics and limits; the key itself never is. */
  name: string;
  hash: Buffer;
}

/** Reads a file of keys: a line `name key` each, `#` begins a comment. @throws BenchError (exit 2), naming the line */
export function parseApiKeys(text: string, path: string): ApiKey[] {
  const keys: ApiKey[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.replace(/(^|\s)#.*$/, "").trim();
    if (line === "") continue;
    const [name = "", key = "", ...rest] = line.split(/\s+/);
    if (rest.length > 0 || key.length < 16 || !/^[\w.-]+$/.test(name)) {
      throw BenchError.usage(
        `${path}:${index + 1}: not a line of the form "name key"`,
        "A name has letters, digits, dots and dashes; a key at least 16 characters and no blanks.",
      );
    }
    keys.push({ name, hash: digest(key) });
  }
  if (keys.length === 0)
    throw BenchError.usage(`${path}: holds no API key`, "Write a line such as: web s3cr3t...");
  return keys;
}

/** Fewer make a secret that can be guessed from one token. */
const LEAST_SECRET_BYTES = 32;
const LEAST_SECRET_CHARACTERS = 8;
/** Of 20 000 secrets of 16 random bytes in hexadecimal, 15 have fewer; base64 of 32 random bytes has about 39, never below 29. */
const LEAST_NEW_CHARACTERS = 18;

/**
 * How many characters of a secret are new: those that neither follow the character before them elsewhere in the secret
 * already (`password1password2`), nor repeat it, nor are next to it in the alphabet, among the digits or on a keyboard. Capitals
 * count as small letters. An estimate that finds the secrets of a hurry, not all weak ones: words of a dictionary pass.
 */
function newCharacters(secret: string): number {
  const seen = new Set<string>();
  let count = 0;
  let before = "";
  for (const character of secret.toLowerCase()) {
    const pair = before + character;
    if (before === "" || !(seen.has(pair) || isNextTo(before, character))) count++;
    seen.add(pair);
    before = character;
  }
  return count;
}

const KEYBOARD = "qwertyuiopasdfghjklzxcvbnm";

function isNextTo(a: string, b: string): boolean {
  const [left, right] = [KEYBOARD.indexOf(a), KEYBOARD.indexOf(b)];
  const onKeyboard = left >= 0 && right >= 0 && Math.abs(left - right) <= 1;
  return onKeyboard || Math.abs((a.codePointAt(0) ?? 0) - (b.codePointAt(0) ?? 0)) <= 1;
}

/**
 * Whoever guesses the secret makes tokens of their own.
 * @throws BenchError (exit 2) for one that is short, repeats itself or is made of sequences
 */
export function checkTokenSecret(secret: string): void {
  const tooShort = Buffer.byteLength(secret) < LEAST_SECRET_BYTES;
  const repeats =
    new Set(secret).size < LEAST_SECRET_CHARACTERS || `${secret}${secret}`.indexOf(secret, 1) < secret.length;
  const predictable = newCharacters(secret) < LEAST_NEW_CHARACTERS;
  if (!tooShort && !repeats && !predictable) return;
  const why = tooShort
    ? `it needs at least ${LEAST_SECRET_BYTES} bytes`
    : repeats
      ? "it repeats itself"
      : "most of it repeats itself or is a sequence";
  throw BenchError.usage(
    `BENCH_GATEWAY_TOKEN_SECRET is too weak: ${why}`,
    "Make one with: openssl rand -base64 32",
  );
}

export interface Auth {
  /** True when sessions need a key or a token. */
  readonly required: boolean;
  /** Name of the key that a request carries itself; undefined when it carries none that is known. */
  keyOf(headers: IncomingHttpHeaders): string | undefined;
  /** Name of the key by key or token. */
  callerOf(headers: IncomingHttpHeaders, nowEpochMs: number): string | undefined;
  mint(keyName: string, nowEpochMs: number): { value: string; expires_at: number };
}

/** @param secret signs tokens; processes that share it take each other's */
export function createAuth(keys: readonly ApiKey[], secret: Buffer, tokenLifeMs: number): Auth {
  const sign = (payload: string): string => createHmac("sha256", secret).update(payload).digest("base64url");

  function keyOf(headers: IncomingHttpHeaders): string | undefined {
    const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
    const given = bearer ?? one(headers["x-api-key"]);
    if (given === undefined) return undefined;
    const hash = digest(given);
    // Every key is compared, in constant time: how long it takes tells nothing.
    return keys.filter((key) => timingSafeEqual(key.hash, hash))[0]?.name;
  }

  function tokenOwner(headers: IncomingHttpHeaders, nowEpochMs: number): string | undefined {
    const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((entry) => entry.trim());
    const token = offered.find((entry) => entry.startsWith(TOKEN_PROTOCOL))?.slice(TOKEN_PROTOCOL.length);
    const [payload = "", signature = "", ...rest] = token?.split(".") ?? [];
    if (rest.length > 0 || !same(signature, sign(payload))) return undefined;
    try {
      const { key, exp } = JSON.parse(Buffer.from(payload, "base64url").toString()) as {
        key: string;
        exp: number;
      };
      return exp > nowEpochMs && keys.some(({ name }) => name === key) ? key : undefined;
    } catch {
      return undefined;
    }
  }

  return {
    required: keys.length > 0,
    keyOf,
    callerOf: (headers, nowEpochMs) => keyOf(headers) ?? tokenOwner(headers, nowEpochMs),
    mint(key, nowEpochMs) {
      const exp = nowEpochMs + tokenLifeMs;
      const payload = Buffer.from(JSON.stringify({ key, exp })).toString("base64url");
      return { value: `${payload}.${sign(payload)}`, expires_at: Math.floor(exp / 1000) };
    },
  };
}

function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function one(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
