/** Whatever ends a run by force, what it had measured by then can be read, and nobody takes it for more than it is. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { StartRecord } from "../../src/loadgen/workers/start-record.ts";
import { parseRunResult } from "../../src/metrics/result/read-result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import {
  bench,
  descendants,
  isAlive,
  readLines,
  readRun,
  sleep,
  startBench,
  tempFolder,
} from "../support/bench-process.ts";
import type { Moment, ShortRun } from "../support/short-run.ts";
import {
  expectNothingLost,
  hasBegun,
  isDraining,
  isInTheWindow,
  lostSessions,
  shortRun,
  STREAMS,
  strike,
  until,
} from "../support/short-run.ts";

let run: ShortRun;

/** Sessions have ended that began after the five seconds of the window were over, and are of the window. */
const isBeyondItsWindow: Moment = ({ file }) =>
  readLines<SessionRecord>(file("sessions.ndjson")).some(
    ({ phase, scheduledMs }) => phase === "steady" && scheduledMs > 6000,
  );

afterEach(() => run.server.close());

describe("a run whose main process is killed", () => {
  it.each([
    ["at its start", hasBegun],
    ["in the window", isInTheWindow],
    ["in the drain", isDraining],
  ])("%s: every session that ended is reported, and the verdict is void", async (_, moment) => {
    run = await shortRun(2);
    const started = startBench(run.args);
    await until(run, moment);
    const children = descendants(started.child.pid!);
    const struckMs = strike(started.child.pid!);
    await started.finished;
    while (children.some(isAlive)) await sleep(20);
    await sleep(100);
    expect(existsSync(run.file("result.json"))).toBe(false);

    const { code, stdout, stderr } = await bench(["report", run.out, "--format", "json"]);
    expect(code).toBe(0);
    const result = parseRunResult(stdout, "standard output");
    const sessions = readLines<SessionRecord>(run.file("sessions.ndjson"));
    expect(result.verdict).toBe("void");
    expect(result.run).toMatchObject({ interrupted: true, workers: 2, seed: 1 });
    expect(result.validity.checks.find(({ name }) => name === "complete")?.verdict).toBe("fail");
    expectNothingLost(result, sessions, await run.server.served(), {
      atMs: struckMs,
      starts: readLines<StartRecord>(run.file("starts.ndjson")),
    });
    expect(lostSessions(result)).toBeLessThanOrEqual(STREAMS);
    const ok = sessions.filter((session) => session.ok && session.phase === "steady").length;
    expect(result.metrics["final_from_close"]?.count ?? 0).toBe(ok);
    expect(stderr).toContain("has no result: it was killed");
    expect(stderr).toContain(
      `${sessions.length} sessions ended and were recorded, ${lostSessions(result)} were under way`,
    );
  });

  it("after its window was made longer: the longer window is the one that is reported", async () => {
    run = await shortRun(2, { flags: ["--until-certified", "p99", "--budget", "1m"] });
    const started = startBench(run.args);
    await until(run, isBeyondItsWindow);
    const struckMs = strike(started.child.pid!);
    await started.finished;
    await sleep(1000);
    const { stdout } = await bench(["report", run.out, "--format", "json"]);
    const result = parseRunResult(stdout, "standard output");
    const sessions = readLines<SessionRecord>(run.file("sessions.ndjson"));
    expect(result.window.steadyMs).toBeGreaterThan(5000);
    expectNothingLost(result, sessions, await run.server.served(), {
      atMs: struckMs,
      starts: readLines<StartRecord>(run.file("starts.ndjson")),
    });
  });

  it("can be given its result afterwards", async () => {
    run = await shortRun(1);
    const started = startBench(run.args);
    await until(run, isInTheWindow);
    started.child.kill("SIGKILL");
    await started.finished;
    await bench(["report", run.out, "--format", "json", "--out", run.file("result.json")]);
    const { code, stdout, stderr } = await bench(["report", run.out]);
    expect(code).toBe(0);
    expect(stderr).toBe("");
    expect(stdout).toContain("VOID");
    expect(readRun(run.out).result.verdict).toBe("void");
  });

  it("before it began: there is nothing to report", async () => {
    run = await shortRun(1);
    mkdirSync(run.out);
    writeFileSync(run.file("scenario.yaml"), "name: never-begun\n");
    const { code, stderr } = await bench(["report", run.out]);
    expect(code).toBe(2);
    expect(stderr).toContain("never began: nothing was measured");
  });
});

describe("bench report on a run that ended well", () => {
  it("gives the result again, as JSON, table or page; a folder without a run is refused", async () => {
    run = await shortRun(1, { flags: ["--quiet"] });
    const told = await bench(run.args);
    const { result } = readRun(run.out);
    const json = await bench(["report", run.out, "--format", "json"]);
    expect(parseRunResult(json.stdout, "standard output")).toEqual(result);
    expect((await bench(["report", run.out])).stdout).toBe(told.stdout);
    expect((await bench(["report", run.out, "--format", "html"])).stdout).toContain("</html>");
    expect((await bench(["report", tempFolder()])).code).toBe(2);
  });
});

describe("a disk that fills up in the run", () => {
  const folder = tempFolder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=128k", "tmpfs", folder]).status === 0;
  afterEach(() => {
    if (mounted) spawnSync("umount", [folder]);
  });

  it.skipIf(!mounted)("ends it in good order: says so, prints what there is, exits 1", async () => {
    run = await shortRun(2, { flags: ["--duration", "60s"], out: join(folder, "run") });
    const began = performance.now();
    const { code, stdout, stderr } = await bench(run.args);
    expect(performance.now() - began).toBeLessThan(45_000);
    expect(code).toBe(1);
    expect(stderr).toMatch(/can't be written: ENOSPC/);
    expect(stderr).toContain("free some disk space");
    expect(stdout).toContain("partial result");
  });
});
