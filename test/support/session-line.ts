/** Sessions, made up: a caller who speaks, hears a partial every 200 ms, and a final. And their lines of `sessions.ndjson`. */
import type { FailureClass, Outcome } from "../../src/base/outcome.ts";
import {
  type InjectedFaults,
  type Observation,
  plannedSendMs,
  type RunPhase,
} from "../../src/metrics/observation/observation.ts";
import { sessionRecord } from "../../src/metrics/result/session-record.ts";

export interface LineOptions {
  seq: number;
  phase?: RunPhase;
  scheduledMs?: number;
  audioMs?: number;
  /** From the speech onset, 400 ms into the audio. */
  firstPartialMs?: number;
  /** From the end of the speech, which is that of the audio. */
  finalMs?: number;
  failed?: FailureClass;
  text?: string;
  faults?: InjectedFaults;
  /** How late each chunk leaves; default: on time but for every 13th, 25 ms late. */
  latenessMs?: (chunk: number) => number;
}

export function spokenSession({
  seq,
  phase = "steady",
  scheduledMs = 0,
  audioMs = 2000,
  firstPartialMs = 300 + (seq % 97),
  finalMs = 200 + (seq % 89),
  failed,
  text = "one two three",
  faults,
  latenessMs = (chunk) => (chunk % 13 === 5 ? 25 : 0.1),
}: LineOptions): Observation {
  const chunks = Math.ceil(audioMs / 100);
  const anchorMs = scheduledMs + 10;
  const mutedMs = faults?.mute?.ms ?? 0;
  const heard = Array.from({ length: Math.floor((audioMs - 400) / 200) }, (_, n) => ({
    atMs: anchorMs + 400 + firstPartialMs + n * 200,
    final: false,
    text: n % 4 === 3 ? "" : `${text} ${n}`,
  }));
  const endMs = anchorMs + audioMs + mutedMs + finalMs;
  const ended = failed === undefined ? [{ atMs: endMs, final: true, text }] : [];
  const session: Observation = {
    seq,
    slot: seq % 50,
    phase,
    stage: "main",
    clip: { id: "clip", audioMs, onsetMs: 400, speechEndMs: audioMs, words: [] },
    chunkMs: 100,
    pace: 1,
    chunks,
    interim: true,
    scheduledMs,
    startedMs: scheduledMs + 1,
    readyMs: scheduledMs + 5,
    anchorMs,
    finishedMs: anchorMs + audioMs + mutedMs,
    endedMs: endMs + 1,
    sentMs: [],
    acceptedMs: [],
    responses: [...heard, ...ended],
    cutShort: false,
    ...(faults === undefined ? {} : { faults }),
    outcome: outcomeOf(failed),
  };
  const sentMs = Array.from({ length: chunks }, (_, k) => plannedSendMs(session, k) + latenessMs(k));
  return { ...session, sentMs, acceptedMs: sentMs.map((atMs) => atMs + 0.05) };
}

function outcomeOf(failed: FailureClass | undefined): Outcome {
  if (failed === undefined) return { ok: true };
  const failure = { phase: "flush", class: failed, origin: "server", code: "CODE", message: "it broke" };
  return { ok: false, failure: failure as Extract<Outcome, { ok: false }>["failure"] };
}

/** The clip of such a session with audio of 2 s, as in `clips.ndjson`. */
export const CLIP_LINE = JSON.stringify(spokenSession({ seq: 0 }).clip);

export function sessionLine(options: LineOptions): string {
  return JSON.stringify(sessionRecord(spokenSession(options)));
}

/** A session with faults: the microphone off for 700 ms before chunk 10, and chunk 3 held for 60 ms on its way. */
export function faultedSession(options: LineOptions): Observation {
  const delayMs = Array.from({ length: 20 }, (_, k) => (k === 3 ? 60 : 0));
  const faults = { condition: "bad-line", mute: { chunk: 10, ms: 700 }, delayMs };
  return spokenSession({ latenessMs: () => 0.1, ...options, faults });
}
