import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NvidiaStream } from "../../../test/support/nvidia-table.ts";
import { nvidiaTable } from "../../../test/support/nvidia-table.ts";
import type { Said } from "../../../test/support/timeline.ts";
import { sketch } from "../../../test/support/timeline.ts";
import { NVIDIA_COMPAT_METRICS, nvidiaPercentile } from "./nvidia-compat.ts";
import { pairs } from "../observation/moments.ts";
import type { Observation } from "../observation/observation.ts";

/** Chunks were sent at 120, 220 ... 1020 ms. */
function session(said: readonly Said[]): Observation {
  return sketch({ said });
}

function values(name: string, observation: Observation): number[] {
  const found: number[] = [];
  const metric = NVIDIA_COMPAT_METRICS.find((candidate) => candidate.name === name)!;
  metric.each(observation, (value) => found.push(value));
  return found;
}

describe("pairing on hand-made timelines", () => {
  const empty = (count: number, latencyMs: number): Said[] =>
    Array.from({ length: count }, (_, i) => [120 + 100 * i + latencyMs, ""]);

  it("takes response i for chunk i, whatever it is about, and empty ones count", () => {
    const said: Said[] = [...empty(9, 14), [1060, "one two three four."]];
    expect(values("nvidia_compat_latency", session(said))).toEqual([...Array<number>(9).fill(14), 40]);
    expect(values("nvidia_compat_intermediate", session(said))).toEqual(Array<number>(9).fill(14));
    expect(values("nvidia_compat_final", session(said))).toEqual([40]);
  });

  it("leaves out the one response too many, though it be the final", () => {
    const said: Said[] = [...empty(10, 14), [1060, "one two three four."]];
    expect(values("nvidia_compat_latency", session(said))).toEqual(Array<number>(10).fill(14));
    expect(values("nvidia_compat_final", session(said))).toEqual([]);
  });

  it("counts a final in mid-stream among the finals, and lets values be negative", () => {
    const said: Said[] = [[125, "one."], ...empty(10, 14).slice(1, 9), [1000, " two."]];
    expect(values("nvidia_compat_final", session(said))).toEqual([5, -20]);
  });

  it.each([
    [9, false],
    [10, true],
    [11, true],
    [12, false],
  ])("%i responses to ten chunks pair: %s", (count, paired) => {
    const observation = session(empty(count, 14));
    expect(pairs(observation)).toBe(paired);
    expect(values("nvidia_compat_latency", observation)).toHaveLength(paired ? 10 : 0);
  });
});

describe("percentiles", () => {
  it.each([
    // sorted[floor(p n / 100)], counted from 0, by hand.
    [[10, 20, 30, 40], 50, 30],
    [[10, 20, 30, 40], 90, 40],
    [[10, 20, 30, 40], 95, 40],
    [[10, 20, 30, 40, 50], 50, 30],
    [Array.from({ length: 100 }, (_, i) => i + 1), 50, 51],
    [Array.from({ length: 100 }, (_, i) => i + 1), 99, 100],
    [Array.from({ length: 198 }, (_, i) => i), 99, 196],
    [[7], 99, 7],
  ])("of %j: p%i is %d", (sorted, percent, expected) => {
    expect(nvidiaPercentile(sorted, percent)).toBe(expected);
  });

  it("of nothing is nothing", () => {
    expect(nvidiaPercentile([], 50)).toBeUndefined();
  });
});

it("agrees with the client's rules, written apart, on any timelines", () => {
  const said = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.constantFrom("", "one", "one.")), {
    minLength: 10,
    maxLength: 11,
  });
  fc.assert(
    fc.property(fc.array(said, { minLength: 1, maxLength: 5 }), (sessions) => {
      const observations = sessions.map(session);
      const streams: NvidiaStream[] = observations.map(({ sentMs, responses }) => ({
        sentMs: Array.from(sentMs),
        responses,
      }));
      const table = nvidiaTable(streams)!;
      for (const [name, theirs] of [
        ["nvidia_compat_latency", table.latencies],
        ["nvidia_compat_intermediate", table.intermediate],
        ["nvidia_compat_final", table.final],
      ] as const) {
        const ours = observations.flatMap((one) => values(name, one)).sort((a, b) => a - b);
        expect(ours).toHaveLength(theirs.count);
        for (const percent of [50, 90, 95, 99] as const) {
          expect(nvidiaPercentile(ours, percent) ?? NaN).toBe(theirs[`p${percent}`]);
        }
      }
    }),
  );
});
