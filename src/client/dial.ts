/** Opens the sockets of all transports but grpc-js: direct or through a proxy, to a name or to one of its addresses. */
import { request } from "node:http";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { hostAndPort } from "./endpoint.ts";
import type { ProxyServer } from "./endpoint.ts";

export interface Dial {
  /** host:port, the name that certificates are held against. */
  address: string;
  /** The IP address to connect to; absent = whichever the system finds for the name. */
  ip?: string | undefined;
  /** The proxy connects to the name instead; `ip` is not used. */
  proxy?: ProxyServer | undefined;
  /** Of `tlsOptions`; absent = plain text. */
  tls?: ConnectionOptions | undefined;
}

/** Called once: with an error, or with a socket, which may still be connecting. As Node's `createConnection` wants it. */
export type OnSocket = (error: Error | null, socket: Socket) => void;

/**
 * Opens a socket. A direct one is handed over before this returns, still connecting; one through a proxy when its tunnel
 * stands, TLS still to come.
 *
 * @returns gives up what is not handed over yet
 */
export function dial({ address, ip, proxy, tls }: Dial, onSocket: OnSocket): () => void {
  const at = hostAndPort(address) ?? { host: address, port: 0 };
  if (proxy === undefined) {
    const to = { host: ip ?? at.host, port: at.port };
    onSocket(null, tls === undefined ? connect(to) : connectTls({ ...to, ...tls }));
    return () => undefined;
  }
  return openTunnel(proxy, address, (error, socket) => {
    if (error !== null || tls === undefined) onSocket(error, socket);
    else onSocket(null, connectTls({ host: at.host, ...tls, socket }));
  });
}

/**
 * `createConnection` for requests of node:http(s) and ws; nothing where Node's own way does: direct, to whichever address it
 * finds.
 */
export function dialOptions(to: Dial): {
  createConnection?: (options: unknown, onSocket: OnSocket) => undefined;
} {
  if (to.proxy === undefined && to.ip === undefined) return {};
  return { createConnection: (_options, onSocket) => void dial(to, onSocket) };
}

/** The proxy did not open a tunnel; the text is one that `noConnectionFailure` knows. */
function proxyError(proxy: ProxyServer, why: string): Error {
  return new Error(`the proxy ${proxy.url} (${proxy.source}) ${why}`);
}

function openTunnel(proxy: ProxyServer, address: string, onSocket: OnSocket): () => void {
  const asked = request({
    ...{ host: proxy.host, port: proxy.port, method: "CONNECT", path: address, agent: false },
    headers: {
      host: address,
      ...(proxy.credentials !== undefined && {
        "proxy-authorization": `Basic ${Buffer.from(proxy.credentials).toString("base64")}`,
      }),
    },
  });
  let over = false;
  const end = (error: Error | null, socket?: Socket): void => {
    if (over) socket?.destroy();
    else {
      over = true;
      onSocket(error, socket as Socket);
    }
  };
  asked.once("connect", ({ statusCode = 0 }, socket: Socket, head: Buffer) => {
    if (statusCode < 200 || statusCode > 299) {
      socket.destroy();
      end(proxyError(proxy, `answered ${statusCode} to CONNECT ${address}`));
      return;
    }
    if (head.length > 0) socket.unshift(head);
    end(null, socket);
  });
  asked.once("response", ({ statusCode = 0 }) => {
    asked.destroy();
    end(proxyError(proxy, `answered ${statusCode} to CONNECT ${address}`));
  });
  asked.on("error", (error) => end(proxyError(proxy, `can't be reached: ${firstOf(error)}`)));
  asked.end();
  return () => {
    over = true;
    asked.destroy();
  };
}

/** Node tries all addresses of a name, and then its own error has no text. */
function firstOf(error: Error): string {
  const [first] = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return first instanceof Error ? first.message : error.message;
}
