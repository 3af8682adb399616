/**
 * Which HTTP proxy a connection goes through: one rule for gRPC, HTTP/2 by hand, WebSockets and HTTP (docs/targets.md,
 * "Proxies"). The proxy is asked by CONNECT for a tunnel, whatever is spoken inside it.
 */
import { BlockList, isIP } from "node:net";
import { readSubnet } from "../base/host-port.ts";
import { BenchError } from "../base/errors.ts";
import { hostAndPort, type ProxyServer } from "./endpoint.ts";

/** What the environment says of one connection. */
export interface ProxyChoice {
  /** Absent = direct. */
  proxy?: ProxyServer;
  /** Why it is direct although a proxy is set; for people. */
  direct?: string;
}

/** Where a connection is to go. */
export interface Destination {
  /** host:port */
  address: string;
  protocol: "grpc" | "web";
  overTls: boolean;
}

/** Looks up a variable; empty counts as not set. */
export type Lookup = (variable: string) => { value: string; source: string } | undefined;

/**
 * The proxy for `destination`. `grpc_proxy` (gRPC only) comes before `https_proxy` (TLS) or `http_proxy` (plain text), and
 * those before `all_proxy`; lower case before upper case. Loopback addresses and hosts in `no_proxy` are direct.
 *
 * @throws BenchError (exit 2) for a proxy that can't be used; never quotes its value, which may hold a password
 */
export function chooseProxy({ address, protocol, overTls }: Destination, lookup: Lookup): ProxyChoice {
  const first = (...names: string[]): ReturnType<Lookup> => {
    for (const name of names.flatMap((each) => [each, each.toUpperCase()])) {
      const found = lookup(name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  const grpc = protocol === "grpc";
  const setting = first(...(grpc ? ["grpc_proxy"] : []), overTls ? "https_proxy" : "http_proxy", "all_proxy");
  const at = hostAndPort(address);
  if (setting === undefined || at === undefined) return {};
  if (isLoopback(at.host)) return { direct: `${setting.source} is not used for loopback addresses` };
  const exceptions = first(...(grpc ? ["no_grpc_proxy"] : []), "no_proxy");
  if (exceptions !== undefined && isException(at, exceptions.value))
    return { direct: `${exceptions.source} excepts ${at.host} from ${setting.source}` };
  return { proxy: parseProxy(setting) };
}

/** `localhost`, names below it, 127.0.0.0/8 and ::1, also as IPv4-mapped IPv6. */
export function isLoopback(host: string): boolean {
  if (/^(?:.+\.)?localhost\.?$/i.test(host)) return true;
  const bare = host.replace(/%[^]*/, "");
  if (isIP(bare) === 0) return false;
  return LOOPBACK.check(bare, isIP(bare) === 4 ? "ipv4" : "ipv6");
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

function parseProxy({ value, source }: { value: string; source: string }): ProxyServer {
  const text = value.includes("://") ? value : `http://${value}`;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === "")
    throw BenchError.usage(`${source}: not the URL of a proxy`, "Write http://host:port.");
  if (url.protocol !== "http:") {
    throw BenchError.usage(
      `${source}: ${url.protocol}// proxies are not supported`,
      `Name an http:// proxy that allows CONNECT, or name the target's host in NO_PROXY.`,
    );
  }
  const port = url.port === "" ? 80 : Number(url.port);
  const credentials = credentialsOf(url, source);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port,
    ...(credentials !== undefined && { credentials }),
    url: `http://${url.hostname}:${port}`,
    source,
  };
}

function credentialsOf({ username, password }: URL, source: string): string | undefined {
  if (username === "" && password === "") return undefined;
  try {
    return `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw BenchError.usage(
      `${source}: the credentials can't be decoded`,
      "Write % in a user name or password as %25.",
    );
  }
}

/**
 * Whether `no_proxy` names the host: `*`, a name with all below it (`example.com`, `.example.com`, `*.example.com`), an IP
 * address, a network (`10.0.0.0/8`, `fd00::/8`); each with `:port` for that port only. Names are not looked up.
 */
function isException({ host, port }: { host: string; port: number }, list: string): boolean {
  return list
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .some((entry) => {
      if (entry === "*") return true;
      const [name, onlyPort] = splitPort(entry);
      return (onlyPort === undefined || onlyPort === port) && matches(host, name);
    });
}

function splitPort(entry: string): [name: string, port?: number] {
  if (isIP(entry) !== 0) return [entry];
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(entry) ?? [];
  const name = bracketed ?? plain ?? entry;
  return digits === undefined ? [name] : [name, Number(digits)];
}

function matches(host: string, name: string): boolean {
  const family = isIP(host);
  if (family !== 0) {
    const subnet = readSubnet(name);
    const type = family === 4 ? "ipv4" : "ipv6";
    if (subnet?.type !== type) return false;
    const block = new BlockList();
    block.addSubnet(subnet.network, subnet.bits, type);
    return block.check(host, type);
  }
  const [wanted, suffix] = [host, name.replace(/^\*?\./, "")].map((each) =>
    each.toLowerCase().replace(/\.$/, ""),
  );
  return suffix !== "" && (wanted === suffix || wanted?.endsWith(`.${suffix ?? ""}`) === true);
}
