/** The server dies in a run and comes back: what was under way fails as what it is, what comes later succeeds, nothing is lost. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { CallCounts, EmulatorStats } from "../../src/emulator/call/counts.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

type Phase = keyof RunResult["sessionsByPhase"];

it("sessions of both sides agree, phase by phase, through a crash and a restart", async () => {
  const folder = tempFolder();
  const scenario = join(folder, "restart.yaml");
  const out = join(folder, "run");
  writeFileSync(
    scenario,
    `name: restart
description: Eight callers, and a server that dies and comes back
load: { model: concurrency, streams: 8 }
duration: { warmup: 1s, steady: 6s }
audio: { chunk: 100ms, clips: { only: [ps-goforward] } }
slo: [error_ratio < 100%]
`,
  );
  const emulator = await startEmulatorProcess(["--http-port", "0"]);
  try {
    const control = `http://127.0.0.1:${emulator.httpPort}/emulator`;
    const stats = async (): Promise<EmulatorStats> =>
      (await (await fetch(`${control}/stats`)).json()) as EmulatorStats;
    const { finished } = startBench([
      ...["--scenario", scenario, "--target", `grpc://127.0.0.1:${emulator.port}`, "--out", out, "--quiet"],
    ]);
    // In the window: every caller has begun a second session.
    await expect.poll(async () => (await stats()).started, { timeout: 60_000 }).toBeGreaterThan(11);
    await fetch(`${control}/faults`, { method: "PUT", body: "crash:restart=300ms" });
    await finished;

    const { result, sessions } = readRun(out);
    const server = await stats();
    for (const phase of ["warmup", "steady", "drain"] satisfies Phase[]) {
      const { started, completed, failed, failures } = result.sessionsByPhase[phase];
      const nothing: CallCounts = { started: 0, completed: 0, failed: 0, cancelled: 0 };
      const seen = server.byPhase[phase] ?? nothing;
      expect(started, phase).toBe(completed + failed);
      expect(sessions.filter((session) => session.phase === phase).length, phase).toBe(started);
      expect(seen, phase).toEqual({ ...seen, completed, cancelled: 0 });
      // Those that the server did not see found it dead, or dying before their first message came through.
      const unseen = started - seen.started;
      expect(unseen, phase).toBe(failed - seen.failed);
      const early = failures.filter((failure) => ["connect", "configure"].includes(failure.phase));
      expect(unseen, phase).toBeLessThanOrEqual(early.reduce((sum, { count }) => sum + count, 0));
    }
    const all = Object.values(result.sessionsByPhase).flatMap(({ failures }) => failures);
    expect(all.length).toBeGreaterThan(0);
    for (const failure of all) expect(["connection-lost", "refused"]).toContain(failure.class);
    expect(server.failed).toBeGreaterThan(0);
    // What came after the restart: all of the drain.
    expect(result.sessionsByPhase.drain.completed).toBe(8);
  } finally {
    await emulator.stop();
  }
});
