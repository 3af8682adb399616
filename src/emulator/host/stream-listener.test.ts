import { expect, it } from "vitest";
import type { Reply } from "../engines/engine.ts";
import type { DecodedWord, Decoder } from "./decoder.ts";
import type { Work } from "./protocol.ts";
import { StreamListener } from "./stream-listener.ts";

/** Hears a word for every 300 ms of loud audio, named by its number in the utterance. */
class FakeDecoder implements Decoder {
  freed = 0;
  readonly utterances: number[] = [];
  #samples = 0;
  #loud = 0;

  start(): void {
    this.#samples = 0;
    this.#loud = 0;
  }

  push(samples: Int16Array): void {
    this.#samples += samples.length;
    this.#loud += samples.filter((sample) => Math.abs(sample) > 1000).length;
  }

  partial(): string {
    return this.#words()
      .map(({ word }) => word)
      .join(" ");
  }

  end(): DecodedWord[] {
    this.utterances.push(this.#samples);
    return this.#words();
  }

  free(): void {
    this.freed++;
  }

  #words(): DecodedWord[] {
    const count = Math.floor(this.#loud / 16 / 300);
    return Array.from({ length: count }, (_, i) => ({
      ...{ word: `w${i + 1}`, startMs: i * 300, endMs: (i + 1) * 300, confidence: 0.5 },
    }));
  }
}

function reply(listener: StreamListener, type: Work["type"], samples: Int16Array): Reply {
  listener.hear(samples);
  return listener.answer(type);
}

const SPEC = { sampleRateHz: 16_000, interim: true, stopHistoryMs: 500, stopHistoryEouMs: Infinity };

function square(ms: number, rateHz = 16_000, amplitude = 8000): Int16Array {
  return Int16Array.from({ length: (ms * rateHz) / 1000 }, (_, i) =>
    i % (rateHz / 200) < rateHz / 400 ? amplitude : -amplitude,
  );
}

/** `+300` = that many milliseconds of speech, `-300` = of silence, in chunks of 100 ms. */
function hear(listener: StreamListener, pattern: readonly number[], rateHz = 16_000): Reply[] {
  return pattern.flatMap((ms) =>
    Array.from({ length: Math.abs(ms) / 100 }, () =>
      reply(listener, "audio", ms > 0 ? square(100, rateHz) : new Int16Array(rateHz / 10)),
    ),
  );
}

const told = (replies: readonly Reply[]): [string, boolean, number][] =>
  replies.flatMap(({ words, transcript, final, audioProcessedMs }) =>
    words === undefined ? [] : [[transcript, final, audioProcessedMs]],
  );

it("tells partials when they change, and a final after the pause, on the stream's own time", () => {
  const decoder = new FakeDecoder();
  const listener = new StreamListener(decoder, SPEC);
  const replies = hear(listener, [-200, 700, -600, 400]);
  expect(replies).toHaveLength(19);
  expect(told(replies)).toEqual([
    ["w1", false, 500],
    ["w1 w2", false, 800],
    ["w1 w2", true, 1400],
    [" w1", false, 1800],
  ]);
  const last = reply(listener, "finish", new Int16Array(800));
  expect([last.transcript, last.final, last.audioProcessedMs]).toEqual([" w1", true, 1950]);
  expect(last.words).toEqual([{ word: "w1", startMs: 1400, endMs: 1700, confidence: 0.5, speaker: 0 }]);
  listener.close();
  expect(decoder.freed).toBe(1);
});

it("tells the first pass of endpointing once, with stability 1", () => {
  const listener = new StreamListener(new FakeDecoder(), { ...SPEC, stopHistoryEouMs: 200 });
  const replies = hear(listener, [400, -600]).filter(({ words }) => words !== undefined);
  expect(replies.map(({ stability, final }) => [stability, final])).toEqual([
    [0, false],
    [1, false],
    [0, true],
  ]);
});

it("leaves it to a decoder that knows how long nothing has been said", () => {
  const decoder = Object.assign(new FakeDecoder(), { silence: undefined as number | undefined });
  const silenceMs = (): number | undefined => decoder.silence;
  const listener = new StreamListener(Object.assign(decoder, { silenceMs }), SPEC);
  // Silence before a word ends nothing, and what sounds like a pause is none to this decoder.
  expect(told(hear(listener, [300, -900]))).toEqual([["w1", false, 300]]);
  decoder.silence = 499;
  expect(told(hear(listener, [-100]))).toEqual([]);
  decoder.silence = 500;
  expect(told(hear(listener, [300]))).toEqual([["w1", true, 1400]]);
});

it("tells no partials that were not asked for, and finals on demand", () => {
  const listener = new StreamListener(new FakeDecoder(), { ...SPEC, interim: false });
  expect(told(hear(listener, [700]))).toEqual([]);
  expect(told([reply(listener, "force", new Int16Array(0))])).toEqual([["w1 w2", true, 700]]);
  expect(told(hear(listener, [300, -500]))).toEqual([[" w1", true, 1500]]);
  expect(told([reply(listener, "finish", new Int16Array(0))])).toEqual([["", true, 1500]]);
});

it.each([8000, 22_050, 44_100, 48_000])("takes %i Hz: as many samples at 16 kHz, as loud", (sampleRateHz) => {
  const decoder = new FakeDecoder();
  const listener = new StreamListener(decoder, { ...SPEC, sampleRateHz });
  const replies = hear(listener, [600], sampleRateHz);
  expect(told(replies).at(-1)?.[0]).toBe("w1");
  reply(listener, "finish", new Int16Array(0));
  // The filter holds back some milliseconds.
  expect(decoder.utterances[0]).toBeGreaterThan(9600 - 80);
  expect(decoder.utterances[0]).toBeLessThanOrEqual(9600);
});

it("ends an utterance that has no pause, so that no stream grows for ever", () => {
  const decoder = new FakeDecoder();
  const listener = new StreamListener(decoder, SPEC);
  // A tone that never stops would be background in the end.
  const syllable = square(100);
  syllable.fill(0, 1400);
  for (let at = 0; at < 650; at++) reply(listener, "audio", syllable);
  expect(decoder.utterances).toEqual([480_000, 480_000]);
});
