import { describe, expect, it } from "vitest";
import type { Clip, ClipInfo, OpenDataset } from "../../base/dataset/dataset.ts";
import { clipFacts } from "./audio-plan.ts";
import type { ClipSupply } from "./clip-supply.ts";
import { clipSupply } from "./clip-supply.ts";
import { chunkEncoder } from "./encoded-audio.ts";

const RATE = 16_000;
const CLIP_MS = 1000;

/** A dataset that claims `claimedMs` a clip and has a second each, of samples of the clip's number. */
function setOf(
  clips: number,
  claimedMs: number,
): { dataset: OpenDataset; reads: string[]; gone: Set<string> } {
  const reads: string[] = [];
  const gone = new Set<string>();
  const infos: ClipInfo[] = Array.from({ length: clips }, (_, i) => ({
    ...{ id: String(i), sampleRateHz: RATE, audioMs: claimedMs, onsetMs: 0, speechEndMs: CLIP_MS, words: [] },
  }));
  const read = (how: string, info: ClipInfo): Clip => {
    reads.push(`${how} ${info.id}`);
    if (gone.has(info.id)) throw new Error(`${info.id} is gone`);
    return {
      ...info,
      audioMs: CLIP_MS,
      pcm: new Uint8Array((RATE * 2 * CLIP_MS) / 1000).fill(Number(info.id)),
    };
  };
  const dataset: OpenDataset = {
    ...{ name: "x", clips: infos, audioSeconds: 0, sha256: "" },
    readAudio: (info) => Promise.resolve().then(() => read("ahead", info)),
    readAudioNow: (info) => read("late", info),
  };
  return { dataset, reads, gone };
}

async function supplyOf(dataset: OpenDataset, errors: unknown[] = [], processes = 1): Promise<ClipSupply> {
  const encoder = await chunkEncoder("LINEAR_PCM");
  return clipSupply({
    facts: dataset.clips.map((clip) => ({ ...clipFacts(clip), unloaded: `answer ${clip.id}` })),
    ...{ dataset, processes, chunkMs: 100, padding: { beforeMs: 0, afterMs: 0 } },
    wire: { encoding: "LINEAR_PCM", encoder, frame: (bytes) => ({ frame: bytes, message: bytes }) as never },
    onError: (error) => errors.push(error),
  });
}

const HOUR_MS = 3_600_000;

describe("a set that fits", () => {
  it("is read before the start, and never again", async () => {
    const { dataset, reads } = setOf(3, CLIP_MS);
    const supply = await supplyOf(dataset);
    expect(reads).toEqual(["ahead 0", "ahead 1", "ahead 2"]);
    supply.want(1);
    expect(supply.take(1)).toBe(supply.take(1));
    expect(supply.take(1)?.facts).toMatchObject({ id: "1", unloaded: "answer 1" });
    expect(reads).toHaveLength(3);
    expect(() => supply.take(3)).toThrow("the plan names clip 3 of 3");
  });
});

describe("a set that does not fit", () => {
  it.each([
    [1, 1, "kept"],
    [1, 2, "passing"],
    [2, 1, "passing"],
  ])("%i hours for %i processes: %s", async (hours, processes, how) => {
    const { dataset, reads } = setOf(2, (hours * HOUR_MS) / 2);
    await supplyOf(dataset, [], processes);
    expect(reads).toHaveLength(how === "kept" ? 2 : 0);
  });

  it("is read as it is wanted, once for all who want a clip at a time, and let go of after the last", async () => {
    const { dataset, reads } = setOf(4, HOUR_MS);
    const supply = await supplyOf(dataset);
    for (const index of [2, 2, 0]) supply.want(index);
    await supply.settled();
    expect(reads).toEqual(["ahead 2", "ahead 0"]);
    const clip = supply.take(2);
    expect(clip?.chunks).toHaveLength(10);
    expect(supply.take(2)).toBe(clip);
    supply.want(2);
    await supply.settled();
    expect(supply.take(2)).not.toBe(clip);
    expect(reads).toEqual(["ahead 2", "ahead 0", "ahead 2"]);
  });

  it("gives a clip that was not wanted in time, too: it is read at once", async () => {
    const { dataset, reads } = setOf(4, HOUR_MS);
    const supply = await supplyOf(dataset);
    supply.want(1);
    expect(supply.take(1)?.facts.id).toBe("1");
    expect(reads).toEqual(["late 1"]);
    await supply.settled();
    expect(reads).toEqual(["late 1", "ahead 1"]);
  });

  it("tells of a clip that is gone when it is wanted, before its session", async () => {
    const { dataset, gone } = setOf(4, HOUR_MS);
    const errors: unknown[] = [];
    const supply = await supplyOf(dataset, errors);
    gone.add("3");
    supply.want(3);
    await supply.settled();
    expect(errors).toEqual([new Error("3 is gone")]);
    expect(supply.take(3)).toBeUndefined();
    expect(errors).toHaveLength(2);
  });
});
