/** Whether a server behind HTTP and WebSockets is there: sessions open their own connections, so it is asked once. */
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { unreachable } from "./advice.ts";
import { connectTimeout, noConnectionFailure, socketErrorText } from "./failures.ts";
import { httpRequest } from "./http-request.ts";
import type { WarmUpResult } from "./transport.ts";

export interface WebServer {
  /** host:port, for people. */
  address: string;
  /** Any HTTP answer from here says that the server is there. */
  healthUrl: string;
  headers: Readonly<Record<string, string>>;
  tls: ConnectionOptions | undefined;
}

/** @throws BenchError (exit 7) that says why the server can't be reached */
export async function warmUpWeb(
  { address, healthUrl, headers, tls }: WebServer,
  clock: Clock,
  timeoutMs: number,
): Promise<WarmUpResult> {
  const startMs = clock.nowMs();
  const limit = new AbortController();
  const stopLimit = clock.wakeAt(startMs + timeoutMs, () => limit.abort());
  try {
    await httpRequest({ method: "GET", url: healthUrl, headers, tls, signal: limit.signal });
    return { connections: 0, tookMs: clock.nowMs() - startMs };
  } catch (error) {
    const failure = limit.signal.aborted
      ? connectTimeout(timeoutMs)
      : noConnectionFailure(socketErrorText(error));
    throw unreachable(address, failure);
  } finally {
    stopLimit();
  }
}
