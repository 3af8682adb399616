/** Hand-made session timelines, for tests of what is computed from them. */
import type { Failure, Outcome } from "../../src/base/outcome.ts";
import type {
  ClipFacts,
  Observation,
  ResponseRecord,
  RunPhase,
} from "../../src/metrics/observation/observation.ts";

/** One second of audio with "one two three four", speech from 200 to 800 ms. */
export const NO_REFERENCE: ClipFacts = {
  id: "four-words",
  audioMs: 1000,
  onsetMs: 200,
  speechEndMs: 800,
  words: [
    { word: "one", startMs: 200, endMs: 350 },
    { word: "two", startMs: 350, endMs: 500 },
    { word: "three", startMs: 500, endMs: 650 },
    { word: "four", startMs: 650, endMs: 800 },
  ],
};

/** The same with its transcript. */
export const FOUR_WORDS: ClipFacts = { ...NO_REFERENCE, text: "one two three four" };

/** A response `[atMs, text, audioProcessedMs?]`; a text that ends in "." is a final. */
export type Said = readonly [atMs: number, text: string, audioProcessedMs?: number];

export interface SessionSketch {
  seq?: number;
  phase?: RunPhase;
  stage?: string;
  clip?: ClipFacts;
  chunkMs?: number;
  pace?: number;
  interim?: boolean;
  /** Scheduled and actual start; ready is 10 ms, the anchor 20 ms later. */
  startMs?: number;
  /** Lateness of each chunk; shorter than the clip when the session ended early. Default: all on time. */
  latenessMs?: readonly number[];
  /** How long the transport holds each chunk. */
  heldMs?: number;
  said?: readonly Said[];
  endedMs?: number;
  cutShort?: boolean;
  failure?: Partial<Failure>;
}

/** A session that starts at 0: anchor at 20 ms, ten chunks of 100 ms due at 120, 220 ... 1020 ms. */
export function sketch(spec: SessionSketch = {}): Observation {
  const { clip = FOUR_WORDS, chunkMs = 100, pace = 1, startMs = 0, heldMs = 1 } = spec;
  const chunks = Math.ceil(clip.audioMs / chunkMs);
  const anchorMs = startMs + 20;
  const latenessMs = spec.latenessMs ?? Array.from({ length: chunks }, () => 0);
  const sentMs = Float64Array.from(
    latenessMs,
    (late, k) => anchorMs + Math.min((k + 1) * chunkMs, clip.audioMs) / pace + late,
  );
  return {
    seq: spec.seq ?? 0,
    slot: 0,
    phase: spec.phase ?? "steady",
    stage: spec.stage ?? "main",
    clip,
    chunkMs,
    pace,
    chunks,
    interim: spec.interim ?? true,
    scheduledMs: startMs,
    startedMs: startMs,
    readyMs: startMs + 10,
    anchorMs,
    sentMs,
    acceptedMs: sentMs.map((at) => at + heldMs),
    finishedMs: sentMs.at(-1) ?? anchorMs,
    endedMs: spec.endedMs ?? anchorMs + clip.audioMs / pace + 100,
    responses: (spec.said ?? []).map(response),
    cutShort: spec.cutShort ?? false,
    outcome: outcomeOf(spec.failure),
  };
}

/** A planned session that never started. */
export function dropped(seq: number): Observation {
  const planned = sketch({ seq });
  const { clip, chunkMs, pace, chunks, phase, stage, scheduledMs } = planned;
  return {
    ...{ seq, slot: 0, phase, stage, clip, chunkMs, pace, chunks, interim: true, scheduledMs },
    ...{ sentMs: new Float64Array(0), acceptedMs: new Float64Array(0), responses: [], cutShort: false },
  };
}

function response([atMs, text, audioProcessedMs]: Said): ResponseRecord {
  return {
    atMs,
    text,
    final: text.endsWith("."),
    ...(audioProcessedMs === undefined ? {} : { audioProcessedMs }),
  };
}

function outcomeOf(failure: Partial<Failure> | undefined): Outcome {
  if (failure === undefined) return { ok: true };
  const unsaid: Failure = {
    phase: "streaming",
    class: "unavailable",
    origin: "server",
    code: "UNAVAILABLE",
    message: "",
  };
  return { ok: false, failure: { ...unsaid, ...failure } };
}
