/** What the emulator refuses, with the texts that clients of the real servers have learned to expect. */
import { messageOf } from "../../base/errors.ts";

/** The statuses that a server may end a call with. */
export const GRPC_STATUS_NAMES = [
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type GrpcStatusName = (typeof GRPC_STATUS_NAMES)[number];

/** Ends a call with a gRPC status. */
export class Rejection extends Error {
  override readonly name = "Rejection";
  readonly code: GrpcStatusName;

  constructor(message: string, code: GrpcStatusName = "INVALID_ARGUMENT") {
    super(message);
    this.code = code;
  }
}

/** Anything thrown while serving a call: a bug of the emulator ends that call, not the server. */
export function asRejection(thrown: unknown): Rejection {
  return thrown instanceof Rejection
    ? thrown
    : new Rejection(`emulator bug: ${messageOf(thrown)}`, "INTERNAL");
}

/** No model for this language, rate and kind of call. The real servers name the primary language alone. */
export function unavailableModel(
  language: string,
  sampleRateHz: number,
  type: "online" | "offline",
): Rejection {
  const [primary = ""] = language.split("-");
  return new Rejection(
    "Error: Unavailable model requested given these parameters: " +
      `language_code=${primary}; sample_rate=${sampleRateHz}; type=${type}; `,
  );
}

/** Audio came after so long a pause that the server had given the stream's place away. */
export function idleTooLong(sequence: number, model: string): Rejection {
  return new Rejection(
    `inference request for sequence ${sequence} to model '${model}' must specify the START flag on the first request of the sequence`,
  );
}

/** What real servers say with a status, as reported; for the others, that it was ordered. */
const SEEN_TEXTS: Partial<Record<GrpcStatusName, string>> = {
  UNKNOWN: "TRTIS response timeout",
  INTERNAL: "Internal error while making inference request",
  UNAVAILABLE: "Socket closed",
};

/** The text of an ordered failure. */
export function injectedText(status: GrpcStatusName): string {
  return SEEN_TEXTS[status] ?? `injected fault: ${status}`;
}
