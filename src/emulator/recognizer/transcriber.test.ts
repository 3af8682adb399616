import { describe, expect, it } from "vitest";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { FingerprintIndex } from "./fingerprint.ts";
import type { Reply } from "../engines/engine.ts";
import type { Due, TranscriberOptions } from "./transcriber.ts";
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
): (Reply & { weight: number })[] {
  const defaults = { index, sampleRateHz: 16_000, chunkMs: 160, interim: true, stopHistoryMs: undefined };
  const transcriber = new Transcriber({ ...defaults, ...options });
  const all: Due[] = [];
  for (let at = 0; at < samples.length; at += messageSamples) {
    all.push(...transcriber.push(samples.subarray(at, at + messageSamples)));
  }
  all.push(transcriber.finish());
  return all.map(({ weight, listen }) => ({ weight, ...listen() }));
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

  it("does not depend on how far ahead audio is recognised", () => {
    const options = { index, sampleRateHz: 16_000, chunkMs: 160, interim: true, stopHistoryMs: undefined };
    const transcriber = new Transcriber(options);
    const due = [...transcriber.push(followedBySilence(speech, 1500)), transcriber.finish()];
    const told = due.map(({ weight, listen }, place) => {
      for (const { prepare } of due.slice(place % 3)) prepare();
      return { weight, ...listen() };
    });
    expect(told).toEqual(replies(followedBySilence(speech, 1500)));
  });

  it("is one reply for each message, and the final, when there is no server chunk", () => {
    expect(replies(speech, { chunkMs: undefined }, 1600)).toHaveLength(Math.ceil(speech.length / 1600) + 1);
  });
});

describe("NVIDIA's response-count rule", () => {
  /** Number of replies; what they say is not looked at. */
  function count(samples: number, sampleRateHz: number, chunkMs: number, messageSamples: number): number {
    const options = { index, sampleRateHz, chunkMs, interim: true, stopHistoryMs: undefined };
    const transcriber = new Transcriber(options);
    let due = 0;
    for (let at = 0; at < samples; at += messageSamples) {
      due += transcriber.push(new Int16Array(Math.min(messageSamples, samples - at))).length;
    }
    return due + (transcriber.finish().weight >= 0 ? 1 : 0);
  }

  it.each([20, 25, 40, 80, 100, 160, 320, 500, 560, 800, 960, 1000, 1120])(
    "floor(S / K) + 1 for every clip and message size, server chunk %i ms",
    (chunkMs) => {
      for (const { pcm, sampleRateHz } of clips) {
        const samples = pcm.length / 2;
        const chunk = (sampleRateHz * chunkMs) / 1000;
        for (const messageMs of [10, 20, 80, 100, 160, 333, 960, 1120, 60_000]) {
          const messageSamples = Math.floor((sampleRateHz * messageMs) / 1000);
          expect(count(samples, sampleRateHz, chunkMs, messageSamples)).toBe(Math.floor(samples / chunk) + 1);
        }
        // So with the server's own chunk: as many as messages, or one more when it divides the audio.
        const messages = Math.ceil(samples / chunk);
        const extra = samples % chunk === 0 ? 1 : 0;
        expect(count(samples, sampleRateHz, chunkMs, chunk)).toBe(messages + extra);
      }
    },
  );

  it.each([8000, 11_025, 22_050, 44_100, 48_000])("holds at %i Hz", (rateHz) => {
    for (const samples of [0, 1, rateHz - 1, rateHz, 3 * rateHz + 7]) {
      expect(count(samples, rateHz, 160, 999)).toBe(Math.floor(samples / Math.round(rateHz * 0.16)) + 1);
    }
  });

  it("is not touched by finals in mid-stream or by the first pass of endpointing", () => {
    const all = replies(followedBySilence(speech, 3000), { stopHistoryMs: 640, stopHistoryEouMs: 240 });
    expect(all.filter(({ final }) => final)).toHaveLength(2);
    expect(all).toHaveLength(Math.floor((speech.length + 48_000) / 2560) + 1);
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

  it("tells of the end in two passes: a partial of stability 1 first, once, then the final", () => {
    const padded = followedBySilence(speech, 1500);
    const told = replies(padded, { stopHistoryMs: 800, stopHistoryEouMs: 320 });
    const first = told.filter(({ stability }) => stability === 1);
    // The last word ends at 2.12 s.
    expect(first).toMatchObject([
      { final: false, transcript: "go forward ten meters", audioProcessedMs: 2560 },
    ]);
    expect(finals(told)[0]).toEqual({ transcript: "go forward ten meters", audioProcessedMs: 3040 });
    // Not without interim results, nor with a first pass that is not the shorter.
    for (const options of [
      { stopHistoryEouMs: 320, interim: false },
      { stopHistoryEouMs: 800, stopHistoryMs: 800 },
      { stopHistoryEouMs: -1 },
    ]) {
      expect(replies(padded, options).filter(({ stability }) => stability === 1)).toEqual([]);
    }
  });

  it("gives a final when the client forces one, and goes on from there", () => {
    const transcriber = new Transcriber({
      index,
      sampleRateHz: 16_000,
      chunkMs: 160,
      interim: true,
      stopHistoryMs: undefined,
    });
    const due = [
      ...transcriber.push(speech.subarray(0, 1250 * 16)),
      transcriber.force(),
      ...transcriber.push(speech.subarray(1250 * 16)),
      transcriber.finish(),
    ];
    const told = due.map(({ listen }) => listen());
    expect(finals(told)).toEqual([
      { transcript: "go forward", audioProcessedMs: 1250 },
      { transcript: " ten meters", audioProcessedMs: clip.audioMs },
    ]);
    // One reply more than without, and the chunks are where they were.
    expect(told).toHaveLength(Math.floor(speech.length / 2560) + 2);
    expect(told[8]).toMatchObject({ final: false, audioProcessedMs: 1280 });
    expect(due.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(speech.length / 2560, 9);
  });
});

it("tells where it heard speech, 80 ms at a time, when asked", () => {
  const vad = replies(speech, { vad: true }).flatMap((reply) => reply.vad);
  expect(vad).toHaveLength(Math.floor(clip.audioMs / 80));
  const speaking = vad.map((probability) => probability > 0.5);
  // Words from 0.49 to 2.12 s.
  expect(speaking.indexOf(true)).toBe(Math.floor(490 / 80));
  expect(speaking.lastIndexOf(true)).toBe(Math.floor(2120 / 80));
  expect(replies(speech).flatMap((reply) => reply.vad)).toEqual([]);
});

it("tells speakers apart, in the order in which they come", () => {
  const other = clips.find(({ id }) => id === "librivox-sense-0880")!;
  const dialogue = new Int16Array(Uint8Array.from([...clip.pcm, ...other.pcm, ...clip.pcm]).buffer);
  const speakers = replies(dialogue, { stopHistoryMs: Infinity })
    .at(-1)!
    .words!.map(({ speaker }) => speaker);
  const [mine, theirs] = [clip.words.map(() => 0), other.words.map(() => 1)];
  expect(speakers).toEqual([...mine, ...theirs, ...mine]);
});
