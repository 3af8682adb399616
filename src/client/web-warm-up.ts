/** Whether a server behind HTTP and WebSockets is there: sessions open their own connections, so it is asked once. */
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../base/clock.ts";
import { unreachable } from "./advice.ts";
import { askHttp } from "./http-request.ts";
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
  const answer = await askHttp({ method: "GET", url: healthUrl, headers, tls }, clock, timeoutMs);
  if (!answer.ok) throw unreachable(address, answer.failure);
  return { connections: 0, tookMs: clock.nowMs() - startMs };
}
