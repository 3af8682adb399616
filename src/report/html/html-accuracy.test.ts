import { expect, it } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { ClipAccuracy } from "../../metrics/observation/accuracy.ts";
import type { RunResult, Summary } from "../../metrics/result/result.ts";
import { textOf } from "../words/markup.ts";
import { accuracySection } from "./html-accuracy.ts";

const wer = (value: number): Record<string, Summary> => ({
  wer: { unit: "ratio", count: 10, value, low: value / 2, high: value * 2, clips: 9 },
});

const clip: ClipAccuracy = {
  ...{ clip: "a<b", unit: "word", normalizer: "whisper-en", sessions: 2, reference: 8 },
  ...{ substitutions: 1, insertions: 0, deletions: 1, failed: 0, failedReference: 0, compared: 0, same: 0 },
  worst: { edits: 2, reference: "press one to hold", answer: "Press 1 <script>hold" },
};

function page(result: Partial<RunResult>): string {
  const section = accuracySection({ ...PASSED, ...result });
  return section === undefined ? "" : textOf(section);
}

it("is not there where nothing was scored", () => {
  expect(page({ metrics: {} })).toBe("");
});

it("draws the rate over the streams of steps, in a figure that zooming leaves alone", () => {
  const byStage = { "streams-1": wer(0.1), transition: wer(0.9), "streams-50": wer(0.2) };
  const html = page({ metrics: wer(0.15), byStage, accuracy: [] });
  expect(html).toContain('<desc id="accuracy-desc">Over streams. WER: 10.0 to 20.0 %');
  // Charts over time are hidden as soon as the page's script draws them itself.
  expect(html).toMatch(/<div class="plots">\s*<figure>/);
  expect(html).not.toContain('class="charts"');
  expect(html).toContain("7.50 to 30.00 %");
  // Each point has its interval, also where its neighbours have none.
  expect(html.match(/class="line s0 bar"/g)).toHaveLength(2);
});

it("numbers other stages, and draws nothing for one", () => {
  const html = page({ metrics: wer(0.15), byStage: { calm: wer(0.1), busy: wer(0.2) } });
  expect(html).toContain('<desc id="accuracy-desc">Over stage.');
  expect(page({ metrics: wer(0.15), byStage: { main: wer(0.15) } })).not.toContain("<svg");
});

it("shows the worst answers word by word, whatever is in them", () => {
  const html = page({ metrics: wer(0.25), accuracy: [clip] });
  expect(html).toContain("press one <del>to</del> hold");
  expect(html).toContain("a&lt;b");
  expect(html).not.toContain("<script");
});

it("says so where nobody spoke", () => {
  const silent = { ...clip, reference: 0, substitutions: 0, deletions: 0, insertions: 2 };
  expect(page({ metrics: wer(0.25), accuracy: [silent] })).toContain("no words (2)");
});
