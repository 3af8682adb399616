import { expect, it } from "vitest";
import type { Observation } from "../metrics/observation.ts";
import type { ReadyClip } from "./audio-plan.ts";
import { rehearse } from "./rehearsal.ts";

const SPEC = {
  recognition: { language: "en-US", interim: true },
  encoding: "LINEAR_PCM" as const,
  readyTimeoutMs: 1000,
  flushTimeoutMs: 1000,
};

function clipOf(id: string, chunks: number): ReadyClip {
  const facts = {
    id,
    audioMs: chunks * 100 - 30,
    onsetMs: 0,
    speechEndMs: chunks * 100 - 30,
    words: [],
  };
  return {
    facts,
    sampleRateHz: 16_000,
    chunkMs: 100,
    chunks: Array(chunks).fill(new Uint8Array(1)) as Uint8Array[],
  };
}

it("plays a clip to its end, often enough for some thousands of chunks", () => {
  const kept: Observation[] = [];
  rehearse([clipOf("first", 40), clipOf("other", 90)], SPEC, (observation) => kept.push(observation));
  expect(kept).toHaveLength(2000 / 40);
  for (const { clip, outcome, sentMs, acceptedMs, responses } of kept) {
    expect(clip.id).toBe("first");
    expect(outcome).toEqual({ ok: true });
    expect([sentMs.length, acceptedMs.length, responses.length]).toEqual([40, 40, 41]);
    expect(responses.at(-1)?.final).toBe(true);
  }
});

it("plays the beginning of a long one", () => {
  const kept: Observation[] = [];
  rehearse([clipOf("hour", 36_000)], SPEC, (observation) => kept.push(observation));
  expect(kept).toHaveLength(10);
  for (const { outcome, chunks } of kept) expect([outcome, chunks]).toEqual([{ ok: true }, 200]);
});
