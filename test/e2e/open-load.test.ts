/** Open loads, end to end: what the plan says is what is counted, whatever the server does. */
import { afterEach, expect, test } from "vitest";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { bench, failuresOfOthers, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";

const TEXT = Array.from({ length: 20 }, (_, i) => `word${i}`).join(" ");

let server: DelayServer | undefined;
afterEach(() => server?.close());

interface Run {
  code: number | null;
  result: RunResult;
  sessions: SessionRecord[];
}

async function poissonRun(finalMs: number, load: string): Promise<Run> {
  server?.close();
  server = await startDelayServer({ partialMs: 80, finalMs, text: TEXT });
  const folder = tempFolder();
  const scenario = join(folder, "mine.yaml");
  const lines = [
    "name: mine",
    `load: ${load}`,
    "duration: { warmup: 1s, steady: 4s }",
    "audio: { clips: { max: 2500ms } }",
    "session: { deadline: 3s }",
  ];
  writeFileSync(scenario, lines.join("\n"));
  const out = join(folder, "run");
  const target = ["--target", `grpc://${server.address}`];
  const { code } = await bench(["--scenario", scenario, ...target, "--seed", "7", "--out", out, "--quiet"]);
  return { code, ...readRun(out) };
}

/** The sessions of the window as they were planned. */
function plannedOf({ sessions }: Run): unknown[] {
  const steady = sessions.filter(({ phase }) => phase === "steady");
  return steady
    .map(({ seq, scheduledMs, clip }) => [seq, scheduledMs, clip])
    .sort(([a], [b]) => Number(a) - Number(b));
}

test("two runs of one seed plan and count the same, on a quick server and on one that drops what it can't take", async () => {
  const load = "{ model: poisson, rate: 10, maxOpen: 60 }";
  const quick = await undisturbed(() => poissonRun(100, load));
  const hung = await poissonRun(20_000, load.replace("60", "12"));
  expect(plannedOf(hung)).toEqual(plannedOf(quick));
  expect(hung.result.sessions.scheduled).toBe(quick.result.sessions.scheduled);
  expect([quick.result.sessions.dropped, failuresOfOthers(quick.result)]).toEqual([0, []]);

  const { scheduled, started, completed, failed, dropped } = hung.result.sessions;
  expect(dropped).toBeGreaterThan(0);
  expect(started + dropped).toBe(scheduled);
  expect(completed + failed).toBe(started);
  expect(hung.sessions.filter((record) => record.phase === "steady" && record.dropped === true).length).toBe(
    dropped,
  );
  // More than 1 % missed their start: the plan was not kept, so the run can't pass.
  expect(hung.result.validity.checks.find(({ name }) => name === "missed_starts")?.verdict).toBe("fail");
  expect(hung.code).toBe(5);
}, 180_000);
