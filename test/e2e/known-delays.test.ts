/** Does it tell the truth? A server whose delays and failures are known exactly, and a run that must find them. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { join } from "node:path";
import type { RunResult } from "../../src/metrics/result.ts";
import type { SessionRecord } from "../../src/metrics/session-record.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";

const PARTIAL_MS = 80;
const FINAL_MS = 120;
/** Long enough for every reference of the clips played. */
const TEXT = Array.from({ length: 20 }, (_, i) => `word${i}`).join(" ");

let server: DelayServer | undefined;
let result: RunResult;
let sessions: SessionRecord[];
let code: number | null;

beforeAll(async () => {
  const measured = await undisturbed(async () => {
    server?.close();
    server = await startDelayServer({
      partialMs: PARTIAL_MS,
      finalMs: FINAL_MS,
      text: TEXT,
      failEvery: 10,
    });
    const out = join(tempFolder(), "run");
    const target = ["--target", `grpc://${server.address}`];
    const { code } = await bench([
      "--scenario",
      "smoke",
      "--duration",
      "12s",
      ...target,
      "--out",
      out,
      "--quiet",
    ]);
    return { code, ...readRun(out) };
  });
  ({ code, result, sessions } = measured);
}, 240_000);
afterAll(() => server?.close());

function within(measured: number | undefined, truth: number): void {
  expect(measured).toBeDefined();
  const allowed = Math.max(3, truth * 0.03);
  expect(
    Math.abs((measured ?? NaN) - truth),
    `${measured} should be ${truth} +- ${allowed}`,
  ).toBeLessThanOrEqual(allowed);
}

describe("a server with known delays", () => {
  it("is measured within 3 ms or 3 %, at every certified percentile", async () => {
    const { firstPartial, partial, final } = (await server!.served()).imposed;
    for (const [metric, nominalMs, imposedMs] of [
      ["first_partial_from_audio", PARTIAL_MS, firstPartial],
      ["final_from_last_chunk", FINAL_MS, final],
      ["final_from_close", FINAL_MS, final],
      ["nvidia_compat_intermediate", PARTIAL_MS, [...firstPartial, ...partial]],
    ] as const) {
      const truths = imposedMs.toSorted((a, b) => a - b);
      const truthAt = (share: number): number => truths[Math.ceil(share * truths.length) - 1]!;
      // What the server says of itself must be near what it was told, or it would be no truth at all.
      expect(Math.abs(truthAt(0.5) - nominalMs), metric).toBeLessThan(1);
      const summary = result.metrics[metric];
      expect(summary?.certified, metric).toContain("p50");
      for (const [percentile, share] of [
        ["p50", 0.5],
        ["p90", 0.9],
        ["p95", 0.95],
      ] as const) {
        if (summary?.certified?.includes(percentile) === true) within(summary[percentile], truthAt(share));
      }
      within(summary?.mean, truths.reduce((sum, truth) => sum + truth, 0) / truths.length);
    }
  });

  it("is measured session by session as the timeline says", () => {
    // Recomputed here from the timeline and the manifest's facts, not with the product's formulas.
    const steady = sessions.filter((session) => session.phase === "steady" && session.ok);
    const latencies = steady.map((session) => {
      const final = session.responses.findLast((response) => response.final);
      const latencyMs = final!.atMs - (session.anchorMs! + session.audioMs);
      expect(session.values["final_from_last_chunk"]).toBeCloseTo(latencyMs, 2);
      return latencyMs;
    });
    latencies.sort((a, b) => a - b);
    within(latencies[Math.floor(latencies.length / 2)], FINAL_MS);
  });

  it("counts failures exactly, and sessions are conserved", () => {
    const { scheduled, started, completed, failed, dropped, failures } = result.sessions;
    expect(scheduled).toBe(completed + failed + dropped);
    expect(started).toBe(scheduled);
    expect(failures).toEqual([{ phase: "streaming", class: "internal", origin: "server", count: failed }]);
    expect(result.metrics["error_ratio"]?.value).toBeCloseTo(failed / scheduled, 9);
    expect(sessions.length).toBe(
      Object.values(result.sessionsByPhase).reduce((sum, counts) => sum + counts.scheduled, 0),
    );
  });

  it("agrees with the server's own count, phase by phase", async () => {
    const served = await server?.served();
    const ours = Object.fromEntries(
      Object.entries(result.sessionsByPhase).map(([phase, { started, completed, failed }]) => [
        phase,
        { started, completed, failed },
      ]),
    );
    expect(ours).toEqual(served?.byPhase);
    expect(served?.maxOpen).toBe(25);
  });

  it("fails the gate on errors and says so by exit code", () => {
    expect(result.slos.find((check) => check.name.startsWith("error_ratio"))?.verdict).toBe("fail");
    expect(result.verdict).toBe("fail");
    expect(code).toBe(3);
  });
});
