import { describe, expect, it } from "vitest";
import { loadDataset } from "../base/dataset.ts";
import { FingerprintIndex } from "./fingerprint.ts";
import type { Reply, TranscriberOptions } from "./transcriber.ts";
import { Transcriber } from "./transcriber.ts";

const { clips } = await loadDataset("default");
const index = new FingerprintIndex(clips);
const clip = clips.find(({ id }) => id === "ps-goforward")!; // 2.786 s: go 0.49-0.64, forward -1.17, ten -1.53, meters -2.12
const speech = new Int16Array(Uint8Array.from(clip.pcm).buffer);

/** All replies to `samples`, sent in messages of `messageSamples`. */
function replies(
  samples: Int16Array,
  options: Partial<TranscriberOptions> = {},
  messageSamples = 1600,
): Reply[] {
  const defaults = { index, sampleRateHz: 16_000, chunkMs: 160, interim: true, stopHistoryMs: undefined };
  const transcriber = new Transcriber({ ...defaults, ...options });
  const all: Reply[] = [];
  for (let at = 0; at < samples.length; at += messageSamples) {
    all.push(...transcriber.push(samples.subarray(at, at + messageSamples)));
  }
  return [...all, transcriber.finish()];
}

function followedBySilence(samples: Int16Array, silenceMs: number): Int16Array {
  const padded = new Int16Array(samples.length + silenceMs * 16);
  padded.set(samples);
  return padded;
}

describe("cadence", () => {
  it.each([
    { samples: 0, count: 1 },
    { samples: 2559, count: 1 },
    { samples: 2560, count: 2 },
    { samples: 2561, count: 2 },
    { samples: 44_580, count: 18 },
  ])("$samples samples in chunks of 2560 get $count replies", ({ samples, count }) => {
    for (const messageSamples of [160, 1600, 2560, 100_000]) {
      const all = replies(new Int16Array(samples), {}, messageSamples);
      expect(all).toHaveLength(count);
      expect(all.map(({ final }) => final)).toEqual([...Array<boolean>(count - 1).fill(false), true]);
      expect(all.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(samples / 2560, 9);
    }
  });

  it("does not depend on the client's messages", () => {
    expect(replies(speech, {}, 1601)).toEqual(replies(speech, {}, 48_000));
  });

  it("is one reply for each message, and the final, when there is no server chunk", () => {
    expect(replies(speech, { chunkMs: undefined }, 1600)).toHaveLength(Math.ceil(speech.length / 1600) + 1);
  });
});

describe("text", () => {
  it("grows word by word and says how much audio it is of", () => {
    const partials = replies(speech).filter(({ final, words }) => !final && words);
    expect(partials[0]).toMatchObject({ transcript: "go", audioProcessedMs: 960 });
    expect([...new Set(partials.map(({ transcript }) => transcript))]).toEqual([
      "go",
      "go forward",
      "go forward ten",
      "go forward ten meters",
    ]);
  });

  it("comes in the final alone when no interim results are wanted", () => {
    const told = replies(speech, { interim: false }).filter(({ words }) => words);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      final: true,
      transcript: "go forward ten meters",
      audioProcessedMs: clip.audioMs,
    });
  });
});

describe("endpointing", () => {
  const finals = (all: Reply[]): { transcript: string; audioProcessedMs: number }[] =>
    all
      .filter(({ final }) => final)
      .map(({ transcript, audioProcessedMs }) => ({ transcript, audioProcessedMs }));

  it("ends the utterance after 0.8 s of silence, in that chunk's reply, and ends the stream with an empty final", () => {
    const all = replies(followedBySilence(speech, 1000));
    // The last word ends at 2.12 s: the chunk that ends at 3.04 s is the first with 0.8 s of silence before its end.
    expect(finals(all)).toEqual([
      { transcript: "go forward ten meters", audioProcessedMs: 3040 },
      { transcript: "", audioProcessedMs: clip.audioMs + 1000 },
    ]);
    expect(all).toHaveLength(Math.floor((speech.length + 16_000) / 2560) + 1);
  });

  it("takes the pause from the configuration, and the default for one that is not positive", () => {
    const [early] = finals(replies(followedBySilence(speech, 1000), { stopHistoryMs: 320 }));
    expect(early?.audioProcessedMs).toBe(2560);
    const [normal] = finals(replies(followedBySilence(speech, 1000), { stopHistoryMs: -1 }));
    expect(normal?.audioProcessedMs).toBe(3040);
  });

  it("begins the text after a final with a space", () => {
    const twice = new Int16Array(2 * speech.length + 16_000);
    twice.set(speech);
    twice.set(speech, speech.length + 16_000);
    const all = replies(twice);
    expect(finals(all).map(({ transcript }) => transcript)).toEqual([
      "go forward ten meters",
      " go forward ten meters",
    ]);
    expect(all.find(({ audioProcessedMs, words }) => words && audioProcessedMs > 4000)?.transcript).toBe(
      " go",
    );
  });
});
