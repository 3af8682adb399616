import {
  existsSync,
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
import { afterEach, beforeEach, expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import { VOIDED } from "../../../test/support/sample-result.ts";
import { storeRun } from "../../../test/support/stored-runs.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "history-"));
  const results = join(cwd, "results");
  [410, 400, 420].forEach((ms, index) => {
    const finalMs = (): number => ms;
    storeRun(results, { id: `run-${index}`, sessions: 150, finalMs, day: 3 - index });
  });
  storeRun(results, { id: "spoiled", sessions: 150, finalMs: () => 9000, validity: VOIDED.validity, day: 9 });
});
afterEach(() => rmSync(cwd, { recursive: true }));

interface Line {
  run?: string;
  verdict: string;
  value?: number;
  runs: number;
}

async function lines(...args: string[]): Promise<Line[]> {
  const { out, err, exitCode } = await runBench(["history", ...args, "--json"], { cwd });
  expect([err, exitCode]).toEqual(["", 0]);
  return JSON.parse(out) as Line[];
}

test("runs are listed oldest first, with the figure asked for; a void one has none", async () => {
  const found = await lines("--metric", "final_from_close p95");
  expect(found.map(({ run }) => run)).toEqual(["run-2", "run-1", "run-0", "spoiled"]);
  expect(found.map(({ value }) => value && Math.round(value / 10))).toEqual([42, 40, 41, undefined]);
});

test("by release: one line, the mean of its valid runs", async () => {
  const [line, ...others] = await lines("--metric", "final_from_close p95", "--by-release");
  expect(others).toEqual([]);
  expect(line).toMatchObject({
    runs: 4,
    verdict: "3 pass, 1 void",
    value: expect.closeTo(410, -1) as number,
  });
});

test("a pinned run is a copy that the gate finds", async () => {
  for (const run of ["run-0", "run-1", "run-2"]) {
    const { err, out } = await runBench(["history", "--pin", `results/${run}`], { cwd });
    expect(err).toBe("");
    expect(out).toContain(`${run} is one of`);
  }
  const gate = await runBench(["gate", "results/run-1", "--baseline", "baselines/main"], { cwd });
  expect(gate.out).toContain("against 2 baseline run(s)");
  const again = await runBench(["history", "--pin", "results/run-0"], { cwd });
  expect([again.exitCode, again.err]).toEqual([2, expect.stringContaining("there already")]);
});

test("a run that never began is no run, and hides none of the others", async () => {
  const never = join(cwd, "results", "never-began");
  mkdirSync(never);
  for (const name of ["scenario.yaml", "sessions.ndjson"]) writeFileSync(join(never, name), "");
  expect((await lines()).map(({ run }) => run)).toEqual(["run-2", "run-1", "run-0", "spoiled"]);
});

test("where there are no runs yet, it says how to make one", async () => {
  const { err, exitCode } = await runBench(["history"], { cwd: join(cwd, "results", "run-0") });
  expect([exitCode, err]).toEqual([2, expect.stringContaining("bench --scenario smoke")]);
});

test.each([
  [["--pin", "results/spoiled"], "no whole, valid run"],
  [["--pin", "results/run-0", "--as", "../x"], "--as"],
  [["--pin", "results/run-0", "--as", ".."], "--as"],
  [["--pin", "results/run-0", "--as=-x"], "--as"],
  [["--scenario", "other"], "no run matches"],
  [["nowhere"], "holds no run"],
])("%s is refused", async (args, message) => {
  const { err, exitCode } = await runBench(["history", ...args], { cwd });
  expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
});

test.each(["../../escaped", "..", "/tmp/escaped", "a/b", "-x", "\u001b[2J"])(
  "a run that calls itself %j is refused by every reader, and pinned nowhere",
  async (id) => {
    const folder = join(cwd, "results", "run-0");
    const file = join(folder, "result.json");
    const result = JSON.parse(readFileSync(file, "utf8")) as { run: { id: string } };
    writeFileSync(file, JSON.stringify({ ...result, run: { ...result.run, id } }));
    for (const args of [["history", "--pin", folder], ["report", folder], ["gate", folder], ["history"]]) {
      const { err, exitCode } = await runBench(args, { cwd });
      expect([exitCode, err]).toEqual([2, expect.stringContaining("run.id: is not the id of a run")]);
    }
    expect(readdirSync(cwd)).toEqual(["results"]);
  },
);

test("links in a run folder are not pinned", async () => {
  symlinkSync("/etc/passwd", join(cwd, "results/run-0/link"));
  await runBench(["history", "--pin", "results/run-0"], { cwd });
  expect(existsSync(join(cwd, "baselines/main/run-0/result.json"))).toBe(true);
  expect(existsSync(join(cwd, "baselines/main/run-0/link"))).toBe(false);
});

test("people read a table, with the word emulated", async () => {
  const { out } = await runBench(["history", "results"], { cwd });
  expect(out).toMatch(/final_from_speech_end p95/);
  expect(out).toMatch(/emulated/);
});
