import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { runBench } from "../../../test/support/fake-world.ts";
import { VOIDED } from "../../../test/support/sample-result.ts";
import { storeRun } from "../../../test/support/stored-runs.ts";
import type { Check, RunResult } from "../../metrics/result/result.ts";
import type { GateReport } from "../../metrics/judge/run-gate.ts";

const SCHEMA = readFileSync(new URL("../../../test/support/junit.xsd", import.meta.url), "utf8");
const BASELINE_MS = [400, 404, 396, 402, 398];

let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "gate-"));
  const steady = (ms: number) => (seq: number) => ms + (seq % 5);
  storeRun(cwd, { id: "good", sessions: 200, finalMs: steady(400) });
  storeRun(cwd, { id: "slow", sessions: 200, finalMs: steady(900) });
  storeRun(cwd, { id: "regressed", sessions: 200, finalMs: steady(520) });
  storeRun(cwd, { id: "voided", sessions: 200, finalMs: steady(400), validity: VOIDED.validity });
  storeRun(cwd, { id: "short", sessions: 40, finalMs: steady(400) });
  storeRun(cwd, { id: "failing", sessions: 200, finalMs: steady(100), fails: (seq) => seq % 10 === 0 });
  BASELINE_MS.forEach((ms, index) =>
    storeRun(join(cwd, "archive", "main"), {
      ...{ id: `before-${index}`, sessions: 200, finalMs: steady(ms), day: index + 1 },
    }),
  );
});
afterAll(() => rmSync(cwd, { recursive: true }));

async function gate(...args: string[]): Promise<GateReport & { exitCode: number }> {
  const { out, err, exitCode } = await runBench(["gate", ...args, "--json"], { cwd });
  expect(err).toBe("");
  return { ...(JSON.parse(out) as GateReport), exitCode };
}

describe("the demo pipeline: what a CI server sees of", () => {
  test.each([
    ["a good build", "good", 0, "pass"],
    ["a slow build", "slow", 3, "fail"],
    ["a regressed build", "regressed", 4, "worse"],
    ["an overloaded generator", "voided", 5, "void"],
    ["a short run", "short", 6, "inconclusive"],
  ])("%s", async (_, run, exitCode, verdict) => {
    expect(await gate(run, "--baseline", "archive")).toMatchObject({ exitCode, verdict });
  });
});

describe("a baseline in an archive", () => {
  test("is judged as the folder it was made of", async () => {
    execFileSync("tar", ["czf", join(cwd, "before.tar.gz"), "-C", cwd, "archive"]);
    const folder = await gate("regressed", "--baseline", "archive");
    const archive = await gate("regressed", "--baseline", "before.tar.gz");
    expect(archive).toEqual(folder);
    expect(archive.exitCode).toBe(4);
  });

  test("leaves nothing behind, and no link in it is followed", async () => {
    const links = join(cwd, "links");
    mkdirSync(links);
    symlinkSync(join(cwd, "archive", "main"), join(links, "main"));
    execFileSync("tar", ["cf", join(cwd, "links.tar"), "-C", cwd, "links"]);
    const { err, exitCode } = await runBench(["gate", "good", "--baseline", "links.tar"], { cwd });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("links.tar holds no run")]);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("riva-bench-archive-"))).toEqual([]);
  });

  test("that is none is said", async () => {
    writeFileSync(join(cwd, "broken.tar.gz"), "not an archive");
    const { err, exitCode } = await runBench(["gate", "good", "--baseline", "broken.tar.gz"], { cwd });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("can't be unpacked")]);
    const none = await runBench(["gate", "good", "--baseline", "none.tgz"], { cwd });
    expect([none.exitCode, none.err]).toEqual([2, expect.stringContaining("none.tgz")]);
  });
});

describe("other SLOs than the run's own", () => {
  const with_ = async (run: string, ...slos: string[]): Promise<number> =>
    (await gate(run, ...slos.flatMap((slo) => ["--slo", slo]))).exitCode;

  test("are judged from the records, violations counted exactly", async () => {
    expect(await with_("good", "final_from_close p95 < 405ms")).toBe(0);
    // One in five is at 404 ms or more.
    expect(await with_("good", "final_from_close p95 < 403.5ms")).toBe(3);
    expect(await with_("good", "final_from_close p75 < 403.5ms")).toBe(6);
    expect(await with_("good", "final_from_close p50 < 403.5ms", "goodput > 79%")).toBe(0);
  });

  test("a session that failed breaks each of them", async () => {
    expect(await with_("failing", "final_from_close p95 < 405ms")).toBe(3);
    expect(await with_("failing", "error_ratio < 20%")).toBe(0);
  });

  test("a percentile beyond the sample is never passed", async () => {
    expect(await with_("good", "final_from_close p99 < 10s")).toBe(6);
  });

  test("without records only the run's own can be told", async () => {
    const bare = join(cwd, "bare");
    storeRun(cwd, { id: "bare", sessions: 200, finalMs: () => 400 });
    rmSync(join(bare, "sessions.ndjson"));
    expect((await gate("bare", "--slo", "error_ratio < 1%")).exitCode).toBe(0);
    const { err, exitCode } = await runBench(["gate", "bare", "--slo", "error_ratio < 2%"], { cwd });
    expect([exitCode, err]).toEqual([2, expect.stringContaining("no session records")]);
  });
});

