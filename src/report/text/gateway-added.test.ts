import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { compareRuns } from "../../metrics/judge/comparison.ts";
import { DEFAULT_MARGINS, figureNamed } from "../../metrics/judge/figure.ts";
import { Histogram } from "../../metrics/record/histogram.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { gatewayNotes } from "./gateway-added.ts";

type Target = Partial<RunResult["target"]>;

const DIRECT: Target = { kind: "riva-grpc", uri: "grpc://h:50051" };
const BINARY: Target = {
  ...{ kind: "gateway", uri: "ws://h:9000/v1/stream" },
  server: { gateway: "riva-bench", upstreams: "h:50051" },
};
const REALTIME: Target = { ...BINARY, kind: "nim-realtime", uri: "ws://h:9000" };

function run(target: Target, responseMs: number): RunResult {
  const histogram = new Histogram(1000);
  for (let i = 0; i < 50; i++) histogram.record(responseMs);
  return {
    ...PASSED,
    target: { ...PASSED.target, ...target },
    metrics: { response_latency: { unit: "ms", count: 50, p50: responseMs, histogram: histogram.encode() } },
  };
}

/** Eight pairs; each machine mood is on both sides. */
function compared(before: Target, after: Target, addedMs: number) {
  const moods = [40, 60, 45, 55, 50, 70, 65, 42];
  const baseline = moods.map((ms) => run(before, ms));
  const candidate = moods.map((ms, pair) => run(after, ms + addedMs + (pair % 3) - 1));
  const figures = [figureNamed("response_latency p50")];
  return compareRuns({ baseline, candidate, paired: true }, figures, [], DEFAULT_MARGINS);
}

test("what the gateway adds is the difference of the pairs, with its interval, by its dialect", () => {
  const [line, ...more] = gatewayNotes(compared(DIRECT, BINARY, 3));
  const figures =
    /^the gateway adds \(binary dialect\): response_latency p50 \+(\S+) ms \(\+(\S+) ms to \+(\S+) ms\)$/.exec(
      line ?? "",
    );
  const [estimate = NaN, low = NaN, high = NaN] = (figures ?? []).slice(1).map(Number);
  expect(estimate).toBeCloseTo(2.9, 0);
  expect(low).toBeGreaterThan(1.9);
  expect(high).toBeLessThan(4.1);
  expect(more).toEqual([]);
  expect(gatewayNotes(compared(DIRECT, REALTIME, 3))[0]).toContain("(realtime dialect)");
});

test("a gateway in front of another server than the baseline is said, as are upstreams that go by a name", () => {
  const elsewhere = { ...BINARY, server: { gateway: "riva-bench", upstreams: "nim, legacy" } };
  expect(gatewayNotes(compared(DIRECT, elsewhere, 3))[1]).toBe(
    "the gateway's upstreams are nim, legacy: what it adds is right only if they are h:50051",
  );
});

test("the wrong way round is said; without a gateway, or with one on both sides, there is nothing to say", () => {
  expect(gatewayNotes(compared(BINARY, DIRECT, 0))).toEqual([
    "the baseline came in through a gateway: give the direct target first to read what that adds",
  ]);
  expect(gatewayNotes(compared(DIRECT, DIRECT, 3))).toEqual([]);
  expect(gatewayNotes(compared(REALTIME, BINARY, 3))).toEqual([]);
});
