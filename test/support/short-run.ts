/** A short run against a server with known delays that ends every ninth stream with an error. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { StartRecord } from "../../src/loadgen/workers/start-record.ts";
import type { Counts } from "../../src/metrics/observation/counts.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { readLines, sleep, tempFolder } from "./bench-process.ts";
import type { DelayServer, Served } from "./delay-server.ts";
import { startDelayServer } from "./delay-server.ts";

export const STREAMS = 8;

export interface ShortRun {
  out: string;
  file(name: string): string;
  args: string[];
  server: DelayServer;
}

const SCENARIO = `name: short
load: { model: concurrency, streams: ${STREAMS} }
duration: { warmup: 1s, steady: 5s }
audio: { clips: { max: 3s } }
slo: ["error_ratio < 50%"]
`;

/**
 * Warm-up of 1 s, window of 5 s, sessions of up to 3 s.
 * @param workers of this machine; "elsewhere" leaves their number to the flags
 */
export async function shortRun(
  workers: number | "elsewhere",
  options: { flags?: readonly string[]; out?: string; failEvery?: number; scenario?: string } = {},
): Promise<ShortRun> {
  const { flags = [], out = join(tempFolder(), "run"), failEvery = 9, scenario: text = SCENARIO } = options;
  const server = await startDelayServer({
    partialMs: 20,
    finalMs: 30,
    text: Array.from({ length: 20 }, (_, i) => `word${i}`).join(" "),
    failEvery,
  });
  const scenario = join(tempFolder(), "short.yaml");
  writeFileSync(scenario, text);
  const here = workers === "elsewhere" ? [] : ["--workers", `${workers}`];
  const given = ["--target", `grpc://${server.address}`, ...here, "--out", out, ...flags];
  return { out, file: (name) => join(out, name), args: ["--scenario", scenario, ...given], server };
}

/** When to strike: asked again and again while a run goes on. */
export type Moment = (run: ShortRun) => boolean;

export const hasBegun: Moment = ({ file }) => existsSync(file("run.json"));

export const allCallersAreIn: Moment = ({ file }) => readLines(file("starts.ndjson")).length >= STREAMS;

export const isInTheWindow: Moment = ({ file }) =>
  readLines<SessionRecord>(file("sessions.ndjson")).filter(({ phase }) => phase === "steady").length >= 5;

export const isDraining: Moment = ({ file }) =>
  readLines<StartRecord>(file("starts.ndjson")).some(({ phase }) => phase === "drain");

export async function until(run: ShortRun, moment: Moment): Promise<void> {
  while (!moment(run)) await sleep(20);
}

/** Kills a process of the run, and says when. */
export function strike(pid: number): number {
  process.kill(pid, "SIGKILL");
  return Date.now();
}

/** What is on its way between server, worker and disk in the moment of a kill may be on record at one end only. */
const ON_THE_WAY_MS = 50;

/**
 * Every session that the server saw is in the result, and every one that ended has one record, with the end that the
 * server gave it: those that the harness itself found wanting (a machine out of CPU is enough) ended well over there.
 * @param struck when a process was killed, since 1970, and the starts on record: then, as many sessions may be amiss as began or
 * ended at that moment, at either end
 */
export function expectNothingLost(
  result: RunResult,
  sessions: readonly SessionRecord[],
  server: Served,
  struck?: { atMs: number; starts: readonly StartRecord[] },
): void {
  const isOnTheWay = (atMs: number): boolean => Math.abs(atMs - (struck?.atMs ?? NaN)) <= ON_THE_WAY_MS;
  const startedAtMs = Date.parse(result.run.startedAt);
  const unsure =
    server.changesEpochMs.filter(isOnTheWay).length +
    (struck?.starts ?? []).filter(({ startedMs }) => isOnTheWay(startedAtMs + startedMs)).length;
  for (const phase of ["warmup", "steady", "drain"] as const) {
    const counts = result.sessionsByPhase[phase];
    const ended = sessions.filter((session) => session.phase === phase);
    expect(ended.length).toBe(counts.scheduled - lostIn(counts));
    const theirs = server.byPhase[phase] ?? { started: 0, completed: 0, failed: 0 };
    const completed = ended.filter(({ failure }) => failure === undefined || failure.code === failure.class);
    expectNear(counts.started, theirs.started, unsure);
    expectNear(completed.length, theirs.completed, unsure);
    expectNear(counts.scheduled - completed.length, theirs.failed, unsure);
  }
  expect(new Set(sessions.map(({ seq }) => seq)).size).toBe(sessions.length);
}

function expectNear(ours: number, theirs: number, unsure: number): void {
  expect(Math.abs(ours - theirs), `${ours} here, ${theirs} there, ${unsure} unsure`).toBeLessThanOrEqual(
    unsure,
  );
}

/** Sessions of any phase that were under way when their worker was lost. */
export function lostSessions({ sessionsByPhase: { warmup, steady, drain } }: RunResult): number {
  return lostIn(warmup) + lostIn(steady) + lostIn(drain);
}

function lostIn({ failures }: Counts): number {
  return failures.reduce((sum, failure) => sum + (failure.class === "worker-lost" ? failure.count : 0), 0);
}
