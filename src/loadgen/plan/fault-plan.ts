/**
 * What goes wrong in one session, decided before it begins. Pure: the same condition, random numbers and audio give the
 * same plan. All times count from the opening of the microphone [A0], on the clock of the run.
 *
 * Faults of the microphone (drift, mute) move the instants at which audio is recorded, and with them when it is due.
 * Faults on the way from there to the socket (jitter, stall) leave these alone: the speaker has spoken, and waits.
 */
import type { Random } from "../../base/random.ts";
import { dueAfterMs } from "../../metrics/observation/due-time.ts";
import type { InjectedFaults } from "../../metrics/observation/observation.ts";
import type { Condition, Instant, Recurring } from "../../scenario/conditions.ts";
import { exponential } from "../../scenario/load/level.ts";

export interface FaultPlan extends InjectedFaults {
  /** The stream is cancelled. */
  readonly hangUpMs?: number;
  /** From here on nothing is sent or read; the stream is cancelled `forMs` later. */
  readonly vanish?: { readonly atMs: number; readonly forMs: number };
  /** Stretches in which no response is read, in order, apart, all within the audio. */
  readonly deaf?: readonly { readonly fromMs: number; readonly toMs: number }[];
}

/** The audio of a session. */
export interface PlannedAudio {
  chunks: number;
  chunkMs: number;
  audioMs: number;
  /** Of this session, drift included. */
  pace: number;
}

/** Who hangs up, vanishes or mutes does it in mid-call: not after this share of the audio. */
const MID_CALL = 0.9;

export function faultPlan(condition: Condition, random: Random, audio: PlannedAudio): FaultPlan {
  const { jitter, stall, loss, mute, hangUp, halfOpen, slowReader } = condition;
  const muteMs = drawInstant(mute?.after, random);
  const leaveMs = drawInstant((hangUp ?? halfOpen)?.after, random);
  const spokenMs = audio.audioMs / audio.pace;
  const muted =
    mute === undefined
      ? undefined
      : { chunk: chunkAfter(Math.min(muteMs, spokenMs * MID_CALL), audio), ms: mute.forMs };
  const endMs = spokenMs + (muted?.ms ?? 0);
  return {
    condition: condition.name,
    ...(jitter === undefined && stall === undefined
      ? {}
      : { delayMs: delays(condition, random, dueOffsets(audio, muted)) }),
    ...(muted === undefined ? {} : { mute: muted }),
    ...(loss === undefined ? {} : { lost: lostChunks(loss, random, audio) }),
    ...(hangUp === undefined ? {} : { hangUpMs: Math.min(leaveMs, endMs * MID_CALL) }),
    ...(halfOpen === undefined
      ? {}
      : { vanish: { atMs: Math.min(leaveMs, endMs * MID_CALL), forMs: halfOpen.forMs } }),
    ...(slowReader === undefined ? {} : { deaf: stretches(slowReader, random, endMs) }),
  };
}

/** Draws also when nothing is wanted, so that one fault does not move another. */
function drawInstant({ fromMs, toMs }: Instant = { fromMs: 0, toMs: 0 }, random: Random): number {
  return fromMs + random() * (toMs - fromMs);
}

/** The first chunk that is complete after `atMs`. */
function chunkAfter(atMs: number, { chunks, chunkMs, pace }: PlannedAudio): number {
  return Math.min(chunks - 1, Math.floor((atMs * pace) / chunkMs));
}

/** When each chunk is due: S_k - A0. */
function dueOffsets(audio: PlannedAudio, mute: FaultPlan["mute"]): Float64Array {
  return Float64Array.from({ length: audio.chunks }, (_, k) => dueAfterMs(audio, k, mute));
}

/** Delay of each chunk in whole microseconds, as the records hold it. A chunk never overtakes the one before it. */
function delays({ jitter, stall }: Condition, random: Random, dueMs: Float64Array): Float64Array {
  const stalls = stall === undefined ? [] : stretches(stall, random, dueMs.at(-1) ?? 0, "past the end");
  let next = 0;
  let earliestMs = 0;
  return dueMs.map((due) => {
    const jitterMs = jitter === undefined ? 0 : Math.min(jitter.maxMs, jitter.meanMs * exponential(random));
    let leavesMs = Math.max(due + jitterMs, earliestMs);
    while ((stalls[next]?.toMs ?? Infinity) <= leavesMs) next++;
    const held = stalls[next];
    if (held !== undefined && held.fromMs <= leavesMs) leavesMs = held.toMs;
    earliestMs = leavesMs;
    return Math.round((leavesMs - due) * 1000) / 1000;
  });
}

/** Chunks in gaps of about `forMs`, one chunk at least. */
function lostChunks(loss: Recurring, random: Random, audio: PlannedAudio): number[] {
  const { chunks, chunkMs, audioMs, pace } = audio;
  const periodMs = chunkMs / pace;
  const length = Math.max(1, Math.round(loss.forMs / periodMs));
  const lost: number[] = [];
  for (const { fromMs } of stretches(loss, random, audioMs / pace)) {
    const first = Math.max((lost.at(-1) ?? -1) + 1, Math.floor(fromMs / periodMs));
    for (let k = first; k < Math.min(chunks, first + length); k++) lost.push(k);
  }
  return lost;
}

/** A Poisson process of stretches up to `untilMs`; the last one is cut there unless it may go past it. */
function stretches(
  { everyMs, forMs }: Recurring,
  random: Random,
  untilMs: number,
  end: "cut" | "past the end" = "cut",
): { fromMs: number; toMs: number }[] {
  const found: { fromMs: number; toMs: number }[] = [];
  for (let fromMs = everyMs * exponential(random); fromMs < untilMs;) {
    const toMs = fromMs + forMs;
    found.push({ fromMs, toMs: end === "cut" ? Math.min(toMs, untilMs) : toMs });
    fromMs = toMs + everyMs * exponential(random);
  }
  return found;
}
