/** The real sherpa-onnx, with models that are made here. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { hasSherpa } from "../../../test/support/sherpa.ts";
import {
  TOY_PIECE_MS,
  TOY_WORDS,
  toySound,
  writeToyNemoCtc,
  writeToyNemoTransducer,
  writeToyTransducer,
} from "../../../test/support/sherpa-toys.ts";
import type { Backend, DecodedWord } from "../host/decoder.ts";
import { StreamListener } from "../host/stream-listener.ts";
import { loadBackend } from "./backend.ts";
import { findSherpaModel } from "./model-folder.ts";

const root = mkdtempSync(join(tmpdir(), "riva-bench-sherpa-"));
afterAll(() => rmSync(root, { recursive: true }));

const SPEC = { sampleRateHz: 16_000, interim: true, stopHistoryMs: 800, stopHistoryEouMs: Infinity };

async function load(write: (folder: string) => void): Promise<Backend> {
  const folder = mkdtempSync(join(root, "toy-"));
  write(folder);
  return loadBackend({ model: await findSherpaModel(folder), threads: 1, batch: 4 });
}

/** The replies to a stream with that sound, sent in chunks of 100 ms. */
async function hear(backend: Backend, pattern: readonly number[], spec = SPEC) {
  const listener = new StreamListener(await backend.open(), spec);
  const sound = toySound(pattern, spec.sampleRateHz);
  const chunk = spec.sampleRateHz / 10;
  const replies = Array.from({ length: sound.length / chunk }, (_, at) => {
    listener.hear(sound.subarray(at * chunk, (at + 1) * chunk));
    return listener.answer("audio");
  });
  replies.push(listener.answer("finish"));
  listener.close();
  return {
    partials: replies.flatMap(({ words, final, transcript }) => (words && !final ? [transcript] : [])),
    finals: replies.flatMap(({ words, final, transcript, audioProcessedMs }) =>
      words && final ? [{ words, transcript, audioProcessedMs }] : [],
    ),
  };
}

const SAID = [-640, 960, -1600, 480, -320];

describe.skipIf(!hasSherpa())("sherpa-onnx", () => {
  it.each([16_000, 8000, 44_100])("streams a transducer at %i Hz", async (sampleRateHz) => {
    const { partials, finals } = await hear(await load(writeToyTransducer), SAID, { ...SPEC, sampleRateHz });
    expect(partials).toEqual([
      ...["alpha bra", "alpha bravo charlie", "alpha bravo charlie delta"],
      ...[" alpha bra", " alpha bravo"],
    ]);
    expect(finals.map(({ transcript, audioProcessedMs }) => [transcript, audioProcessedMs])).toEqual([
      // The sound ends at 1600 ms; a step of 320 ms ends at 2560.
      ["alpha bravo charlie delta", 2600],
      [" alpha bravo", 4000],
    ]);
    expect(finals[0]!.words.map(({ word, startMs, endMs }) => [word, startMs, endMs])).toEqual([
      ["alpha", 640, 680],
      ["bravo", 800, 1000],
      ["charlie", 1120, 1160],
      ["delta", 1280, 1480],
    ]);
    // On the stream's own time, of an utterance that began at 2600.
    expect(finals[1]!.words[0]!.startMs).toBeCloseTo(3240, -1);
    for (const { confidence } of finals.flatMap(({ words }) => words)) {
      expect(confidence).toBeGreaterThan(0.9);
      expect(confidence).toBeLessThan(1);
    }
  });

  it("ends an utterance after the silence that is asked for, by the model's own blanks", async () => {
    const backend = await load(writeToyTransducer);
    const ends = async (stopHistoryMs: number): Promise<number[]> => {
      const { finals } = await hear(backend, [-320, 320, -3260], { ...SPEC, stopHistoryMs });
      return finals.map(({ audioProcessedMs }) => audioProcessedMs);
    };
    expect(await ends(300)).toEqual([1000, 3900]);
    expect(await ends(1200)).toEqual([2000, 3900]);
  });

  it("keeps streams apart: what runs beside another is told what it is told alone", async () => {
    const backend = await load(writeToyTransducer);
    const alone = await hear(backend, SAID);
    expect(await Promise.all([hear(backend, SAID), hear(backend, [960, -960]), hear(backend, SAID)])).toEqual(
      [alone, expect.anything(), alone],
    );
    expect((await hear(backend, [-2000])).finals.map(({ transcript }) => transcript)).toEqual([""]);
  });

  it.each([writeToyTransducer, writeToyNemoTransducer, writeToyNemoCtc])(
    "computes steps of several streams together, with the same results (%o)",
    async (write) => {
      const { open, batch } = await load(write);
      expect(batch!.limit).toBe(4);
      const sounds = [SAID, [960, -960], [-320, 320, -320]].map((pattern) => toySound(pattern));
      const ended = async (together: boolean): Promise<DecodedWord[][]> => {
        const decoders = await Promise.all(sounds.map(() => open()));
        for (const [at, decoder] of decoders.entries()) {
          decoder.start();
          decoder.push(sounds[at]!);
        }
        if (together) batch!.decode(decoders);
        return decoders.map((decoder) => decoder.end());
      };
      const alone = await ended(false);
      expect(alone.map((words) => words.length > 0)).toEqual([true, true, true]);
      const together = await ended(true);
      const texts = (of: DecodedWord[][]): unknown =>
        of.map((words) =>
          words.map(({ confidence, ...rest }) => ({ ...rest, confidence: confidence.toFixed(3) })),
        );
      expect(texts(together)).toEqual(texts(alone));
    },
  );

  it("streams NeMo's transducers: frames of 80 ms, several tokens in one", async () => {
    const { partials, finals } = await hear(await load(writeToyNemoTransducer), SAID);
    expect(partials[0]).toMatch(/^alpha bravo charlie delta echo alpha/);
    const words = finals.flatMap((final) => final.words);
    expect(words.map(({ word }) => word).slice(0, 6)).toEqual([...TOY_WORDS, "alpha"]);
    expect(words[0]).toMatchObject({ startMs: 640 });
    expect(words[0]!.confidence).toBeGreaterThan(0.9);
    const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(4000);
  });

  it("streams NeMo's CTC models: the same times, no confidence", async () => {
    const { finals } = await hear(await load(writeToyNemoCtc), [-640, 960, -1600]);
    expect(finals[0]!.words.map(({ word, startMs, confidence }) => [word, startMs, confidence])).toEqual(
      Array.from({ length: 6 }, (_, at) => ["alpha", 640 + at * TOY_PIECE_MS, 0]),
    );
  });
});
