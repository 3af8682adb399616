/** One HTTP request on a connection of its own, with the TLS settings of a target. None is in the timed path. */
import { request as requestPlain } from "node:http";
import type { IncomingHttpHeaders } from "node:http";
import { request as requestTls } from "node:https";
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import { dialOptions } from "../dial.ts";
import { noConnectionFailure, socketErrorText } from "../grpc/failures.ts";
import type { ProxyServer } from "../endpoint.ts";
import type { UnaryResult } from "../grpc/riva-unary.ts";

export interface HttpRequest {
  method: "GET" | "POST";
  /** http:// or https:// */
  url: string;
  headers?: Readonly<Record<string, string>>;
  body?: Uint8Array;
  tls?: ConnectionOptions | undefined;
  /** The proxy to ask for a tunnel. */
  proxy?: ProxyServer | undefined;
  /** The address of the URL's host to connect to; absent = whichever the system finds. */
  ip?: string | undefined;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

/** More than any answer of ours is; a server that talks without end is cut off. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** @throws Error of Node when no whole answer comes */
export function httpRequest(asked: HttpRequest): Promise<HttpAnswer> {
  const { method, url, headers, body, tls, proxy, ip, signal } = asked;
  const overTls = url.startsWith("https:") ? (tls ?? {}) : undefined;
  // An agent, even one of its own, would open the connection itself.
  const dialed = dialOptions({ address: hostPortOf(url), ip, proxy, tls: overTls });
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { ...headers, ...(body !== undefined && { "content-length": body.length }) },
      signal,
      ...tls,
      ...(dialed.createConnection === undefined ? { agent: false } : dialed),
    };
    const send = url.startsWith("https:") ? requestTls : requestPlain;
    const request = send(url, options, (response) => {
      const parts: Buffer[] = [];
      let bytes = 0;
      response.on("data", (part: Buffer) => {
        bytes += part.length;
        if (bytes > MAX_BODY_BYTES)
          response.destroy(new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`));
        parts.push(part);
      });
      response.on("error", reject);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(parts).toString("utf8"),
        });
      });
    });
    request.on("error", reject);
    request.end(body);
  });
}

/** The same with a limit in milliseconds, and with what goes wrong as data: any answer at all is an answer. */
export async function askHttp(
  request: Omit<HttpRequest, "signal">,
  clock: Clock,
  timeoutMs: number,
): Promise<UnaryResult<HttpAnswer>> {
  const limit = new AbortController();
  const stopLimit = clock.wakeAt(clock.nowMs() + timeoutMs, () => limit.abort());
  try {
    return { ok: true, value: await httpRequest({ ...request, signal: limit.signal }) };
  } catch (error) {
    const failure = limit.signal.aborted ? noAnswer(timeoutMs) : noConnectionFailure(socketErrorText(error));
    return { ok: false, failure };
  } finally {
    stopLimit();
  }
}

function noAnswer(limitMs: number): Failure {
  const message = `no answer within ${limitMs} ms`;
  return { phase: "connect", class: "timeout", origin: "server", code: "HTTP_TIMEOUT", message };
}

/** host:port of a URL, the port written out. */
function hostPortOf(url: string): string {
  const { hostname, port, protocol } = new URL(url);
  return `${hostname}:${port === "" ? (protocol === "https:" ? 443 : 80) : port}`;
}
