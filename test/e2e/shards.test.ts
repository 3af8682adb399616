/** Four machines that share a plan without a broker (here four processes) make the run that one machine makes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import type { Finished } from "../support/bench-process.ts";
import { bench, isDisturbed, readRun, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

const SHARDS = 4;
const SCENARIO = `name: parts
load: { model: poisson, rate: 5 }
duration: { warmup: 1s, steady: 4s }
audio: { clips: { max: 3s } }
slo: ["error_ratio < 50%", "final_from_close p50 < 5s"]
`;

let emulator: RunningEmulator;
beforeAll(async () => {
  emulator = await startEmulatorProcess([]);
}, 60_000);
afterAll(() => emulator.stop());

const folderOf = (home: string, index: number): string => join(home, `shard-${index + 1}`);

/** Starts all shards for one instant; a machine that is too busy to get ready until then gets more time. */
async function runShards(common: readonly string[]): Promise<{ home: string; ended: Finished[] }> {
  for (let aheadMs = 6000; ; aheadMs *= 2) {
    const home = tempFolder();
    const startAt = new Date(Date.now() + aheadMs).toISOString();
    const ended = await Promise.all(
      Array.from({ length: SHARDS }, (_, index) => {
        const own = ["--shard", `${index + 1}/${SHARDS}`, "--out", folderOf(home, index)];
        // Machines differ in size.
        return bench([...common, ...own, "--start-at", startAt, "--workers", index === 1 ? "2" : "1"]);
      }),
    );
    const late = ended.some(({ stderr }) => /has passed|too late for the planned start/.test(stderr));
    if (!late || aheadMs > 20_000) return { home, ended };
  }
}

/** Which sessions the plan has up to the end of the window, and what each played when. */
function planned(sessions: readonly SessionRecord[]): object[] {
  return sessions
    .filter(({ phase }) => phase !== "drain")
    .toSorted((a, b) => a.seq - b.seq)
    .map(({ seq, phase, clip, scheduledMs, chunks }) => ({ seq, phase, clip, scheduledMs, chunks }));
}

test("four shards, merged, are the run of one machine", { timeout: 180_000 }, async () => {
  const file = join(tempFolder(), "parts.yaml");
  writeFileSync(file, SCENARIO);
  const common = ["--scenario", file, "--target", `grpc://127.0.0.1:${emulator.port}`, "--seed", "5"];
  const whole = join(tempFolder(), "whole");
  const [{ home, ended }] = await Promise.all([runShards(common), bench([...common, "--out", whole])]);
  const folders = Array.from({ length: SHARDS }, (_, index) => folderOf(home, index));
  const parts = folders.map(readRun);
  const disturbed = parts.some(({ result }) => isDisturbed(result));
  for (const [index, { code, stdout, stderr }] of ended.entries()) {
    expect(stderr).toMatch(/shard \d of 4 begins at .*nothing measures how far the clocks .* are apart/);
    if (disturbed) continue;
    expect(code).toBe(0);
    expect(stdout).toContain(`Not decided: this is shard ${index + 1} of 4`);
  }
  // The load begins when it was told to.
  const starts = parts.map(({ result }) => result.run.startedAt);
  expect(new Set(starts).size).toBe(1);
  expect(starts[0]).toBe(parts[0]?.result.run.shard?.startAt);

  const out = join(home, "merged");
  const merged = await bench(["merge", ...folders, "--out", out]);
  const [one, all] = [readRun(whole), readRun(out)];
  expect(merged.stdout).toContain("4 of 4 on 1 host(s); T0 within 0 ms by their own clocks");
  expect(all.result.run.planHash).toBe(one.result.run.planHash);
  expect(planned(all.sessions).length).toBeGreaterThan(10);
  expect(planned(all.sessions)).toEqual(planned(one.sessions));
  expect(all.result.sessions.scheduled).toBe(one.result.sessions.scheduled);
  expect(all.result.sessions.scheduled).toBe(
    parts.reduce((sum, { result }) => sum + result.sessions.scheduled, 0),
  );
  if (!disturbed) {
    expect(merged).toMatchObject({ code: 0, stderr: "" });
    expect(all.result.verdict).toBe("pass");
    expect(all.result.sessions).toMatchObject({ failed: 0, dropped: 0 });
  }

  // What comes out is a run like any other; three of four are not.
  const gate = await bench(["gate", out, "--slo", "error_ratio < 100%"]);
  expect(gate.code).toBe(all.result.verdict === "void" ? 5 : 0);
  expect((await bench(["sessions", out])).stdout.trimEnd().split("\n").length).toBe(all.sessions.length);
  const without = await bench(["merge", ...folders.slice(1), "--json", "--out", join(home, "three")]);
  expect(without).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("missing of 4 shards: 1") as string,
  });
  expect(readRun(join(home, "three")).result.sessions.scheduled).toBe(all.result.sessions.scheduled);
});
