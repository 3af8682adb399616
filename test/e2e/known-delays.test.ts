/** Does it tell the truth? A server whose delays and failures are known exactly, and a run that must find them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { join } from "node:path";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { sessionValue } from "../../src/metrics/catalogue/values-by-name.ts";
import { completedSessions } from "../../src/store/session-details.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import {
  bench,
  failuresOfOthers,
  isDisturbed,
  readRun,
  tempFolder,
  undisturbed,
} from "../support/bench-process.ts";
import type { DelayServer, Served } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { STALL_MS, stallsDuring } from "../support/stalls.ts";
import { expectNothingLost } from "../support/short-run.ts";

const PARTIAL_MS = 80;
const FINAL_MS = 120;
const PERCENTILES = [
  ["p50", 0.5],
  ["p90", 0.9],
  ["p95", 0.95],
] as const;
/** Long enough for every reference of the clips played. */
const TEXT = Array.from({ length: 20 }, (_, i) => `word${i}`).join(" ");

let server: DelayServer | undefined;
let result: RunResult;
let sessions: SessionRecord[];
let out: string;
let served: Served;
/** The machine let even this process stand still. */
let hasStalled: boolean;
let code: number | null;

beforeAll(async () => {
  const run = async () => {
    server?.close();
    server = await startDelayServer({
      partialMs: PARTIAL_MS,
      finalMs: FINAL_MS,
      text: TEXT,
      failEvery: 10,
    });
    const out = join(tempFolder(), "run");
    const target = ["--target", `grpc://${server.address}`];
    const flags = ["--scenario", "smoke", "--duration", "12s", ...target, "--out", out, "--quiet"];
    const { code } = await bench(flags);
    return { code, out, ...readRun(out), served: await server.served() };
  };
  const holds = (measured: Awaited<ReturnType<typeof run>>): boolean =>
    figuresOf(measured).every(({ measured, truth }) => Math.abs(measured - truth) <= allowed(truth));
  const beside = await stallsDuring(() => undisturbed(run, holds), STALL_MS);
  ({ code, out, result, sessions, served } = beside.result);
  hasStalled = beside.stallsMs.length > 0;
}, 240_000);
afterAll(() => server?.close());

/** Milliseconds. */
function allowed(truth: number): number {
  return Math.max(3, truth * 0.03);
}

interface Figure {
  name: string;
  measured: number;
  truth: number;
}

/** Every certified percentile and the mean, beside what the server says of its own delays. */
function figuresOf({ result, served: { imposed } }: { result: RunResult; served: Served }): Figure[] {
  const { firstPartial, partial, final } = imposed;
  return Object.entries({
    first_partial_from_audio: firstPartial,
    final_from_last_chunk: final,
    final_from_close: final,
    nvidia_compat_intermediate: [...firstPartial, ...partial],
  }).flatMap(([metric, imposedMs]) => {
    const truths = imposedMs.toSorted((a, b) => a - b);
    const summary = result.metrics[metric];
    const certified = PERCENTILES.filter(([name]) => summary?.certified?.includes(name));
    return [
      ...certified.map(([name, share]) => ({
        name: `${metric} ${name}`,
        measured: summary?.[name] ?? NaN,
        truth: truths[Math.ceil(share * truths.length) - 1]!,
      })),
      {
        name: `${metric} mean`,
        measured: summary?.mean ?? NaN,
        truth: truths.reduce((sum, truth) => sum + truth, 0) / truths.length,
      },
    ];
  });
}

describe("a server with known delays", () => {
  it("is measured within 3 ms or 3 %, at every certified percentile", () => {
    const figures = figuresOf({ result, served });
    // Replies that wait for the CPU of a busy machine are late for good; half of them still are not. Three runs were made before it is blamed.
    const held =
      isDisturbed(result) || hasStalled ? figures.filter(({ name }) => name.endsWith(" p50")) : figures;
    for (const { name, measured, truth } of held)
      expect(Math.abs(measured - truth), `${name}: ${measured} for ${truth}`).toBeLessThanOrEqual(
        allowed(truth),
      );
    // What the server says of itself must be near what it was told, or it would be no truth at all.
    const medians = figures.filter(({ name }) => name.endsWith(" p50")).map(({ truth }) => truth);
    expect(medians).toHaveLength(4);
    for (const [i, nominalMs] of [PARTIAL_MS, FINAL_MS, FINAL_MS, PARTIAL_MS].entries())
      expect(Math.abs(medians[i]! - nominalMs)).toBeLessThan(1);
  });

  it("is measured session by session as the timeline says", async () => {
    // Recomputed here from the timeline and the manifest's facts, not with the product's formulas.
    const measured = new Map<number, number | undefined>();
    for await (const session of completedSessions(out))
      measured.set(session.seq, sessionValue("final_from_last_chunk", session));
    const steady = sessions.filter((session) => session.phase === "steady" && session.ok);
    const latencies = steady.map((session) => {
      const final = session.responses.findLast((response) => response.final);
      const latencyMs = final!.atMs - (session.anchorMs! + session.audioMs);
      expect(measured.get(session.seq)).toBeCloseTo(latencyMs, 2);
      return latencyMs;
    });
    latencies.sort((a, b) => a - b);
    const median = latencies[Math.floor(latencies.length / 2)] ?? NaN;
    expect(Math.abs(median - FINAL_MS)).toBeLessThanOrEqual(allowed(FINAL_MS));
  });

  it("counts failures exactly, and sessions are conserved", () => {
    const { scheduled, started, completed, failed, dropped } = result.sessions;
    expect(scheduled).toBe(completed + failed + dropped);
    expect(started).toBe(scheduled);
    const planned = sessions.filter(
      ({ phase, failure }) => phase === "steady" && failure?.code === "INTERNAL",
    );
    expect(failuresOfOthers(result)).toEqual([
      { phase: "streaming", class: "internal", origin: "server", count: planned.length },
    ]);
    expect(result.metrics["error_ratio"]?.value).toBeCloseTo(planned.length / scheduled, 9);
    expect(sessions.length).toBe(
      Object.values(result.sessionsByPhase).reduce((sum, counts) => sum + counts.scheduled, 0),
    );
  });

  it("agrees with the server's own count, phase by phase", () => {
    expectNothingLost(result, sessions, served);
    expect(served.maxOpen).toBe(25);
  });

  it("fails the gate on errors and says so by exit code", () => {
    expect(result.slos.find((check) => check.name.startsWith("error_ratio"))?.verdict).toBe("fail");
    expect([result.verdict, code]).toEqual(result.validity.status === "void" ? ["void", 5] : ["fail", 3]);
  });
});
