/** Lines of `sessions.ndjson`, made up: a caller who speaks, hears a partial every 200 ms, and a final. */
import type { FailureClass } from "../../src/base/outcome.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";

export interface LineOptions {
  seq: number;
  phase?: SessionRecord["phase"];
  scheduledMs?: number;
  audioMs?: number;
  firstPartialMs?: number;
  finalMs?: number;
  failed?: FailureClass;
  text?: string;
}

/** The clip holds speech from 400 ms on, to the end of the audio. */
export function sessionRecordOf({
  seq,
  phase = "steady",
  scheduledMs = 0,
  audioMs = 2000,
  firstPartialMs = 300 + (seq % 97),
  finalMs = 200 + (seq % 89),
  failed,
  text = "one two three",
}: LineOptions): SessionRecord {
  const chunks = Math.ceil(audioMs / 100);
  const anchorMs = scheduledMs + 10;
  const heard = Array.from({ length: Math.floor((audioMs - 400) / 200) }, (_, n) => ({
    atMs: anchorMs + 400 + firstPartialMs + n * 200,
    final: false,
    text: n % 7 === 0 ? "" : `${text} ${n}`,
  }));
  const endMs = anchorMs + audioMs + finalMs;
  const ended = failed === undefined ? [{ atMs: endMs, final: true, text }] : [];
  return {
    seq,
    slot: seq % 50,
    phase,
    stage: "main",
    clip: "clip",
    audioMs,
    chunkMs: 100,
    pace: 1,
    chunks,
    scheduledMs,
    ok: failed === undefined,
    ...(failed === undefined
      ? {}
      : {
          failure: {
            phase: "flush",
            class: failed,
            origin: "server",
            code: "CODE",
            message: "it broke",
          } as const,
        }),
    responses: [...heard, ...ended],
    values: {
      send_lateness: Array.from({ length: chunks }, (_, k) => (k % 13 === 5 ? 25 : 0.1)),
      back_pressure: Array.from({ length: chunks }, () => 0.05),
      ...(failed === undefined
        ? { first_partial_from_onset: firstPartialMs, final_from_speech_end: finalMs }
        : {}),
    },
    startedMs: scheduledMs + 1,
    readyMs: scheduledMs + 5,
    anchorMs,
    finishedMs: anchorMs + audioMs,
    endedMs: endMs + 1,
  };
}

export function sessionLine(options: LineOptions): string {
  return JSON.stringify(sessionRecordOf(options));
}

/** The same session with faults: the microphone off for 700 ms before chunk 10, and chunk 3 held for 60 ms on its way. */
export function faultedSessionRecord(options: LineOptions): SessionRecord {
  const record = sessionRecordOf(options);
  const held = Array.from({ length: record.chunks }, (_, k) => (k === 3 ? 60 : 0));
  return {
    ...record,
    faults: { condition: "bad-line", mute: { chunk: 10, ms: 700 } },
    values: { ...record.values, send_lateness: held.map(() => 0.1), injected_delay: held },
    finishedMs: (record.finishedMs ?? 0) + 700,
    endedMs: (record.endedMs ?? 0) + 700,
  };
}
