/** Steps of `bench check` up to a connection: name, port, TLS, HTTP/2 or a WebSocket's HTTP. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { adviceFor } from "../../client/advice.ts";
import { dial } from "../../client/dial.ts";
import { hostAndPort, withIp } from "../../client/endpoint.ts";
import { noConnectionFailure, socketErrorText } from "../../client/grpc/failures.ts";
import { streamLimit } from "../../client/stream-limit.ts";
import { tlsOptions } from "../../client/tls-options.ts";
import { openTransport, transportFor } from "../../client/transports.ts";
import type { CheckContext, Finding, RouteFinding } from "./check-finding.ts";
import { STEP_LIMIT_MS, failed, given, reachedBy, speaksGrpc } from "./check-finding.ts";
import { findRoute, probe, routeSeams } from "../../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";

/** How the proxy variables of the environment bear on the target. */
export function tellProxy({ target }: CheckContext): Finding {
  const { route, direct, address } = target;
  const proxy = route?.proxy;
  if (proxy === undefined) return { ok: true, detail: `not used: ${direct ?? "none is set"}` };
  const detail = `${proxy.url} (${proxy.source}); it looks up and connects to ${address}`;
  return { ok: true, detail, data: { url: proxy.url, source: proxy.source } };
}

export async function resolveName({ target, clock, resolve }: CheckContext): Promise<RouteFinding> {
  try {
    const { route, listed, leftOut } = await findRoute(target, resolve, routeSeams(clock));
    const used = route.addresses ?? listed;
    const spread = used.length > 1 ? ` (sessions go to each of the ${used.length} in turn)` : "";
    const without = leftOut.map(({ address, why }) => `; ${address} gets no sessions: ${why}`).join("");
    const detail = `${used.join(", ")}${spread}${without}`;
    return { ok: true, detail, data: { addresses: listed, used, leftOut }, route };
  } catch (error) {
    return findingOf(error);
  }
}

export async function openSocket({ target, clock }: CheckContext): Promise<Finding> {
  const { address, route = {} } = target;
  const usual = target.kind === "riva-grpc" ? "Riva's is 50051" : "a NIM's and the gateway's is 9000";
  for (const ip of addressesOf(target)) {
    const problem = await probe({ address, ip, proxy: route.proxy }, clock, STEP_LIMIT_MS);
    if (problem === undefined) continue;
    const advice =
      route.proxy === undefined
        ? `Nothing listens there, or a firewall is in between: check host and port (${usual}).`
        : adviceFor(noConnectionFailure(problem), reachedBy(target));
    return { ok: false, detail: `${withIp(address, ip)}: ${problem}`, ...(advice && { advice }) };
  }
  const by = route.proxy === undefined ? "" : " through the proxy";
  return { ok: true, detail: `port ${hostAndPort(address)?.port} is open${by}` };
}

export async function shakeHands({ target, clock }: CheckContext): Promise<Finding> {
  let finding: Finding = { ok: true, detail: "" };
  for (const ip of addressesOf(target)) {
    finding = await handshake(target, clock, ip);
    if (!finding.ok) return finding;
  }
  return finding;
}

function handshake(target: ResolvedTarget, clock: Clock, ip: string | undefined): Promise<Finding> {
  const { address, route = {} } = target;
  const tls = {
    ...(speaksGrpc(target) && { ALPNProtocols: ["h2"] }),
    ...tlsOptions(address, hostAndPort(address)?.host ?? address, target.tls ?? {}),
  };
  return new Promise((resolve) => {
    let open: Socket | undefined;
    let giveUpDial = (): void => undefined;
    const end = (finding: Finding): void => {
      stopLimit();
      giveUpDial();
      open?.destroy();
      resolve(finding);
    };
    const fail = (error: Error): void => {
      const failure = noConnectionFailure(socketErrorText(error));
      end(failed(failure, adviceFor(failure, reachedBy(target), given(target))));
    };
    const stopLimit = clock.wakeAt(clock.nowMs() + STEP_LIMIT_MS, () =>
      end({ ok: false, detail: `no answer within ${STEP_LIMIT_MS} ms` }),
    );
    giveUpDial = dial({ address, ip, proxy: route.proxy, tls }, (error, socket) => {
      if (error !== null) {
        fail(error);
        return;
      }
      open = socket;
      socket.once("secureConnect", () => end({ ok: true, detail: certificateText(socket) }));
      socket.on("error", fail);
      // A server may close without a word; then there is no error.
      socket.once("close", () => end({ ok: false, detail: "the connection was closed" }));
    });
  });
}

function certificateText(socket: Socket): string {
  if (!(socket instanceof TLSSocket)) return "TLS";
  const { subject, valid_to: validTo } = socket.getPeerCertificate();
  return `${socket.getProtocol() ?? "TLS"}, certificate of ${[subject.CN].flat().join(", ")}, valid until ${validTo}`;
}

export async function connectTransport({ target, clock }: CheckContext): Promise<Finding> {
  const transport = await openTransport(transportFor(target.kind), { ...target, clock });
  try {
    await transport.warmUp(1, STEP_LIMIT_MS);
    if (!speaksGrpc(target)) return { ok: true, detail: "the server answers HTTP" };
    const maxStreams = await streamLimit(target, clock, STEP_LIMIT_MS);
    const limit = maxStreams === undefined ? "" : `, at most ${maxStreams} streams on each`;
    return { ok: true, detail: `HTTP/2 connection is up${limit}`, data: { maxStreams } };
  } catch (error) {
    return findingOf(error);
  } finally {
    await transport.close();
  }
}

/** The addresses that get sessions; the one entry undefined stands for the name itself. */
function addressesOf({ route }: ResolvedTarget): readonly (string | undefined)[] {
  return route?.addresses ?? [undefined];
}

function findingOf(error: unknown): Finding {
  if (!(error instanceof BenchError)) throw error;
  return { ok: false, detail: error.message, ...(error.hint === undefined ? {} : { advice: error.hint }) };
}
