import { describe, expect, it } from "vitest";
import { randomStream } from "../../base/random.ts";
import { collapseCheck, risingDelay } from "./collapse.ts";
import type { Summary, TimelinePoint } from "../result/result.ts";
import { steadyStateCheck } from "./steady-state.ts";

interface Shape {
  seconds: number;
  /** Median delay of the sessions that ended in that second of the window; undefined when none did. */
  delayMs(second: number): number | undefined;
  open?(second: number): number;
}

const WARMUP_S = 10;

/** A timeline with ten seconds of warm-up, in which the delay is wild, before the window. */
function timeline({ seconds, delayMs, open = () => 50 }: Shape): TimelinePoint[] {
  return Array.from({ length: WARMUP_S + seconds }, (_, i) => {
    const p50 = i < WARMUP_S ? i * 400 : delayMs(i - WARMUP_S);
    const metrics =
      p50 === undefined ? {} : { response_latency: { count: 300, p50, p95: p50, p99: p50, max: p50 } };
    return {
      fromMs: i * 1000 + 3,
      toMs: (i + 1) * 1000 + 3,
      phase: i < WARMUP_S ? "warmup" : "steady",
      open: open(i - WARMUP_S),
      ended: { scheduled: 8, completed: 8, failed: 0, dropped: 0 },
      metrics,
    };
  });
}

const random = randomStream(1, "collapse");
/** Roughly normal. */
const noise = (ms: number): number =>
  (Array.from({ length: 12 }, random).reduce((sum, x) => sum + x, 0) - 6) * ms;

const overload = (percent: number): Shape => ({
  seconds: 120,
  delayMs: (second) => 25 + second * percent * 10 + noise(3),
});

describe("collapse", () => {
  it("is seen within a minute at 2 % overload, with its slope", () => {
    const points = timeline(overload(2));
    const seenAt =
      points.findIndex((_, i) => risingDelay(points.slice(0, i + 1)) !== undefined) + 1 - WARMUP_S;
    expect(seenAt).toBeGreaterThanOrEqual(40);
    expect(seenAt).toBeLessThanOrEqual(45);
    expect(risingDelay(points.slice(0, WARMUP_S + 45))?.slope).toBeCloseTo(0.02, 3);
    const check = collapseCheck({ timeline: points, meanAudioMs: 6000 });
    expect(check).toMatchObject({ name: "collapse", verdict: "fail", limit: "< 0.5%" });
    expect(check?.observed).toBeCloseTo(0.02, 3);
    expect(check?.advice).toMatch(/response_latency p50 grew by (19|20)\.\d ms a second over 40 s/);
  });

  it("is not seen in hours of a healthy soak, however noisy, at any moment of it", () => {
    for (const ms of [3, 30]) {
      const points = timeline({ seconds: 3590, delayMs: () => 250 + noise(ms) });
      expect(collapseCheck({ timeline: points, meanAudioMs: 6000 })).toMatchObject({ verdict: "pass" });
      for (let to = 50; to < points.length; to += 5) expect(risingDelay(points.slice(0, to))).toBeUndefined();
    }
  });

  it("is not what warms up, drifts a little, or has come back by the end", () => {
    const shapes: Shape["delayMs"][] = [
      (second) => 25 + 40 * Math.exp(-second / 10) + noise(1),
      (second) => 25 + second * 1 + noise(3),
      (second) => 25 + Math.max(0, 60 - Math.abs(second - 90)) * 20 + noise(3),
    ];
    for (const delayMs of shapes) {
      expect(
        collapseCheck({ timeline: timeline({ seconds: 180, delayMs }), meanAudioMs: 6000 })?.verdict,
      ).toBe("pass");
    }
  });

  it("is found when it begins late, and when it has reached a plateau", () => {
    const late: Shape = { seconds: 600, delayMs: (second) => 25 + Math.max(0, second - 540) * 20 + noise(3) };
    const plateau: Shape = { seconds: 600, delayMs: (second) => 25 + Math.min(second, 60) * 20 + noise(3) };
    for (const shape of [late, plateau]) {
      expect(collapseCheck({ timeline: timeline(shape), meanAudioMs: 6000 })?.verdict).toBe("fail");
    }
  });

  it("is not judged from half a minute, nor where nothing was measured", () => {
    expect(
      collapseCheck({ timeline: timeline({ ...overload(2), seconds: 30 }), meanAudioMs: 6000 }),
    ).toBeUndefined();
    expect(collapseCheck({ timeline: [], meanAudioMs: 6000 })).toBeUndefined();
  });

  it("of sessions too long for the timeline is read from the backlog within them", () => {
    const slope = (p50: number, certified = ["p50"]): Summary => ({ unit: "x", count: 20, p50, certified });
    const judged = (backlogSlope: Summary, meanAudioMs: number): string | undefined =>
      collapseCheck({ timeline: [], backlogSlope, meanAudioMs })?.verdict;
    expect(judged(slope(0.02), 300_000)).toBe("fail");
    expect(judged(slope(0.001), 300_000)).toBe("pass");
    // 60 ms over a clip of three seconds is how a server gets going.
    expect(judged(slope(0.02), 3000)).toBe("pass");
    expect(judged(slope(0.02, []), 300_000)).toBeUndefined();
  });
});

