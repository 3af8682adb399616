import { describe, expect, test } from "vitest";
import { randomStream } from "../../base/random.ts";
import { certainToFail } from "./abort.ts";
import { parseSlo } from "./slo.ts";
import type { SessionGroup } from "../stats/certainty.ts";

function sessions(n: number, over: number): SessionGroup[] {
  return [
    { values: 1, over: 0, sessions: n - over },
    { values: 1, over: 1, sessions: over },
  ];
}

describe("a percentile", () => {
  const slo = parseSlo("final_from_close p95 < 800ms abort");
  test("is certain when so many violations are next to impossible", () => {
    expect(certainToFail(slo, undefined, sessions(100, 20))).toBe("20 of 100 sessions break the limit");
    expect(certainToFail(slo, undefined, sessions(4, 4))).toBe("4 of 4 sessions break the limit");
  });
  test("is not from a few, nor from none", () => {
    expect(certainToFail(slo, undefined, sessions(100, 12))).toBeUndefined();
    expect(certainToFail(slo, undefined, sessions(2, 2))).toBeUndefined();
    expect(certainToFail(slo, undefined, [])).toBeUndefined();
  });

  test("a server that just keeps it is hardly ever stopped, however often it is looked at", () => {
    const random = randomStream(1, "abort");
    let stopped = 0;
    for (let run = 0; run < 300; run++) {
      let over = 0;
      for (let n = 1; n <= 600; n++) {
        if (random() < 0.05) over++;
        if (n % 10 === 0 && certainToFail(slo, undefined, sessions(n, over)) !== undefined) {
          stopped++;
          break;
        }
      }
    }
    expect(stopped).toBeLessThanOrEqual(3);
  });
});

test("a share of sessions is certain by the same rule", () => {
  const slo = parseSlo("error_ratio < 1% abort");
  const summary = (value: number, count: number) => ({ unit: "ratio" as const, value, count });
  expect(certainToFail(slo, summary(0.2, 50), [])).toBe("10 of 50 sessions are bad");
  expect(certainToFail(slo, summary(0.06, 50), [])).toBeUndefined();
  expect(certainToFail(slo, summary(0, 50), [])).toBeUndefined();
  expect(certainToFail(parseSlo("goodput > 90% abort"), summary(0.6, 50), [])).toBe(
    "20 of 50 sessions are bad",
  );
  expect(certainToFail(slo, undefined, [])).toBeUndefined();
});

test("a count that only grows is certain when it is beyond its limit", () => {
  const slo = parseSlo("premature_partials <= 3 abort");
  expect(certainToFail(slo, { unit: "count", value: 4, count: 9 }, [])).toBe("it is 4 already");
  expect(certainToFail(slo, { unit: "count", value: 3, count: 9 }, [])).toBeUndefined();
});
