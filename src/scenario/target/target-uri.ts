/** The URI of a target: what it says of the dialect, the address and the encryption. */
import { defined } from "../../base/defined.ts";
import { isIP, isIPv4, isIPv6 } from "node:net";
import { domainToASCII } from "node:url";
import { BenchError } from "../../base/errors.ts";
import { redactUrl } from "../../base/text/redact.ts";
import { joinHostPort } from "../../base/host-port.ts";
import type { TargetKind } from "../../client/transports.ts";

export interface TargetUri {
  kind: TargetKind;
  /** host:port */
  address: string;
  /** Of a WebSocket, without its query; empty for gRPC. */
  path: string;
  /** What an ingress puts before the paths of the server; mostly empty. */
  prefix: string;
  /** The interface that a link-local IPv6 address is reached by. */
  zone?: string;
  secure: boolean;
  /** The server is this machine. */
  loopback: boolean;
}

const SCHEMES: Readonly<Record<string, { kind: "grpc" | "ws"; secure: boolean; port: number }>> = {
  grpc: { kind: "grpc", secure: false, port: 50_051 },
  grpcs: { kind: "grpc", secure: true, port: 443 },
  // Where a NIM serves HTTP and WebSockets.
  ws: { kind: "ws", secure: false, port: 9000 },
  wss: { kind: "ws", secure: true, port: 443 },
};

/** Where a NIM's realtime dialect is; the transport asks for `?intent=transcription`. */
const REALTIME_PATH = "/v1/realtime";
/** Where the gateway's own dialect is. */
const GATEWAY_PATH = "/v1/stream";
/** Parameters of a realtime address that are known; the transport sends them. */
const REALTIME_QUERY = "intent=transcription";

const URI = /^([a-z][a-z\d+.-]*):\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?(#.*)?$/i;
const BRACKETED = /^\[([^\]%]+)(?:%(?:25)?([\w.-]+))?\](?::(.*))?$/;

/**
 * Reads `grpc://host:port`, `grpcs://`, `ws://` or `wss://`. A WebSocket's path names the dialect: none or `/v1/realtime` is
 * a NIM's realtime one, `/v1/stream` the gateway's; an ingress may put something before either.
 *
 * @throws BenchError (exit 2) that says what is wrong with it
 */
export function parseTargetUri(uri: string): TargetUri {
  const match = URI.exec(uri);
  if (match === null || /[\s\p{Cc}]/u.test(uri)) throw unusable(uri, "not a server's address");
  const [, scheme = "", authority = "", path = "", query, fragment] = match;
  const known = SCHEMES[scheme.toLowerCase()];
  if (known === undefined) throw unusable(uri, `${scheme}:// is not supported`);
  if (authority.includes("@"))
    throw unusable(uri, "an address holds no credentials; send them as metadata or RIVA_API_KEY");
  if (fragment !== undefined) throw unusable(uri, "an address has no #fragment");
  const { host, zone, digits } = splitAuthority(uri, authority);
  const port = portOf(uri, digits, known.port);
  return {
    ...dialect(uri, known.kind, path.replace(/(?<!\/)\/+$/, ""), query),
    address: joinHostPort(host, port),
    secure: known.secure,
    loopback: host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127.")),
    ...defined({ zone }),
  };
}

/** The URI of what `parseTargetUri` read, the port written out. */
export function formatTargetUri({
  kind,
  address,
  path,
  prefix,
  secure,
  zone,
}: Omit<TargetUri, "loopback">): string {
  const scheme = kind === "riva-grpc" ? "grpc" : "ws";
  const shown = kind === "gateway" || prefix !== "" ? path : "";
  const at = zone === undefined ? address : address.replace("]", `%${zone}]`);
  return `${scheme}${secure ? "s" : ""}://${at}${shown}`;
}

function splitAuthority(uri: string, authority: string): { host: string; zone?: string; digits?: string } {
  const [, ipv6, zone, afterBracket] = BRACKETED.exec(authority) ?? [];
  if (ipv6 !== undefined) {
    if (!isIPv6(ipv6)) throw unusable(uri, `[${ipv6}] is not an IPv6 address`);
    return { host: ipv6, ...(zone && { zone }), ...(afterBracket !== undefined && { digits: afterBracket }) };
  }
  if (isIP(authority) === 6) throw unusable(uri, "an IPv6 address stands in brackets, such as [::1]");
  const [name = "", ...ports] = authority.split(":");
  if (ports.length > 1) throw unusable(uri, "not a server's address; an IPv6 address stands in brackets");
  const host = /^[\w.-]+$/.test(name) ? name.toLowerCase() : domainToASCII(name);
  if (!/^[\w.-]+$/.test(host) || /^[.-]|\.\./.test(host)) throw unusable(uri, "not a server's address");
  if (/^[\d.]+$/.test(host) && !isIPv4(host)) throw unusable(uri, `${host} is not an IPv4 address`);
  return { host, ...(ports[0] !== undefined && { digits: ports[0] }) };
}

function portOf(uri: string, digits: string | undefined, usual: number): number {
  if (digits === undefined) return usual;
  if (!/^\d+$/.test(digits)) throw unusable(uri, "not a server's address: the port is not a number");
  const port = Number(digits);
  if (port < 1 || port > 65_535) throw unusable(uri, `port ${digits} does not exist`);
  return port;
}

function dialect(
  uri: string,
  scheme: "grpc" | "ws",
  path: string,
  query: string | undefined,
): Pick<TargetUri, "kind" | "path" | "prefix"> {
  if (scheme === "grpc") {
    if (path !== "" || query !== undefined)
      throw unusable(uri, "not a server's address: gRPC has no path and no query");
    return { kind: "riva-grpc", path: "", prefix: "" };
  }
  if (path.endsWith(GATEWAY_PATH)) {
    if (query !== undefined) throw unusable(uri, "the gateway's dialect has no query");
    return { kind: "gateway", path, prefix: path.slice(0, -GATEWAY_PATH.length) };
  }
  if (path !== "" && !path.endsWith(REALTIME_PATH)) throw unusable(uri, `no dialect is known at ${path}`);
  for (const parameter of (query ?? "").split("&"))
    if (parameter !== "" && parameter !== REALTIME_QUERY)
      throw unusable(uri, `the query ${parameter.split("=")[0] ?? ""} is not known; ${REALTIME_QUERY} is`);
  return { kind: "nim-realtime", path: path || REALTIME_PATH, prefix: path.slice(0, -REALTIME_PATH.length) };
}

function unusable(uri: string, problem: string): BenchError {
  return BenchError.usage(
    `target ${redactUrl(uri)}: ${problem}`,
    "A target is grpc://host:port, grpcs://host:port, ws://host:port (a NIM's realtime dialect), " +
      "ws://host:port/v1/stream (the gateway), or either with wss://; behind an ingress with its prefix, such as " +
      "ws://host:port/prefix/v1/realtime.",
  );
}
