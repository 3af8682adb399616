import { expect, test } from "vitest";
import { toneBetweenSilence } from "../../../test/support/wav.ts";
import { loadDataset } from "../dataset/dataset.ts";
import { findSpeech } from "./vad.ts";

test.each([8000, 16_000, 48_000])("finds a tone between silences at %d Hz", (rate) => {
  const found = findSpeech(toneBetweenSilence(400, 600, 300, rate), rate);
  // A window reaches 25 ms: the edges can't be seen more sharply.
  expect(Math.abs((found?.onsetMs ?? NaN) - 400)).toBeLessThanOrEqual(25);
  expect(Math.abs((found?.endMs ?? NaN) - 1000)).toBeLessThanOrEqual(25);
});

test("speech that fills the clip is found from end to end", () => {
  const found = findSpeech(toneBetweenSilence(0, 500, 0), 16_000);
  expect(found?.onsetMs).toBe(0);
  expect(found?.endMs).toBeGreaterThan(480);
});

test.each([0, 10, 1000])("%d ms of near silence hold no speech", (ms) => {
  expect(findSpeech(toneBetweenSilence(ms, 0, 0), 16_000)).toBeUndefined();
});

test("a click is no speech", () => {
  expect(findSpeech(toneBetweenSilence(500, 2, 500), 16_000)).toBeUndefined();
});

test("agrees with the annotation of the dataset that comes with the package", async () => {
  const { clips } = await loadDataset("default");
  const onsetErrors: number[] = [];
  for (const clip of clips) {
    const found = findSpeech(clip.pcm, clip.sampleRateHz);
    onsetErrors.push(Math.abs((found?.onsetMs ?? NaN) - clip.onsetMs));
  }
  expect(Math.max(...onsetErrors)).toBeLessThanOrEqual(30);
});
