/** kill -9 of a worker, the broker and the coordinator of a run over NATS: before it, in its warm-up, its window and its drain. */
import { existsSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { StartRecord } from "../../src/loadgen/workers/start-record.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { bench, readLines, readRun, sleep } from "../support/bench-process.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import type { RemoteRun } from "../support/remote-run.ts";
import { remoteRun } from "../support/remote-run.ts";
import {
  allCallersAreIn,
  expectNothingLost,
  isDraining,
  isInTheWindow,
  lostSessions,
  until,
} from "../support/short-run.ts";

const PHASES = ["before", "warm-up", "window", "drain"] as const;
type Phase = (typeof PHASES)[number];

/** Waits for the moment: "before" is when both places are claimed and nothing is ready yet. */
async function reached(run: RemoteRun, phase: Phase): Promise<void> {
  const [first, second] = run.workers;
  await Promise.all([first!.sees(/worker 1 of 2/), second!.sees(/worker 2 of 2/)]);
  if (phase === "warm-up") await until(run, allCallersAreIn);
  if (phase === "window") await until(run, isInTheWindow);
  if (phase === "drain") await until(run, isDraining);
}

async function twoWorkers(phase: Phase): Promise<{ run: RemoteRun; broker: NatsServer }> {
  const broker = await startNatsServer();
  // Whoever is killed before the run is waited for until this is over.
  const limit = phase === "before" ? { joinTimeout: "15s" } : {};
  const run = await remoteRun(broker.url, 2, { ...limit, failEvery: Infinity });
  await reached(run, phase);
  return { run, broker };
}

/** What was recorded is there once, and each session that is not is in the count as lost. */
function expectConserved(run: RemoteRun, result: RunResult, sessions: readonly SessionRecord[]): void {
  const recorded = new Set(sessions.map(({ seq }) => seq));
  expect(recorded.size).toBe(sessions.length);
  const starts = new Set(readLines<StartRecord>(run.file("starts.ndjson")).map(({ seq }) => seq));
  for (const seq of recorded) expect(starts.has(seq)).toBe(true);
  const { warmup, steady, drain } = result.sessionsByPhase;
  expect(warmup.scheduled + steady.scheduled + drain.scheduled).toBe(starts.size);
  expect(lostSessions(result)).toBe(starts.size - recorded.size);
}

const checkOf = ({ validity }: RunResult, wanted: string): string | undefined =>
  validity.checks.find(({ name }) => name === wanted)?.verdict;

describe.concurrent("a worker that is killed", () => {
  it.each(PHASES)("%s", async (phase) => {
    const { run, broker } = await twoWorkers(phase);
    run.workers[1]!.child.kill("SIGKILL");
    const { code, stderr } = await run.coordinator.finished;
    if (phase === "before" && !existsSync(run.file("result.json"))) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /of 2 workers were not ready within 15s: .*1 \((on \S+, not ready|nobody came)\)/,
      );
    } else {
      expect(code).toBe(5);
      expect(stderr).toContain("worker 2 was silent for 10 s; its share is not run again");
      const { result, sessions } = readRun(run.out);
      expect(result.verdict).toBe("void");
      expectConserved(run, result, sessions);
      expect((await run.workers[0]!.finished).code).toBe(0);
    }
    run.server.close();
    await broker.close();
  });
});

describe.concurrent("a broker that is killed and started again", () => {
  it.each(PHASES)("%s", async (phase) => {
    const { run, broker } = await twoWorkers(phase);
    await broker.kill();
    await sleep(2000);
    await broker.start();
    const { code, stdout, stderr } = await run.coordinator.finished;
    const { result, sessions } = readRun(run.out);
    expect(checkOf(result, "lost_workers"), stdout + stderr).toBe("pass");
    expect(code).not.toBe(1);
    expectConserved(run, result, sessions);
    expectNothingLost(result, sessions, await run.server.served());
    for (const { finished } of run.workers) expect((await finished).code).toBe(0);
    run.server.close();
    await broker.close();
  });
});

describe.concurrent("a coordinator that is killed", () => {
  it.each(PHASES)("%s", async (phase) => {
    const { run, broker } = await twoWorkers(phase);
    run.coordinator.child.kill("SIGKILL");
    for (const { finished } of run.workers) {
      const { code, stderr } = await finished;
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/heard nothing from the coordinator for 10s|coordinator did not answer/),
      ]);
    }
    expect((await run.server.served()).open).toBe(0);
    const { stdout, stderr, code } = await bench(["report", run.out, "--format", "json"]);
    if (phase === "before") expect([code, stderr]).toEqual([2, expect.stringContaining(run.out)]);
    else {
      expect(code).toBe(0);
      const result = JSON.parse(stdout) as RunResult;
      expect(result.verdict).toBe("void");
      expectConserved(run, result, readLines<SessionRecord>(run.file("sessions.ndjson")));
    }
    run.server.close();
    await broker.close();
  });
});
