/** Whether a server behind HTTP and WebSockets is there: sessions open their own connections, so it is asked once. */
import type { Clock } from "../../base/clock.ts";
import type { Given } from "../advice.ts";
import { unreachable } from "../advice.ts";
import { withIp } from "../endpoint.ts";
import type { HttpRequest } from "../http/http-request.ts";
import { askHttp } from "../http/http-request.ts";
import type { WarmUpResult } from "../transport.ts";
import { httpFailure } from "../http/web-failures.ts";

export interface WebServer {
  /** host:port, for people. */
  address: string;
  /** Any HTTP answer to it says that the server is there. */
  request: Omit<HttpRequest, "signal">;
  /** Of `request`'s host; all are asked. */
  addresses: readonly (string | undefined)[];
  /** What the target gives for TLS, for advice. */
  given: Given;
  /** It is what every session begins with: an answer that more load will not mend ends the run before it begins. */
  beginsSessions: boolean;
}

/** @throws BenchError (exit 7) that says why the server can't be reached, or is not what it was taken for */
export async function warmUpWeb(
  { address, addresses, request, given, beginsSessions }: WebServer,
  clock: Clock,
  timeoutMs: number,
): Promise<WarmUpResult> {
  const startMs = clock.nowMs();
  const ask = async (ip: string | undefined): Promise<void> => {
    const where = withIp(address, ip);
    const answer = await askHttp({ ...request, ip }, clock, timeoutMs);
    if (!answer.ok) throw unreachable(where, answer.failure, "HTTP", given);
    const { status, body } = answer.value;
    const failure = httpFailure(status, body, "connect");
    const forGood = failure.origin === "client-config" || failure.class === "protocol-violation";
    if (beginsSessions && status !== 200 && forGood) throw unreachable(where, failure, "HTTP", given);
  };
  await Promise.all(addresses.map(ask));
  return { connections: 0, tookMs: clock.nowMs() - startMs };
}
