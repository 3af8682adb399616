/** NVIDIA's own Python client is understood by a recogniser that really listens: real words, real times, real errors. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { hasPocketSphinx } from "../support/pocketsphinx.ts";
import { wordErrors } from "../support/word-errors.ts";

const PYTHON = join(PACKAGE_ROOT, "build/interop/venv/bin/python");
const JUDGE = join(PACKAGE_ROOT, "test/interop/riva_judge.py");
const { clips } = await loadDataset("default");

interface Told {
  finals: string[];
  words: { word: string; start: number; end: number; confidence: number }[];
  partials: number;
}

async function judge(emulator: RunningEmulator, args: readonly string[]): Promise<Told[]> {
  const files = clips.map(({ id }) => join(PACKAGE_ROOT, `datasets/core/wav/${id}.wav`));
  const uri = `localhost:${emulator.port}`;
  const { stdout } = await promisify(execFile)(PYTHON, [JUDGE, "--uri", uri, ...args, ...files]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Told);
}

function wordErrorRate(told: readonly Told[]): number {
  const errors = clips.map(({ words }, i) =>
    wordErrors(
      words.map(({ word }) => word),
      told[i]!.finals.join("").split(" ").filter(Boolean),
    ),
  );
  const said = clips.reduce((sum, { words }) => sum + words.length, 0);
  return errors.reduce((sum, count) => sum + count, 0) / said;
}

describe.skipIf(!hasPocketSphinx())("NVIDIA's Python client and PocketSphinx, closed-domain", () => {
  let emulator: RunningEmulator;
  let told: Told[];
  beforeAll(async () => {
    emulator = await startEmulatorProcess(["--engine", "pocketsphinx", "--language-model", "closed-domain"]);
    told = await judge(emulator, ["stream"]);
  }, 180_000);
  afterAll(() => emulator.stop());

  it("streams the core clips: their words, most of them right, where they are spoken", () => {
    const rate = wordErrorRate(told);
    expect(rate).toBeLessThan(0.2);
    // It listens: what knows the words makes no errors.
    expect(rate).toBeGreaterThan(0.005);
    expect(told.reduce((sum, { partials }) => sum + partials, 0)).toBeGreaterThan(3 * clips.length);
    const confidences = told.flatMap(({ words }) => words.map(({ confidence }) => confidence));
    expect(Math.min(...confidences)).toBeLessThan(0.9);
    expect(Math.max(...confidences)).toBeGreaterThan(0.99);
    const at = clips.findIndex(({ id }) => id === "ps-goforward");
    expect(told[at]!.finals.join("")).toBe("go forward ten meters");
    for (const [i, { start, end }] of told[at]!.words.entries()) {
      const { startMs, endMs } = clips[at]!.words[i]!;
      expect(Math.abs(start - startMs)).toBeLessThan(150);
      expect(Math.abs(end - endMs)).toBeLessThan(150);
    }
  });

  it("hears the same again, word by word: no stream leaves a trace in another", async () => {
    expect(await judge(emulator, ["stream"])).toEqual(told);
  });

  it("transcribes whole files", async () => {
    expect(wordErrorRate(await judge(emulator, ["offline"]))).toBeLessThan(0.2);
  });
});
