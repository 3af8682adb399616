import { expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";

interface Plan {
  sessionsPerMinute: number;
  strongest: string | null;
  rows: { percentile: string; sessions: { none: number; one: number }; minutes: number; slos: string[] }[];
}

async function plan(...args: string[]): Promise<Plan> {
  const { out, err, exitCode } = await runBench(["plan", ...args, "--json"]);
  expect([err, exitCode]).toEqual(["", 0]);
  return JSON.parse(out) as Plan;
}

test("the published floors, at the scenario's own rate", async () => {
  const { rows, sessionsPerMinute } = await plan("--scenario", "concurrency-50");
  const of = (name: string) => rows.find(({ percentile }) => percentile === name);
  expect(of("p95")?.sessions).toEqual({ none: 90, one: 130 });
  expect(of("p99")?.sessions).toEqual({ none: 459, one: 662 });
  expect(of("p99.9")?.sessions).toEqual({ none: 4603, one: 6636 });
  expect(of("p99")?.minutes).toBeCloseTo(662 / sessionsPerMinute, 9);
  expect(of("p95")?.slos.length).toBeGreaterThan(0);
});

test("a lower confidence asks for fewer (at 95 %: 473 for p99)", async () => {
  const { rows } = await plan("--confidence", "95");
  expect(rows.find(({ percentile }) => percentile === "p99")?.sessions.one).toBe(473);
});

test("the strongest percentile of a budget, or none", async () => {
  expect((await plan("--scenario", "concurrency-50", "--budget", "1m")).strongest).toBe("p97");
  expect((await plan("--scenario", "concurrency-50", "--budget", "1h")).strongest).toBe("p99.9");
  expect((await plan("--scenario", "concurrency-1", "--budget", "10s")).strongest).toBeNull();
});

test("more streams need less time", async () => {
  const few = await plan("--streams", "50");
  const many = await plan("--streams", "100");
  expect(many.sessionsPerMinute).toBeCloseTo(2 * few.sessionsPerMinute, -1);
});

test.each([
  [["--confidence", "20"], "--confidence"],
  [["--budget", "soon"], "--budget"],
  [["--scenario", "offline-throughput"], "no pace"],
])("%s is refused", async (args, message) => {
  const { err, exitCode } = await runBench(["plan", ...args]);
  expect([exitCode, err]).toEqual([2, expect.stringContaining(message)]);
});

test("people read a table", async () => {
  const { out } = await runBench(["plan", "--scenario", "concurrency-50", "--budget", "5m"]);
  expect(out).toMatch(/the strongest gate in a window of 5\.0 min is p99/);
});
