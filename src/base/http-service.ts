/**
 * HTTP services beside the target (the server's own metrics, Prometheus, a Pushgateway, an OpenTelemetry collector): their
 * addresses and credentials, read before any load, sent with each request, never printed.
 */
import { BenchError, messageOf } from "./errors.ts";
import { hideSecrets, redactUrl, redactUrls } from "./text/redact.ts";
import type { Environment } from "./files/dot-env.ts";

export interface HttpService {
  /** Without user and password; its query may still hold a secret: print it by `redactUrl`. */
  url: string;
  /** Sent with each request. */
  headers: Readonly<Record<string, string>>;
  /** What must not be printed, should the service repeat it. */
  secrets: readonly string[];
}

export interface ServiceRequest {
  /** As given: `http://user:password@host/path`. */
  url: string;
  /** Where it was given, for messages: `--remote-write`. */
  what: string;
  /** For messages. */
  example: string;
  /** Headers from the same place as the URL. */
  headers?: Readonly<Record<string, string>>;
  /** Variables with more headers, as in OTEL_EXPORTER_OTLP_HEADERS; the first that has a header decides. */
  headersFrom?: readonly string[];
  /** A variable with a bearer token. */
  tokenFrom?: string;
}

/** What the request itself decides. */
const OWN_HEADERS =
  /^(host|connection|keep-alive|upgrade|expect|te|trailer|transfer-encoding|content-(length|type|encoding)|proxy-authorization)$/i;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;
/** What HTTP takes in the value of a header. */
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The address and the headers of a service. Its credentials are those of the URL, else those of `headers`, else those of
 * the variables.
 *
 * @throws BenchError (exit 2) for what is no URL, or credentials that can't be sent; no secret is in its message
 */
export function httpService(request: ServiceRequest, environment: Environment): HttpService {
  const { what } = request;
  const url = readUrl(request);
  const headers = new Map<string, string>();
  const add = (name: string, value: string, source: string): void => {
    const key = name.toLowerCase();
    if (headers.has(key)) return;
    if (!HEADER_NAME.test(name)) throw BenchError.usage(`${source}: "${name}" is no name of a header`);
    if (OWN_HEADERS.test(name)) throw BenchError.usage(`${source}: the header ${name} can't be set`);
    if (!HEADER_VALUE.test(value)) {
      throw BenchError.usage(
        `${source}: the value of ${name} can't be sent in a header`,
        "It holds a line break or another control character, or a letter beyond Latin-1.",
      );
    }
    headers.set(key, value.trim());
  };

  const login = basicOf(url, what);
  if (login !== undefined) add("authorization", login.header, what);
  for (const [name, value] of Object.entries(request.headers ?? {})) add(name, value, `${what}: headers`);
  for (const variable of request.headersFrom ?? []) {
    const setting = environment(variable);
    if (setting === undefined) continue;
    for (const [name, value] of headerList(setting.value, setting.source)) add(name, value, setting.source);
  }
  const token = request.tokenFrom === undefined ? undefined : environment(request.tokenFrom);
  if (token !== undefined) add("authorization", `Bearer ${token.value}`, token.source);

  const secrets = [...headers.values(), ...url.searchParams.values()];
  if (login !== undefined) secrets.push(login.password);
  url.username = "";
  url.password = "";
  return { url: url.href, headers: Object.fromEntries(headers), secrets };
}

function readUrl({ url: text, what, example }: ServiceRequest): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    const login = text.includes("@") ? " In a password, write / as %2F, # as %23, ? as %3F, @ as %40." : "";
    throw BenchError.usage(`${what} ${redactUrl(text)}: not a URL`, `For example ${example}.${login}`);
  }
  // A password with a bare slash reads as a host and a path: the metrics would go to a stranger.
  if (url.pathname.includes("@")) {
    throw BenchError.usage(
      `${what} ${redactUrl(text)}: an @ stands behind the first slash`,
      "In a password, write / as %2F; in a path, write @ as %40.",
    );
  }
  return url;
}

/** RFC 7617: user and password of the URL, percent-decoded, in UTF-8. */
function basicOf(url: URL, what: string): { header: string; password: string } | undefined {
  if (url.username === "" && url.password === "") return undefined;
  const [user, password] = [url.username, url.password].map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      throw BenchError.usage(`${what}: user and password can't be decoded`, "Write % as %25 in them.");
    }
  }) as [string, string];
  if (user.includes(":")) {
    throw BenchError.usage(`${what}: the user's name holds a colon`, "Basic authorization can't send one.");
  }
  if (/\p{Cc}/u.test(user + password)) {
    throw BenchError.usage(`${what}: user or password holds a control character`);
  }
  return { header: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`, password };
}

/** `name=value,name=value`, values percent-encoded: the form of OTEL_EXPORTER_OTLP_HEADERS. */
function headerList(text: string, source: string): [name: string, value: string][] {
  const entries = text.split(",").filter((entry) => entry.trim() !== "");
  return entries.map((entry, index) => {
    const at = entry.indexOf("=");
    const [name, value] = at < 0 ? ["", ""] : [entry.slice(0, at).trim(), entry.slice(at + 1).trim()];
    try {
      if (name !== "") return [name, decodeURIComponent(value)];
    } catch {
      // Told below.
    }
    throw BenchError.usage(
      `${source}: its header ${index + 1} can't be read`,
      "Write name=value,name=value, and in the values , as %2C and % as %25.",
    );
  });
}

/**
 * Sends a request with the credentials of the service. Redirects are not followed: they would take the credentials to
 * another place, and turn a POST into a GET.
 *
 * @throws Error when it can't be reached or does not answer 2xx; no secret is in its message
 */
export async function callService(
  service: HttpService,
  request: {
    method?: string;
    headers?: Record<string, string>;
    body?: Uint8Array<ArrayBuffer> | string;
    limitMs: number;
  },
): Promise<string> {
  const { limitMs, headers, ...rest } = request;
  const say = (message: string): Error => new Error(hideSecrets(redactUrls(message), service.secrets));
  let response: Response;
  let text: string;
  try {
    response = await fetch(service.url, {
      ...rest,
      headers: { ...headers, ...service.headers },
      redirect: "manual",
      signal: AbortSignal.timeout(limitMs),
    });
    text = await response.text();
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    throw say(messageOf(cause));
  }
  if (response.ok) return text;
  const location = response.headers.get("location");
  const more = location === null ? text.slice(0, SHOWN_OF_ANSWER).trim() : `it redirects to ${location}`;
  throw say(`HTTP ${response.status}${more === "" ? "" : `: ${more}`}`);
}

const SHOWN_OF_ANSWER = 200;
