/**
 * Sessions on a clock of their own against no server at all, before the run. What is done for the first time costs JavaScript
 * twenty times as much: written down for the first time, a session took 7 ms, and answers that came meanwhile looked late.
 */
import { VirtualClock } from "../base/clock.ts";
import type { AsrStream, AsrTransport, StreamListener } from "../client/transport.ts";
import { sessionFailure } from "../metrics/classify.ts";
import type { Observation } from "../metrics/observation.ts";
import type { ReadyClip } from "./audio-plan.ts";
import { createScheduler } from "./scheduler.ts";
import { createSessions } from "./sessions.ts";
import type { SessionsOptions } from "./sessions.ts";

/** Enough for the compiler to see what is done often: some 20 ms of work. */
const CHUNKS = 2000;
/** As much as is played of a long clip. */
const LONGEST_CHUNKS = 200;
const ANSWERS_AFTER_MS = 10;
const TEXT = "as many words as a short sentence has";

/**
 * Plays the first of `clips` again and again.
 * @param keep told of each session; what it records must not be the run's
 */
export function rehearse(
  clips: readonly ReadyClip[],
  spec: SessionsOptions["spec"],
  keep: (observation: Observation) => void,
): void {
  const [first] = clips;
  if (first === undefined) return;
  const clip = { ...first, chunks: first.chunks.slice(0, LONGEST_CHUNKS) };
  const clock = new VirtualClock();
  const scheduler = createScheduler(clock);
  const sessions = createSessions({
    ...{ clock, scheduler, spec, transport: answering(clock), runId: "rehearsal" },
    judge: sessionFailure,
    onSession: keep,
  });
  const common = { slot: 0, phase: "steady", stage: "main", clip, pace: 1, phaseOffsetMs: 0 } as const;
  for (let seq = 0; seq < CHUNKS / clip.chunks.length; seq++) {
    sessions.begin({ ...common, seq, scheduledMs: clock.nowMs() }, () => undefined);
  }
  clock.advanceTo(clip.chunkMs * (clip.chunks.length + 2) + ANSWERS_AFTER_MS);
  scheduler.stop();
}

/** A transport to a server that answers each chunk and the half-close. */
function answering(clock: VirtualClock): AsrTransport {
  const later = (answer: (atMs: number) => void): void => {
    const atMs = clock.nowMs() + ANSWERS_AFTER_MS;
    clock.wakeAt(atMs, () => answer(atMs));
  };
  return {
    name: "rehearsal",
    encodeChunk: (audio) => audio,
    warmUp: () => Promise.resolve({ connections: 0, tookMs: 0 }),
    open: (_spec, listener) => stream(listener, later),
    close: () => Promise.resolve(),
  };
}

function stream(listener: StreamListener, later: (answer: (atMs: number) => void) => void): AsrStream {
  let sent = 0;
  later((atMs) => listener.onOpen(atMs));
  return {
    send() {
      const index = sent++;
      later((atMs) => {
        listener.onAccepted(index, atMs);
        listener.onResponse({ atMs, final: false, text: TEXT, stability: 0.9, audioProcessedS: 0.1 });
      });
      return true;
    },
    finish: () =>
      later((atMs) => {
        listener.onResponse({ atMs, final: true, text: TEXT, audioProcessedS: 0.1 });
        listener.onEnd(atMs, { ok: true });
      }),
    setReading: () => undefined,
    cancel: () => undefined,
  };
}