describe("against a baseline", () => {
  test("every figure of the SLOs is compared, over runs, with what was left out and why", async () => {
    const { regression, leftOut } = await gate("regressed", "--baseline", "archive", "regressed", "voided");
    expect(regression?.baseline).toEqual(BASELINE_MS.map((_, index) => `before-${index}`));
    const [final, errors] = regression?.rows ?? [];
    expect(final).toMatchObject({
      verdict: "fail",
      baseline: expect.closeTo(404, -1) as number,
      difference: expect.closeTo(120, -1) as number,
    });
    expect(final?.interval?.[0]).toBeGreaterThan(100);
    expect(errors).toMatchObject({ verdict: "pass", difference: 0 });
    expect(leftOut).toEqual([
      { run: "regressed", why: "it is the candidate itself" },
      { run: "voided", why: "it is void" },
    ]);
  });

  test("other figures and margins on demand", async () => {
    const worse = ["regressed", "--baseline", "archive"];
    expect((await gate(...worse, "--metric", "final_from_close p50", "--margin", "60")).exitCode).toBe(0);
    expect((await gate(...worse, "--metric", "goodput")).exitCode).toBe(0);
    expect((await runBench(["gate", ...worse, "--margin", "-1"], { cwd })).exitCode).toBe(2);
  });

  test("a baseline of which nothing can be compared is no pass", async () => {
    expect((await gate("good", "--baseline", "voided")).exitCode).toBe(6);
  });
});

test("JUnit with the baseline keeps to its schema", async () => {
  await runBench(["gate", "regressed", "--baseline", "archive", "--junit", "gate.xml"], { cwd });
  const xml = readFileSync(join(cwd, "gate.xml"), "utf8");
  const { errors } = await validateXML({
    xml: [{ fileName: "gate.xml", contents: xml }],
    schema: [{ fileName: "junit.xsd", contents: SCHEMA }],
  });
  expect(errors).toEqual([]);
  expect(xml).toContain('<failure type="worse" message="40');
});

test("the text names each check, the difference and the emulator", async () => {
  const { out, exitCode } = await runBench(["gate", "regressed", "--baseline", "archive"], { cwd });
  expect(exitCode).toBe(4);
  expect(out).toMatch(/^WORSE: every SLO holds, but the build is worse than the baseline/);
  expect(out).toMatch(/worse +final_from_close p95: 40\d ms -> 52\d ms, \+1\d\d ms \[/);
  expect(out).toMatch(/emulated/);
});

test("GitHub gets annotations and the job's summary", async () => {
  const summary = join(cwd, "summary.md");
  const env = { GITHUB_ACTIONS: "true", GITHUB_STEP_SUMMARY: summary };
  const { out } = await runBench(["gate", "slow"], { cwd, env });
  expect(out).toMatch(/^::error title=riva-bench%3A final_from_close p95 < 800ms::90\d ms\. /m);
  expect(readFileSync(summary, "utf8")).toMatch(/^# ❌ FAIL: an SLO did not hold\n/);
  expect((await runBench(["gate", "good"], { cwd, env })).out).not.toContain("::error");
});

test("what is no run is said so", async () => {
  const { err, exitCode } = await runBench(["gate", "nowhere"], { cwd });
  expect([exitCode, err]).toEqual([2, expect.stringContaining("holds no run")]);
});

test("a run of before keep_up meant what it means is held to it by its records, or not at all", async () => {
  const folder = storeRun(cwd, { id: "old", sessions: 200, finalMs: () => 400, slo: ["keep_up > 95%"] });
  const file = join(folder, "result.json");
  const old = JSON.parse(readFileSync(file, "utf8")) as RunResult;
  delete old.metricsVersion;
  const was: Check = { name: "keep_up > 95%", verdict: "pass", observed: 1.14, limit: "> 95%" };
  writeFileSync(file, JSON.stringify({ ...old, verdict: "pass", slos: [was] }));
  expect(await gate("old")).toMatchObject({ exitCode: 0, runs: [{ slos: [was] }] });
  // Its sessions told no positions.
  const { runs, exitCode } = await gate("old", "--slo", "keep_up > 95%");
  expect([exitCode, runs[0]?.slos[0]?.verdict]).toEqual([6, "inconclusive"]);
  rmSync(join(folder, "sessions.ndjson"));
  const { err, exitCode: refused } = await runBench(["gate", "old", "--slo", "keep_up > 95%"], { cwd });
  expect([refused, err]).toEqual([2, expect.stringContaining("no session records")]);
});
