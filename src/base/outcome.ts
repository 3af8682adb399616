/**
 * How a session ended: one vocabulary for every transport. A failure has exactly one first cause, named by where in the
 * session it came (phase), what it was (class) and whose fault it was (origin). All three are closed lists, so they are
 * safe as metric labels; `code` is the transport's own name for it (a gRPC status, a Node error code), `message` is free
 * text for people.
 */

/** Where in the session the failure came. */
export type FailurePhase =
  | "resolve"
  | "connect"
  | "tls"
  | "auth"
  /** Connected; the configuration was sent and no audio yet. */
  | "configure"
  /** Audio was sent and no response had come. */
  | "first-chunk"
  | "streaming"
  /** After half-close, before the last final. */
  | "flush"
  /** After the last final. */
  | "close";

/** What it was; `docs/failures.md` has a section on each. */
export const FAILURE_CLASSES = [
  "refused",
  "timeout",
  "certificate",
  "unauthenticated",
  "permission",
  "bad-config",
  "not-found",
  "resource-exhausted",
  "unavailable",
  "internal",
  "cancelled",
  /** This stream alone was reset. */
  "reset",
  /** The connection below the stream was lost, with every stream on it. */
  "connection-lost",
  "protocol-violation",
  /** Riva's answer to a sequence that was idle too long or lost. */
  "start-flag",
  "no-partial",
  "no-final",
  "empty-transcript",
  "truncated-transcript",
  /** The final came later than the hard limit, or never. */
  "deadline",
  /** More than 5 % of the session's chunks left too late: the generator's fault, never the server's. */
  "generator-late",
  /** The worker process that ran the session was lost: how the session ended is not known. */
  "worker-lost",
  /** The caller hung up in mid-call, as the scenario asked. */
  "hang-up",
  /** The caller vanished and left the stream open, as the scenario asked. */
  "half-open",
  "other",
] as const;

export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** Whose fault it was. `caller`: the scenario's caller ended the session on purpose, which says nothing of anyone. */
export type FailureOrigin = "server" | "network" | "client-config" | "generator" | "caller" | "unknown";

export interface Failure {
  phase: FailurePhase;
  class: FailureClass;
  origin: FailureOrigin;
  /** The transport's own name: a gRPC status name, a Node error code, a WebSocket close code. */
  code: string;
  message: string;
  /** Of a failure of content. */
  example?: FailureExample;
}

/** What was said and what was answered, each cut to `EXAMPLE_LENGTH` characters. */
export interface FailureExample {
  reference: string;
  answer: string;
}

/** Long enough to see what went wrong, short enough for a message. */
export const EXAMPLE_LENGTH = 160;

/** What was said and what was answered, cut to an example's length. @param most characters of each */
export function exampleOf(reference: string, answer: string, most: number = EXAMPLE_LENGTH): FailureExample {
  return { reference: beginningOf(reference, most), answer: beginningOf(answer, most) };
}

function beginningOf(text: string, most: number): string {
  const characters = Array.from(text.slice(0, 2 * most + 2));
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("")}…`;
}

export type Outcome = { ok: true } | { ok: false; failure: Failure };
