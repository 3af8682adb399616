/** What becomes of a run over NATS when workers die in different ways, or the broker is full. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StartRecord } from "../../src/loadgen/workers/start-record.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { BenchProcess } from "../support/bench-process.ts";
import { descendants, readLines, readRun, tempFolder } from "../support/bench-process.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { remoteRun } from "../support/remote-run.ts";
import { isInTheWindow, lostSessions, until } from "../support/short-run.ts";

let broker: NatsServer;
beforeAll(async () => (broker = await startNatsServer()));
afterAll(() => broker.close());

const scenario = (streams: number, steadySeconds: number): string => `name: deaths
load: { model: concurrency, streams: ${streams} }
duration: { warmup: 1s, steady: ${steadySeconds}s }
audio: { clips: { max: 3s } }
slo: ["error_ratio < 50%"]
`;

/** The process that makes a worker's load, and the one that speaks to the broker. */
function processesOf({ child }: BenchProcess): { speaks: number; makesLoad: number } {
  const [makesLoad] = descendants(child.pid!);
  return { speaks: child.pid!, makesLoad: makesLoad! };
}

const lostWorkers = ({ validity }: RunResult): string | undefined =>
  validity.checks.find(({ name }) => name === "lost_workers")?.verdict;

// They wait for silences to last: side by side they take no longer than the longest.
describe.concurrent("a run over NATS", () => {
  it("loses workers in four ways: each is said, none is run again, all stays in the count, the run is void", async () => {
    const run = await remoteRun(broker.url, 5, { scenario: scenario(10, 12), failEvery: Infinity });
    await until(run, isInTheWindow);
    const [survivor, killed, withoutLoad, ended, frozen] = run.workers as [
      BenchProcess,
      ...BenchProcess[],
    ] as [BenchProcess, BenchProcess, BenchProcess, BenchProcess, BenchProcess];
    const zombie = processesOf(frozen);
    for (const pid of Object.values(zombie)) process.kill(pid, "SIGSTOP");
    process.kill(processesOf(killed).speaks, "SIGKILL");
    process.kill(processesOf(withoutLoad).makesLoad, "SIGKILL");
    process.kill(processesOf(ended).speaks, "SIGTERM");

    expect((await ended.finished).code).toBe(143);
    const left = await withoutLoad.finished;
    expect([left.code, left.stderr]).toEqual([
      1,
      expect.stringMatching(/^bench: worker 3 of run \S+ ended before its sessions did$/m),
    ]);
    const { code, stderr } = await run.coordinator.finished;
    expect(code).toBe(5);
    for (const [worker, how] of [
      [2, "was silent for 10 s"],
      [3, "ended before its sessions did"],
      [4, "was told to end (SIGTERM)"],
      [5, "was silent for 10 s"],
    ] as const)
      expect(stderr).toContain(`worker ${worker} ${how}; its share is not run again`);
    expect((await survivor.finished).code).toBe(0);

    const { result, sessions } = readRun(run.out);
    expect(result.verdict).toBe("void");
    expect(lostWorkers(result)).toBe("fail");
    const recorded = new Set(sessions.map(({ seq }) => seq));
    expect(recorded.size).toBe(sessions.length);
    // Callers are dealt out by turns: each worker had two, most of them with a session open.
    const starts = readLines<StartRecord>(run.file("starts.ndjson"));
    const underWay = starts.filter(({ seq }) => !recorded.has(seq));
    expect(lostSessions(result)).toBe(underWay.length);
    for (const worker of [2, 3, 4, 5])
      expect(underWay.filter((start) => start.worker === worker).length).toBeGreaterThan(0);
    const { warmup, steady, drain } = result.sessionsByPhase;
    expect(warmup.scheduled + steady.scheduled + drain.scheduled).toBe(recorded.size + underWay.length);

    // It wakes up when all is over: nothing of it is taken any more.
    for (const pid of Object.values(zombie)) process.kill(pid, "SIGCONT");
    const late = await frozen.finished;
    expect(late.code).toBe(1);
    expect(late.stderr).toMatch(/taken for lost|was let go|heard nothing from the coordinator/);
    expect(readRun(run.out).sessions.length).toBe(sessions.length);
    run.server.close();
  });

  it("whose broker has no room left says so, and is void with what was stored", async () => {
    const config = join(tempFolder(), "nats.conf");
    writeFileSync(config, "jetstream { max_file_store: 60000 }\n");
    const full = await startNatsServer(["-c", config]);
    const run = await remoteRun(full.url, 1, { scenario: scenario(4, 30) });
    const { code, stderr } = await run.coordinator.finished;
    expect(code).toBe(5);
    expect(stderr).toMatch(
      /worker 1 could store nothing on the broker for 10s \(.+\); its share is not run again/,
    );
    expect((await run.workers[0]!.finished).code).toBe(1);
    expect(readLines<StartRecord>(run.file("starts.ndjson")).length).toBeGreaterThan(0);
    run.server.close();
    await full.close();
  });
});
