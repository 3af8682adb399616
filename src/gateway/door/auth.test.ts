import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { checkTokenSecret, createAuth, parseApiKeys } from "./auth.ts";

const KEY = "0123456789abcdef";
const keys = parseApiKeys(`# who\nweb ${KEY}  # the page\n`, "keys");
const auth = createAuth(keys, Buffer.from("secret"), 60_000);

test("a key is taken from either header, and no other", () => {
  expect(auth.callerOf({ authorization: `Bearer ${KEY}` }, 0)).toBe("web");
  expect(auth.callerOf({ "x-api-key": KEY }, 0)).toBe("web");
  expect(auth.callerOf({ "x-api-key": `${KEY}0` }, 0)).toBeUndefined();
  expect(auth.callerOf({}, 0)).toBeUndefined();
});

test("a token stands in for its key until it ends, and can't be altered", () => {
  const { value, expires_at } = auth.mint("web", 1_000_000);
  const offer = (token: string): { "sec-websocket-protocol": string } => ({
    "sec-websocket-protocol": `realtime, realtime-token.${token}`,
  });
  expect(expires_at).toBe(1060);
  expect(auth.callerOf(offer(value), 1_059_000)).toBe("web");
  expect(auth.callerOf(offer(value), 1_060_000)).toBeUndefined();
  const forged = Buffer.from(JSON.stringify({ key: "web", exp: 9e15 })).toString("base64url");
  expect(auth.callerOf(offer(`${forged}.${value.split(".")[1] ?? ""}`), 0)).toBeUndefined();
  expect(createAuth(keys, Buffer.from("other"), 1).callerOf(offer(value), 0)).toBeUndefined();
  expect(value).not.toContain(KEY);
});

test.each([
  ["", "holds no API key"],
  ["web short", "keys:1"],
  [`ok ${KEY}\nweb ${KEY} more`, "keys:2"],
])("a file of keys that is wrong: %j", (text, said) => {
  expect(() => parseApiKeys(text, "keys")).toThrow(said);
});

test.each([
  "abcdefghabcdefghabcdefghabcdefghx",
  "AbCdEfGhAbCdEfGhAbCdEfGhAbCdEfGh1",
  "passwordpasswordpasswordpassword1",
  "password1password2password3password4",
  "0123456789012345678901234567890123x",
  "0123456789abcdefghijklmnopqrstuvwxyz",
  "zyxwvutsrqponmlkjihgfedcba9876543210",
  "qwertyuiopasdfghjklzxcvbnm123456",
  "changeme-please-changeme-please-1",
])("the token secret %s is predictable", (secret) => {
  expect(() => checkTokenSecret(secret)).toThrow(/too weak: most of it repeats itself or is a sequence/);
});

test("random token secrets pass, in base64 and hexadecimal", () => {
  for (let i = 0; i < 1000; i++) {
    const bytes = createHash("sha256").update(`secret ${i}`).digest();
    checkTokenSecret(bytes.toString("base64"));
    checkTokenSecret(bytes.toString("hex"));
  }
});
