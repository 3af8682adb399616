import { describe, expect, it } from "vitest";
import { sketch } from "../../../test/support/timeline.ts";
import { createAttributor } from "./attribution.ts";
import type { Attribution } from "../result/result.ts";
import type { Observation } from "../observation/observation.ts";
import type { Summary, TimelinePoint } from "../result/result.ts";
import type { ServerPoint } from "../result/server-side.ts";

const P95_MS = 200;
const METRICS: Record<string, Summary> = { response_latency: { unit: "ms", count: 100, p95: P95_MS } };

/** Ten seconds of a server; the response below comes in second 2. */
function timeline(server: (second: number) => Partial<ServerPoint> | undefined): TimelinePoint[] {
  return Array.from({ length: 10 }, (_, second) => {
    const said = server(second);
    return {
      fromMs: second * 1000,
      toMs: (second + 1) * 1000,
      phase: "steady",
      open: 1,
      ended: { scheduled: 0, completed: 0, failed: 0, dropped: 0 },
      metrics: {},
      ...(said === undefined ? {} : { server: { requests: 10, failures: 0, ...said } }),
    };
  });
}

/** Chunk 2 is due at 2320 ms; its response comes so much later, the chunk itself so late. */
function answered(latencyMs: number, latenessMs = 0): Observation {
  return sketch({
    startMs: 2000,
    latenessMs: Array.from({ length: 10 }, () => latenessMs),
    said: [[2320 + latencyMs, "one", 300]],
    endedMs: 3500,
  });
}

function attributed(
  observations: readonly Observation[],
  points: readonly TimelinePoint[],
  roundTripMs?: number,
): Attribution | undefined {
  const attributor = createAttributor(METRICS, points, roundTripMs);
  for (const observation of observations) attributor.add(observation);
  return attributor.end()[0];
}

const SLOW = Array.from({ length: 30 }, () => answered(200, 10));
const FAST = Array.from({ length: 300 }, () => answered(40));

describe("the tail of a latency", () => {
  it("is the server's queue when that is what it waited in", () => {
    const found = attributed(
      [...SLOW, ...FAST],
      timeline(() => ({ queueMs: 124, computeMs: 30 })),
      4,
    );
    expect(found).toMatchObject({
      values: 30,
      tailMeanMs: 200,
      says: "62 % of p95 is server queue, 15 % of p95 is server compute",
    });
    expect(found?.parts?.queue).toBe(124);
    expect(found?.parts?.network).toBe(4);
    expect(found?.parts?.generator).toBeCloseTo(10, 9);
    expect(found?.parts?.rest).toBeCloseTo(200 - 124 - 30 - 4 - 10, 9);
  });

  it("takes the second in which its responses came, not the run's mean", () => {
    const found = attributed(
      SLOW,
      timeline((second) => ({ queueMs: second === 2 ? 100 : 0, computeMs: 0 })),
    );
    expect(found?.parts?.queue).toBe(100);
  });

  it("is nobody's when no part is a tenth of it", () => {
    const found = attributed(
      SLOW,
      timeline(() => ({ queueMs: 1, computeMs: 9 })),
    );
    expect(found?.says).toBe("neither queue, compute, network nor generator is a tenth of p95");
  });
});

describe("nothing is named", () => {
  it.each<[string, ReturnType<typeof attributed>, RegExp]>([
    [
      "for few values",
      attributed(
        SLOW.slice(0, 5),
        timeline(() => ({ queueMs: 124, computeMs: 30 })),
      ),
      /5 values .* too few/,
    ],
    [
      "when the server was silent then",
      attributed(
        SLOW,
        timeline((second) => (second === 2 ? undefined : { queueMs: 124, computeMs: 30 })),
      ),
      /do not cover/,
    ],
    [
      "when the server claims more than was waited",
      attributed(
        SLOW,
        timeline(() => ({ queueMs: 500, computeMs: 30 })),
      ),
      /exceed/,
    ],
  ])("%s", (_, found, why) => {
    expect(found?.says).toMatch(why);
    expect(found).not.toHaveProperty("parts");
  });
});

describe("faults that the scenario put in", () => {
  /** Chunks held for 150 ms and a pause before chunk 1: the generator sends them 10 ms after that, its own lateness. */
  function faulted(): Observation {
    const observation = sketch({
      startMs: 2000,
      latenessMs: Array.from({ length: 10 }, (_, k) => 160 + (k >= 1 ? 500 : 0)),
      said: [[2820 + 250, "one", 300]],
      endedMs: 4500,
    });
    const faults = {
      condition: "bad-line",
      delayMs: Array.from({ length: 10 }, () => 150),
      mute: { chunk: 1, ms: 500 },
    };
    return { ...observation, faults };
  }

  it("are no lateness of the generator's", () => {
    const found = attributed(
      Array.from({ length: 30 }, faulted),
      timeline(() => ({ queueMs: 50, computeMs: 20 })),
    );
    expect(found?.tailMeanMs).toBeCloseTo(250, 9);
    expect(found?.parts?.generator).toBeCloseTo(10, 9);
    expect(found?.parts?.rest).toBeCloseTo(250 - 50 - 20 - 10, 9);
  });
});
