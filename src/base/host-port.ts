/** Hosts as people write them and as sockets want them. */
import { isIP } from "node:net";

/** host:port, an IPv6 address in brackets. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An IPv6 address without the brackets that stand around it in URLs. */
export function bareHost(host: string): string {
  return /^\[.*\]$/.test(host) ? host.slice(1, -1) : host;
}

/** A network: all addresses that share the first `bits` of `network`. */
export interface Subnet {
  network: string;
  bits: number;
  type: "ipv4" | "ipv6";
}

/**
 * Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined for anything else. The prefix is digits alone: with -0, which is an
 * integer from 0, Node's BlockList ends the process.
 */
export function readSubnet(text: string): Subnet | undefined {
  const [, network = "", prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(network);
  const most = family === 4 ? 32 : 128;
  const bits = prefix === undefined ? most : Number(prefix);
  if (family === 0 || bits > most) return undefined;
  return { network, bits, type: family === 4 ? "ipv4" : "ipv6" };
}
