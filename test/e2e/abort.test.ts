/** An SLO marked `abort` ends the run when it can't be kept any more: soon, with its verdict, whole. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";

test("a run that can only fail ends early, with exit code 3 and not as an interrupted one", async () => {
  const out = join(tempFolder(), "run");
  const slo = ["--slo", "final_from_speech_end p95 < 1ms abort"];
  const long = ["--scenario", "smoke", "--warmup", "1s", "--duration", "5m"];
  const { code, stderr } = await bench([...long, ...slo, "--out", out]);
  expect([3, 5]).toContain(code);
  expect(stderr).toMatch(
    /"final_from_speech_end p95 < 1ms abort" can't be kept any more: \d+ of \d+ sessions/,
  );
  const { result } = readRun(out);
  expect(result.run.interrupted).toBe(false);
  expect(result.window.steadyMs).toBeLessThan(60_000);
  expect(result.slos.find(({ name }) => name.endsWith("abort"))).toMatchObject({
    verdict: "fail",
    limit: "< 1ms",
  });
});
