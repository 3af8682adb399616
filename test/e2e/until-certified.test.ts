/** What a run says of its own size before it starts, and how it makes itself longer. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";

let server: DelayServer | undefined;
afterEach(() => server?.close());

const TEXT = Array.from({ length: 20 }, (_, i) => `word${i}`).join(" ");

/** A run that nothing held up: one that stood still may miss the moment to go on. */
async function run(extra: readonly string[]) {
  return undisturbed(() => runOnce(extra));
}

async function runOnce(extra: readonly string[]) {
  server?.close();
  server = await startDelayServer({ partialMs: 20, finalMs: 30, text: TEXT });
  const out = join(tempFolder(), "run");
  const scenario = join(tempFolder(), "short.yaml");
  writeFileSync(
    scenario,
    `name: short
load: { model: concurrency, streams: 5 }
duration: { warmup: 0s, steady: 3s }
audio: { clips: { max: 3s } }
slo: ["final_from_close p75 < 1s"]
`,
  );
  const args = ["--scenario", scenario, "--target", `grpc://${server.address}`, "--out", out];
  const { stderr } = await bench([...args, ...extra]);
  return { stderr, ...readRun(out) };
}

it("says what the gates need before it starts", async () => {
  const { stderr, result } = await run([]);
  expect(stderr).toMatch(
    /gates need 24 sessions \(p75\); this run gives about \d\n"final_from_close p75 < 1s" can't be cert/,
  );
  expect(result.window.steadyMs).toBe(3000);
});

it("goes on until the percentile is certified, in every worker, and every session of the longer window is in the result", async () => {
  const flags = ["--until-certified", "p75", "--budget", "1m", "--workers", "2"];
  const { stderr, result, sessions } = await run(flags);
  expect(stderr).toContain("goes on until p75 is certified");
  expect(result.window.steadyMs).toBeGreaterThan(3000);
  expect(result.window.steadyMs).toBeLessThan(60_000);
  expect(result.metrics["final_from_close"]?.certified).toContain("p75");
  expect(result.sessions.scheduled).toBeGreaterThanOrEqual(24);
  const steady = sessions.filter((session) => session.phase === "steady");
  expect(steady).toHaveLength(result.sessions.scheduled);
  expect(Math.max(...steady.map((session) => session.scheduledMs))).toBeGreaterThan(3000);
  expect(result.metrics["concurrency"]?.value).toBeGreaterThan(4.5);
});

it("ends at its budget, and refuses what it can't mean", async () => {
  const { result } = await run(["--until-certified", "p99.9", "--budget", "5s"]);
  expect(result.window.steadyMs).toBe(5000);
  const { code, stderr } = await bench(["--until-certified", "p42"]);
  expect(code).toBe(2);
  expect(stderr).toContain("p42");
  const refused = await bench(["--scenario", "spike", "--until-certified", "p99"]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("its plan says where it ends");
});
