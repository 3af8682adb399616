import { describe, expect, it } from "vitest";
import { wordErrors } from "../../../test/support/word-errors.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import { heardRight, parseErrorRate, WordErrors } from "./word-errors.ts";

const { clips } = await loadDataset("default");
const said = (clip: Clip): string[] => clip.words.map(({ word }) => word);
const total = clips.reduce((sum, { words }) => sum + words.length, 0);

function server(rate: number, seed = 1, overloadRate = 0, behindMs = 0): WordErrors {
  return new WordErrors({ rate, overloadRate, seed }, clips, () => behindMs);
}

/** Errors of all clips as an aligner counts them. */
function counted(errors: WordErrors): number[] {
  return clips.map((clip) =>
    wordErrors(
      said(clip),
      errors.heard(clip).map(({ word }) => word),
    ),
  );
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0);

describe("word errors on purpose", () => {
  it("are none at 0 %, and all words at 100 %", () => {
    for (const clip of clips) expect(server(0).heard(clip)).toEqual(heardRight(clip));
    expect(sum(counted(server(1)))).toBe(total);
  });

  it.each([0.02, 0.12, 0.4])("are %f of the words, as an aligner counts them", (rate) => {
    const rates = Array.from({ length: 100 }, (_, seed) => sum(counted(server(rate, seed))) / total);
    const mean = sum(rates) / rates.length;
    const standardError = Math.sqrt((rate * (1 - rate)) / total / rates.length);
    expect(Math.abs(mean - rate)).toBeLessThan(4 * standardError);
  });

  it("are of three kinds: changed, left out, put in", () => {
    const heard = clips.flatMap((clip) =>
      Array.from({ length: 50 }, (_, seed) => {
        const words = server(0.2, seed)
          .heard(clip)
          .map(({ word }) => word);
        const changed = words.filter((word) => !said(clip).includes(word)).length;
        return { changed, length: words.length - said(clip).length };
      }),
    );
    expect(heard.some(({ length }) => length > 0)).toBe(true);
    expect(heard.some(({ length }) => length < 0)).toBe(true);
    expect(heard.some(({ length, changed }) => length === 0 && changed > 0)).toBe(true);
  });

  it("are the same for the same clip and seed, others for another", () => {
    const [clip] = clips as [Clip];
    expect(server(0.3).heard(clip)).toEqual(server(0.3).heard(clip));
    expect(counted(server(0.3))).not.toEqual(counted(server(0.3, 2)));
  });

  it("are a part of those at a higher rate", () => {
    for (const [i, few] of counted(server(0.1)).entries()) {
      expect(few).toBeLessThanOrEqual(counted(server(0.3))[i]!);
    }
  });

  it("rise as the server falls behind, and not beyond a second", () => {
    expect(counted(server(0.05, 1, 0.2, 0))).toEqual(counted(server(0.05)));
    expect(counted(server(0.05, 1, 0.2, 500))).toEqual(counted(server(0.15)));
    expect(counted(server(0.05, 1, 0.2, 1000))).toEqual(counted(server(0.25)));
    expect(counted(server(0.05, 1, 0.2, 60_000))).toEqual(counted(server(0.25)));
  });

  it("stay in the order and within the time of the words, less sure, with their capitals and marks", () => {
    for (const clip of clips) {
      let previousMs = 0;
      for (const { word, startMs, endMs, confidence, spelled } of server(0.5).heard(clip)) {
        expect(startMs).toBeGreaterThanOrEqual(previousMs);
        expect(endMs).toBeLessThanOrEqual(clip.words.at(-1)!.endMs);
        previousMs = startMs;
        expect(confidence).toBe(said(clip).includes(word) ? 0.97 : 0.6);
        expect(spelled.punctuated.toLowerCase()).toContain(word.toLowerCase());
      }
    }
  });

  it.each([
    ["12%", 0.12],
    ["0.12", 0.12],
    [" 100 % ", 1],
    ["0", 0],
  ])("reads %j", (text, rate) => expect(parseErrorRate("--wer", text)).toBeCloseTo(rate, 12));

  it.each(["12", "-1%", "101%", "", "x", "NaN"])("refuses %j", (text) => {
    expect(() => parseErrorRate("--wer", text)).toThrow(/is no rate from 0 to 100 %/);
  });
});
