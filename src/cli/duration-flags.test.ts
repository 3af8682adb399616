/** Every flag that takes a duration takes its spellings, and names itself where it is given none. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runBench } from "../../test/support/fake-world.ts";

const cwd = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
writeFileSync(join(cwd, "a.wav"), "");

const FLAGS: [flag: string, args: string[]][] = [
  ["--metrics-linger", ["run"]],
  ["--duration", ["run"]],
  ["--warmup", ["run"]],
  ["--chunk", ["run"]],
  ["--budget", ["run", "--until-certified", "p95"]],
  ["--budget", ["plan", "--scenario", "concurrency-50"]],
  ["--budget", ["capacity"]],
  ["--probe", ["capacity"]],
  ["--chunk", ["capacity"]],
  ["--chunk", ["compare", "a", "b"]],
  ["--duration", ["compare", "a", "b"]],
  ["--warmup", ["compare", "a", "b"]],
  ["--chunk", ["transcribe", "a.wav"]],
  ["--chunk", ["emulator"]],
  ["--margin-ms", ["gate", "a"]],
];

test.each(FLAGS)("%s of bench %j", async (flag, args) => {
  for (const value of ["long", "-3s", "NaN", "Infinity", "1e9", "99999h"]) {
    const { err, exitCode } = await runBench([...args, `${flag}=${value}`], { cwd });
    expect([value, exitCode]).toEqual([value, 2]);
    expect(err).toMatch(/duration|must be|did you mean|holds no run/i);
    expect(err).toContain(flag);
    expect(err).not.toContain("bug");
  }
});