describe("steady state", () => {
  it("holds for a window without a trend", () => {
    const check = steadyStateCheck(timeline({ seconds: 120, delayMs: () => 250 + noise(10) }));
    expect(check).toMatchObject({ name: "steady_state", verdict: "pass", limit: "<= 5%" });
    expect(check.advice).toBeUndefined();
  });

  it("does not hold when the delay drifts, up or down, or sessions come and go", () => {
    const up = steadyStateCheck(timeline({ seconds: 120, delayMs: (second) => 250 + second / 2 + noise(5) }));
    expect(up).toMatchObject({ verdict: "inconclusive" });
    expect(up.advice).toMatch(/response_latency p50 went from about 25\d\.\d to 3[01]\d\.\d/);
    expect(up.observed).toBeCloseTo(57.5 / 280, 1);
    const down = steadyStateCheck(
      timeline({ seconds: 120, delayMs: (second) => 250 - second / 2 + noise(5) }),
    );
    expect(down.verdict).toBe("inconclusive");
    const leaving = steadyStateCheck(
      timeline({
        seconds: 120,
        delayMs: () => 250 + noise(5),
        open: (second) => 50 - Math.floor(second / 20),
      }),
    );
    expect(leaving.advice).toContain("number of open sessions");
  });

  it("allows sessions that come at random to be a few more or fewer at the end, not half as many again", () => {
    const growing = (share: number): TimelinePoint[] =>
      timeline({
        seconds: 120,
        delayMs: () => 250 + noise(5),
        open: (second) => 100 * (1 + (share * second) / 120) + noise(0.2),
      });
    expect(steadyStateCheck(growing(0.1)).verdict).toBe("inconclusive");
    expect(steadyStateCheck(growing(0.1), { random: true }).verdict).toBe("pass");
    expect(steadyStateCheck(growing(0.5), { random: true }).verdict).toBe("inconclusive");
  });

  it("lets pass what is certain but small: under 5 ms, or under 5 %", () => {
    const small = [(second: number) => 20 + second / 40, (second: number) => 1000 + second / 4];
    for (const delayMs of small) {
      expect(steadyStateCheck(timeline({ seconds: 120, delayMs })).verdict).toBe("pass");
    }
  });

  it("of a window too short is not tested, and says so", () => {
    const check = steadyStateCheck(timeline({ seconds: 39, delayMs: () => 250 }));
    expect(check.verdict).toBe("pass");
    expect(check.observed).toBeUndefined();
    expect(check.advice).toContain("not tested");
  });

  it("takes longer intervals where sessions end rarely", () => {
    const rare = (second: number): number | undefined => (second % 8 === 7 ? 250 + second : undefined);
    expect(steadyStateCheck(timeline({ seconds: 60, delayMs: rare })).advice).toContain("not tested");
    expect(steadyStateCheck(timeline({ seconds: 120, delayMs: rare })).verdict).toBe("inconclusive");
  });
});
