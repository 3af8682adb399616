/** A session as spans of a trace, made of its timeline after it has ended: the timed path knows nothing of them. Pure. */
import { requestIdOf, traceContext } from "../../base/trace-context.ts";
import { createHash } from "node:crypto";
import { toThousandths } from "../../base/thousandths.ts";
import { valuesByName } from "../catalogue/values-by-name.ts";
import { chunkTimes, failureOf, type Observation } from "../observation/observation.ts";

type Attributes = Record<string, string | number | boolean>;

/** Times are milliseconds since 1970. */
export interface SessionSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  events: readonly { name: string; atMs: number; attributes: Attributes }[];
  /** Why it failed. */
  error?: string;
}

/** A chunk that left so much after it was to be sent [P_k] is an event. */
const LATE_MS = 20;

/**
 * The span of the session and, below it, one for each part of it that came about: connect, wait (for the microphone's
 * phase), stream (audio on its way) and flush (from half-close to the end).
 */
export function sessionSpans(
  session: Observation,
  run: { id: string; startedAtEpochMs: number },
): SessionSpan[] {
  const { seq, phase } = session;
  const failure = failureOf(session);
  const { traceId, spanId } = traceContext(requestIdOf(run.id, phase, seq), 1);
  const epoch = (ms: number): number => run.startedAtEpochMs + ms;
  const ends = [session.endedMs, session.finishedMs, session.anchorMs, session.readyMs, session.startedMs];
  const endMs = ends.find((ms) => ms !== undefined) ?? session.scheduledMs;
  const error =
    failure === undefined ? {} : { error: `${failure.class} in ${failure.phase}: ${failure.message}` };
  const root: SessionSpan = {
    traceId,
    spanId,
    name: "session",
    startMs: epoch(session.scheduledMs),
    endMs: epoch(endMs),
    attributes: attributesOf(session, run.id),
    events: [],
    ...error,
  };
  const parts: readonly (readonly [name: string, fromMs: number | undefined, toMs: number | undefined])[] = [
    ["connect", session.startedMs, session.readyMs],
    ["wait", session.readyMs, session.anchorMs],
    ["stream", session.anchorMs, session.finishedMs],
    ["flush", session.finishedMs, session.endedMs],
  ];
  const children = parts.flatMap(([name, fromMs, toMs]): SessionSpan[] => {
    if (fromMs === undefined) return [];
    const untilMs = toMs ?? endMs;
    // The last part that began is the one that failed.
    const failedHere = toMs === undefined || (name === "flush" && failure !== undefined);
    return [
      {
        traceId,
        spanId: createHash("sha256").update(`${spanId}/${name}`).digest("hex").slice(0, 16),
        parentSpanId: spanId,
        name,
        startMs: epoch(fromMs),
        endMs: epoch(untilMs),
        attributes: {},
        events: eventsBetween(session, fromMs, name === "flush" ? Infinity : untilMs, name, epoch),
        ...(failedHere ? error : {}),
      },
    ];
  });
  return [root, ...children];
}

/** Values with one number a session; what was recognised stays in the records. */
function attributesOf(session: Observation, runId: string): Attributes {
  const { seq, slot, phase, stage, clip, chunks, chunkMs, responses } = session;
  const failure = failureOf(session);
  const attributes: Attributes = {
    "bench.run": runId,
    "bench.session": seq,
    "bench.caller": slot,
    "bench.phase": phase,
    "bench.stage": stage,
    "bench.clip": clip.id,
    "bench.audio_ms": toThousandths(clip.audioMs),
    "bench.chunks": chunks,
    "bench.chunk_ms": chunkMs,
    "bench.responses": responses.length,
  };
  if (failure !== undefined) {
    attributes["error.type"] = failure.class;
    attributes["bench.failure.phase"] = failure.phase;
    attributes["bench.failure.origin"] = failure.origin;
    attributes["bench.failure.code"] = failure.code;
  }
  for (const [name, value] of Object.entries(valuesByName(session))) {
    if (typeof value === "number") attributes[`bench.${name}`] = value;
  }
  return attributes;
}

/** Responses in one part of the session, and while audio is on its way the chunks that left late. */
function eventsBetween(
  session: Observation,
  fromMs: number,
  untilMs: number,
  part: string,
  epoch: (ms: number) => number,
): SessionSpan["events"] {
  const responses = session.responses
    .filter(({ atMs }) => atMs >= fromMs && atMs < untilMs)
    .map(({ atMs, final, text }) => ({
      name: final ? "final" : "partial",
      atMs: epoch(atMs),
      attributes: { characters: text.trim().length },
    }));
  if (part !== "stream") return responses;
  const { plannedMs } = chunkTimes(session);
  const late = plannedMs.flatMap((wantedMs, chunk) => {
    const atMs = session.sentMs[chunk];
    if (atMs === undefined || atMs - wantedMs <= LATE_MS) return [];
    const lateMs = toThousandths(atMs - wantedMs);
    return [{ name: "late chunk", atMs: epoch(atMs), attributes: { chunk, late_ms: lateMs } }];
  });
  return [...responses, ...late].sort((a, b) => a.atMs - b.atMs);
}
