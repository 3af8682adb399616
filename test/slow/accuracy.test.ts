/** Words under load, from a recogniser that really listens: a ramp that overloads it, and which of two settings is more accurate. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { hasPocketSphinx } from "../support/pocketsphinx.ts";

const ENGINE = ["--engine", "pocketsphinx", "--recognizers", "1"];

/** Runs a scenario against PocketSphinx with these flags; once more where the machine voided it. */
async function listened(
  flags: readonly string[],
  args: readonly string[],
): Promise<{ folder: string; stdout: string; result: RunResult }> {
  const emulator = await startEmulatorProcess([...ENGINE, ...flags]);
  const target = `grpc://127.0.0.1:${emulator.port}`;
  try {
    for (let attempt = 1; ; attempt++) {
      const folder = join(tempFolder(), "run");
      const { stdout } = await bench([...args, "--target", target, "--out", folder, "--quiet"]);
      const { result } = readRun(folder);
      if (result.verdict !== "void" || attempt === 2) return { folder, stdout, result };
    }
  } finally {
    await emulator.stop();
  }
}

describe.skipIf(!hasPocketSphinx())("PocketSphinx", () => {
  it(
    "accuracy-ramp: real partials, WER with its interval at each step, and words lost where it is overloaded",
    { timeout: 600_000 },
    async () => {
      // The general model takes a fifth of a core for each stream: 16 are three times what one process can do.
      const { folder, stdout, result } = await listened([], ["--scenario", "accuracy-ramp"]);
      expect(result.target.standIn).toBe("PocketSphinx, CPU");
      expect(result.metrics["upwr"]?.p50).toBeGreaterThan(0.1);
      const steps = ["streams-1", "streams-4", "streams-8", "streams-16"].map(
        (name) => result.byStage[name]!,
      );
      for (const step of steps) {
        const { value = NaN, low = NaN, high = NaN } = step["wer_with_failures"]!;
        expect(low).toBeLessThanOrEqual(value);
        expect(high).toBeGreaterThanOrEqual(value);
        expect(high).toBeGreaterThan(low);
      }
      const [calm, , , flooded] = steps;
      expect(calm!["wer"]!.value).toBeGreaterThan(0.1);
      expect(calm!["wer"]!.value).toBeLessThan(0.5);
      // Nobody hears an answer that comes after the deadline: latency and words are lost together, with certainty.
      expect(flooded!["error_ratio"]!.value).toBeGreaterThan(0.2);
      expect(flooded!["wer_with_failures"]!.low).toBeGreaterThan(calm!["wer_with_failures"]!.high!);
      expect(stdout).toMatch(/streams-1 .* % \([0-9.]+ to [0-9.]+ %\)/);
      const page = readFileSync(join(folder, "report.html"), "utf8");
      expect(page).toContain('<desc id="accuracy-desc">Over streams. WER: ');
      expect(page).toContain('class="line s1 bar"');
    },
  );

  it("compare names the more accurate of two settings with an interval, and none where they are one", async () => {
    const folder = tempFolder();
    const scenario = join(folder, "words.yaml");
    writeFileSync(
      scenario,
      `name: words
description: Nearly every clip of the core set, as fast as it is recognised
load: { model: offline, streams: 4 }
duration: { warmup: 0s, steady: 15s }
slo: [wer < 50%]
`,
    );
    const closed = (search: string) =>
      listened(["--language-model", "closed-domain", "--search", search], ["--scenario", scenario]);
    const [fast, whole, again] = [await closed("fastest"), await closed("default"), await closed("default")];
    const compare = async (a: string, b: string): Promise<{ code: number | null; stdout: string }> =>
      bench(["compare", a, b, "--metric", "wer", "--quiet"]);

    const other = await compare(fast.folder, whole.folder);
    expect(other.stdout).toMatch(/is better than/);
    expect(other.code).toBe(0);
    const worse = await compare(whole.folder, fast.folder);
    expect(worse.code).toBe(4);
    const same = await compare(whole.folder, again.folder);
    expect(same.stdout).not.toMatch(/better|worse/);
  }, 600_000);
});
