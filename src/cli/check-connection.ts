/** Steps of `bench check` up to a connection: name, port, TLS, HTTP/2 or a WebSocket's HTTP. */
import { lookup } from "node:dns/promises";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { BenchError, messageOf } from "../base/errors.ts";
import { noConnectionFailure, socketErrorText } from "../client/failures.ts";
import { streamLimit } from "../client/stream-limit.ts";
import { tlsOptions } from "../client/tls-options.ts";
import { createTransport } from "../client/create-transport.ts";
import { transportFor } from "../client/transports.ts";
import type { CheckContext, Finding } from "./check-finding.ts";
import { STEP_LIMIT_MS, failed, speaksGrpc } from "./check-finding.ts";

export async function resolveName({ target }: CheckContext): Promise<Finding> {
  try {
    const found = await lookup(hostOf(target.address), { all: true });
    return { ok: true, detail: found.map(({ address }) => address).join(", ") };
  } catch (error) {
    return { ok: false, detail: messageOf(error), advice: "Check the host name of the target." };
  }
}

export async function openSocket({ target }: CheckContext): Promise<Finding> {
  const port = portOf(target.address);
  const finding = await opened(
    connect({ host: hostOf(target.address), port }),
    "connect",
    () => `port ${port} is open`,
  );
  const usual = target.kind === "riva-grpc" ? "Riva's is 50051" : "a NIM's and the gateway's is 9000";
  const advice = `Nothing listens there, or a firewall is in between: check host and port (${usual}).`;
  return finding.ok ? finding : { ...finding, advice };
}

export async function shakeHands({ target }: CheckContext): Promise<Finding> {
  const host = hostOf(target.address);
  const socket = connectTls({
    host,
    port: portOf(target.address),
    ...(speaksGrpc(target) && { ALPNProtocols: ["h2"] }),
    ...tlsOptions(target.address, host, target.tls ?? {}),
  });
  return opened(socket, "secureConnect", () => {
    const { subject, valid_to: validTo } = socket.getPeerCertificate();
    return `${socket.getProtocol() ?? "TLS"}, certificate of ${[subject.CN].flat().join(", ")}, valid until ${validTo}`;
  });
}

export async function connectTransport({ target, clock }: CheckContext): Promise<Finding> {
  const transport = createTransport(transportFor(target.kind), { ...target, clock });
  try {
    await transport.warmUp(1, STEP_LIMIT_MS);
    if (!speaksGrpc(target)) return { ok: true, detail: "the server answers HTTP" };
    const maxStreams = await streamLimit(target, clock, STEP_LIMIT_MS);
    const limit = maxStreams === undefined ? "" : `, at most ${maxStreams} streams on each`;
    return { ok: true, detail: `HTTP/2 connection is up${limit}`, data: { maxStreams } };
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { ok: false, detail: error.message, ...(error.hint === undefined ? {} : { advice: error.hint }) };
  } finally {
    await transport.close();
  }
}

/** Whether the socket gets as far as `event`, described by `found`. It is gone afterwards. */
function opened(socket: Socket, event: "connect" | "secureConnect", found: () => string): Promise<Finding> {
  return new Promise((resolve) => {
    const end = (ok: boolean, detail: string): void => {
      socket.destroy();
      resolve({ ok, detail });
    };
    socket.setTimeout(STEP_LIMIT_MS, () => end(false, `no answer within ${STEP_LIMIT_MS} ms`));
    socket.once(event, () => end(true, found()));
    socket.once("error", (error) => {
      socket.destroy();
      resolve(failed(noConnectionFailure(socketErrorText(error))));
    });
    // A server may close without a word; then there is no error.
    socket.once("close", () => end(false, "the connection was closed"));
  });
}

export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
