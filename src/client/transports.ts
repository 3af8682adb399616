/** Which transports there are and what each can carry. To add one: a file, and a line in the table below. */
import { BenchError, nearestName } from "../base/errors.ts";
import type { AsrTransport, AudioEncoding, RecognitionSettings, TransportOptions } from "./transport.ts";

/**
 * What a target speaks: Riva's gRPC, a NIM's realtime dialect over a WebSocket, or the binary one of this project's
 * gateway.
 */
export type TargetKind = "riva-grpc" | "nim-realtime" | "gateway";

type CreateTransport = (options: TransportOptions) => AsrTransport;

interface TransportEntry {
  kind: TargetKind;
  /** The only coding of audio that its dialect has a name for; absent = any. */
  only?: AudioEncoding;
  /** Settings that it can't send: a chunk of the gateway's is samples and nothing else. */
  lacks?: readonly (keyof RecognitionSettings)[];
  /** Loads it with all that it needs; the names alone cost nothing. */
  load: () => Promise<CreateTransport>;
}

/** The first of a kind is what is taken unless a scenario says otherwise. */
const TABLE = {
  "riva-grpc": { kind: "riva-grpc", load: async () => (await import("./grpc/riva-grpc.ts")).createRivaGrpc },
  "riva-h2": { kind: "riva-grpc", load: async () => (await import("./grpc/riva-h2.ts")).createRivaH2 },
  "nim-realtime": {
    kind: "nim-realtime",
    only: "LINEAR_PCM",
    load: async () => (await import("./websocket/nim-realtime.ts")).createNimRealtime,
  },
  gateway: {
    kind: "gateway",
    only: "LINEAR_PCM",
    lacks: ["runtimeConfig"],
    load: async () => (await import("./websocket/gateway-ws.ts")).createGatewayWs,
  },
} as const satisfies Readonly<Record<string, TransportEntry>>;

export type TransportName = keyof typeof TABLE;

/** `auto` = by the kind of target, and where that leaves a choice, by the load. */
export type TransportChoice = "auto" | TransportName;

const TRANSPORTS: Readonly<Record<TransportName, TransportEntry>> = TABLE;

/** All there are. */
export const transportNames: readonly TransportName[] = Object.keys(TRANSPORTS) as TransportName[];

/**
 * Loads a transport and returns what makes one.
 * @throws BenchError (exit 2) when there is none of that name
 */
export async function loadTransport(name: string): Promise<CreateTransport> {
  const known = transportNames.find((one) => one === name);
  if (known !== undefined) return TRANSPORTS[known].load();
  const nearest = nearestName(name, transportNames);
  throw BenchError.usage(
    `There is no transport "${name}"`,
    `${nearest === undefined ? "" : `Did you mean ${nearest}? `}Transports: ${transportNames.join(", ")}.`,
  );
}

/**
 * A transport that is ready to be warmed up; close it in the end.
 * @throws BenchError (exit 2) when there is none of that name, or its options can't be used
 */
export async function openTransport(name: string, options: TransportOptions): Promise<AsrTransport> {
  const create = await loadTransport(name);
  return create(options);
}

/** Those that speak to a target of this kind. */
export function transportsFor(kind: TargetKind): readonly TransportName[] {
  return transportNames.filter((name) => TRANSPORTS[name].kind === kind);
}

/**
 * The transport to a target of this kind: the one wanted, else the first there is.
 *
 * @throws BenchError (exit 2) when the wanted one speaks another dialect, or none speaks this one
 */
export function transportFor(kind: TargetKind, wanted?: TransportName): TransportName {
  const names = transportsFor(kind);
  const chosen = wanted ?? names[0];
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw BenchError.usage(
    chosen === undefined
      ? `No transport speaks to a target of kind ${kind} yet`
      : `The transport ${chosen} does not speak to a target of kind ${kind}`,
    names.length === 0 ? "Take a target with grpc:// or grpcs://." : `Take ${names.join(" or ")}.`,
  );
}

/** @throws BenchError (exit 2) when the transport can't carry audio of this coding, or would leave a setting out in silence */
export function checkCarries(
  name: TransportName,
  encoding: AudioEncoding,
  recognition: Partial<RecognitionSettings>,
): void {
  const { kind, only = encoding, lacks = [] } = TRANSPORTS[name];
  if (encoding !== only) {
    throw BenchError.usage(
      `audio.encoding: ${encoding} can't be sent to a target of kind ${kind}, which takes ${only} only`,
      `Write encoding: ${only}, or take the recogniser itself (grpc://).`,
    );
  }
  const lost = lacks.find((key) => recognition[key] !== undefined);
  if (lost !== undefined) {
    throw BenchError.usage(
      `recognition.${lost}: it can't be sent to a target of kind ${kind}`,
      "Leave it out, or take the recogniser itself (grpc://).",
    );
  }
}
