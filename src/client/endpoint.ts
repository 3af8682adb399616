/** How to reach one server, whatever dialect it speaks. */

/** An HTTP proxy that is asked by CONNECT for a tunnel. */
export interface ProxyServer {
  /** A name, or an IP address without brackets. */
  host: string;
  port: number;
  /** user:password; secret. */
  credentials?: string;
  /** Fit for printing: without credentials. */
  url: string;
  /** The variable that names it. */
  source: string;
}

/** PEM texts; what is absent has Node's default. */
export interface TlsMaterial {
  /** Who may have signed the server's certificate; default: the well-known authorities. */
  rootCa?: Buffer;
  /** Our own certificate and key, for mutual TLS: both or neither. */
  clientCert?: Buffer;
  clientKey?: Buffer;
  /** Name to expect in the certificate, when it is not that of the address. */
  serverName?: string;
}

/** What connections pass and where they end. */
export interface Route {
  /** Absent = direct. The proxy looks the name up, so there are no `addresses` then. */
  proxy?: ProxyServer;
  /** IP addresses of the name, without brackets, for sessions to be spread over; absent = whichever the system finds. */
  addresses?: readonly string[];
}

export interface Endpoint {
  /** host:port */
  address: string;
  /** Of the URI, with a query where it has one; gRPC has none, a WebSocket's begins with a slash. */
  path?: string;
  /** Absent = plain text. */
  tls?: TlsMaterial;
  /** Absent = direct, to whichever address the system finds. */
  route?: Route;
  /** Sent with every call, or with the upgrade to a WebSocket: API keys, function ids. */
  metadata?: Readonly<Record<string, string>>;
}

/** Host, in brackets if it is an IPv6 address, and port. */
const ADDRESS = /^(?:\[([\da-f:.]+)\]|([^\s:/@?#[\]]+)):(\d{1,5})$/i;

/** The parts of host:port, the host as sockets want it; undefined when it is none. */
export function hostAndPort(address: string): { host: string; port: number } | undefined {
  const [, ipv6, name, digits] = ADDRESS.exec(address) ?? [];
  const host = ipv6 ?? name;
  return host === undefined ? undefined : { host, port: Number(digits) };
}

/** For people: host:port, with the address meant where the name has several. */
export function withIp(address: string, ip: string | undefined): string {
  return ip === undefined ? address : `${address} (${ip})`;
}
