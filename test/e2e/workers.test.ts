/** Several worker processes: the same run as with one, and what becomes of it when one of them is lost. */
import { afterEach, describe, expect, it } from "vitest";
import type { StartRecord } from "../../src/loadgen/workers/start-record.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import type { BenchProcess } from "../support/bench-process.ts";
import {
  bench,
  descendants,
  isWorker,
  readLines,
  readRun,
  sleep,
  startBench,
} from "../support/bench-process.ts";
import type { Moment, ShortRun } from "../support/short-run.ts";
import {
  allCallersAreIn,
  expectNothingLost,
  isDraining,
  isInTheWindow,
  lostSessions,
  shortRun,
  STREAMS,
  strike,
  until,
} from "../support/short-run.ts";

let run: ShortRun;
afterEach(() => run.server.close());

/** Process ids of the workers, in their order. */
function workersOf({ child }: BenchProcess): number[] {
  return descendants(child.pid!).filter(isWorker);
}

describe("several workers", () => {
  it("one and four on one seed agree: the plan exactly, the counts within one a caller", async () => {
    const results = [];
    for (const workers of [1, 4]) {
      run = await shortRun(workers, { flags: ["--quiet"] });
      const { stderr } = await bench(run.args);
      expect(stderr).toBe("");
      const { result, sessions } = readRun(run.out);
      expectNothingLost(result, sessions, await run.server.served());
      expect((await run.server.served()).maxOpen).toBe(STREAMS);
      results.push(result);
      run.server.close();
    }
    const [one, four] = results;
    expect(four!.run.workers).toBe(4);
    expect(four!.run.planHash).toBe(one!.run.planHash);
    expect(Math.abs(four!.sessions.scheduled - one!.sessions.scheduled)).toBeLessThanOrEqual(STREAMS);
  });
});

describe("a worker that is killed", () => {
  it("before the run begins: nothing was measured, and the run says so", async () => {
    run = await shortRun(2);
    const started = startBench(run.args);
    while (workersOf(started).length < 2) await sleep(10);
    process.kill(workersOf(started)[1]!, "SIGKILL");
    const { code, stderr } = await started.finished;
    expect(code).toBe(1);
    expect(stderr).toContain("worker 2 ended before the run began");
  });

  it.each([
    ["in the warm-up", allCallersAreIn],
    ["in the window", isInTheWindow],
    ["in the drain, with sessions of the window open", isDrainingWithOpen(2)],
  ])("%s: nothing that ended is lost, the rest stays in the count, the run is void", async (_, moment) => {
    run = await shortRun(2);
    const started = startBench(run.args);
    await until(run, moment);
    const struckMs = strike(workersOf(started)[1]!);
    const { code, stdout, stderr } = await started.finished;
    expect(code).toBe(5);
    expect(stderr).toContain("worker 2 ended before its sessions did; its share is not run again");
    expect(stdout).toContain("lost_workers");
    const { result, sessions } = readRun(run.out);
    expect(result.verdict).toBe("void");
    expect(result.validity.checks.find(({ name }) => name === "lost_workers")?.verdict).toBe("fail");
    expectNothingLost(result, sessions, await run.server.served(), {
      atMs: struckMs,
      starts: readLines<StartRecord>(run.file("starts.ndjson")),
    });
    // Callers are dealt out by turns: worker 2 had half of them, each with a session open, one perhaps between two.
    expect([STREAMS / 2, STREAMS / 2 - 1]).toContain(lostSessions(result));
  });

  it("with its window behind it: the run loses no session of the window and is degraded, not void", async () => {
    // With this seed the clips of worker 2 end more than a second before those of worker 1.
    run = await shortRun(2, { flags: ["--seed", "3"], failEvery: Infinity });
    const started = startBench(run.args);
    await until(run, isThrough(2));
    const struckMs = strike(workersOf(started)[1]!);
    await started.finished;
    const { result, sessions } = readRun(run.out);
    expect(result.validity.status).not.toBe("valid");
    expect(result.validity.checks.find(({ name }) => name === "lost_workers")?.verdict).toBe("inconclusive");
    expect(result.sessions.failures.some((failure) => failure.class === "worker-lost")).toBe(false);
    expectNothingLost(result, sessions, await run.server.served(), {
      atMs: struckMs,
      starts: readLines<StartRecord>(run.file("starts.ndjson")),
    });
    expect([STREAMS / 2, STREAMS / 2 - 1]).toContain(lostSessions(result));
  });
});

/** The window is over, and the worker still follows sessions of it. */
function isDrainingWithOpen(worker: number): Moment {
  return (now) => isDraining(now) && !isThrough(worker)(now);
}

/** The worker is in its drain: its sessions of the window have ended. */
function isThrough(worker: number): Moment {
  return (now) => {
    const { file } = now;
    const ended = new Set(readLines<SessionRecord>(file("sessions.ndjson")).map(({ seq }) => seq));
    const starts = readLines<StartRecord>(file("starts.ndjson")).filter((start) => start.worker === worker);
    return isDraining(now) && starts.every(({ seq, phase }) => phase !== "steady" || ended.has(seq));
  };
}
