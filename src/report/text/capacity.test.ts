import { expect, test } from "vitest";
import type { Probe } from "../../metrics/judge/capacity.ts";
import { intervalOf, kneeOf, levelsOf, saturationFit } from "../../metrics/judge/capacity.ts";
import { renderCapacityHtml } from "../html/capacity-html.ts";
import { capacityReport, renderCapacity, type CapacityFacts } from "./capacity.ts";

function probe(streams: number, bad: number, p95Ms: number, kind: Probe["kind"] = "short"): Probe {
  const sessions = 200;
  const verdict = bad > 20 ? "fail" : "pass";
  return {
    ...{
      streams,
      kind,
      verdict,
      sessions,
      good: sessions - bad,
      seconds: 30,
      run: `/runs/${streams}`,
      sendingShare: 0.98,
    },
    ...(verdict === "fail" ? { broke: "final_from_speech_end p95 < 1200ms" } : {}),
    figures: { "final_from_speech_end p95": p95Ms, keep_up: bad > 20 ? 0.8 : 1 },
  };
}

const PROBES = [
  probe(1, 0, 200),
  probe(64, 0, 210),
  probe(80, 1, 230),
  probe(96, 150, 4000),
  probe(96, 160, 4200, "long"),
  probe(80, 0, 228, "long"),
];

const FACTS: CapacityFacts = {
  search: { probes: PROBES, interval: [80, 96], ended: "the budget ended" },
  ...{ allowed: 0.05, scenario: "capacity", slos: ["final_from_speech_end p95 < 1200ms"] },
  target: { name: "gpu<1>", uri: "grpc://gpu:50051", emulated: true },
  budget: { seconds: 600, usedSeconds: 412 },
  generator: { asked: 400, limit: 200 },
  phases: { streams: 80, spreadP95Ms: 228, alignedP95Ms: 410, alignedGoodput: 0.99 },
  pricePerHour: 6.4,
};

test("the interval, what binds, how sure each end is, and the operating point", () => {
  const report = capacityReport(FACTS);
  expect(report).toMatchObject({
    // 80 callers who pause for 2 % of the time are 78 streams that don't.
    interval: [78, 96],
    callers: [80, 96],
    bindingSlo: "final_from_speech_end p95 < 1200ms",
    recommended: 62,
    nonMonotone: [],
    ends: { pass: { certified: true, replicates: 1, sessions: 400 }, fail: { certified: true } },
    knee: 80,
  });
  expect(report.probes).toHaveLength(6);
  expect(report.curve.map(({ streams, status }) => [streams, status])).toEqual([
    [1, "pass"],
    [64, "pass"],
    [80, "pass"],
    [96, "fail"],
  ]);
  expect(report.costPerGoodAudioHour).toBeCloseTo(6.4 / (62 * (399 / 400)), 9);
});

test("a backlog that rises before any SLO breaks is told beside the SLO that breaks higher up", () => {
  const backlog = { ...probe(88, 150, 900), broke: "backlog grows by 9.0 ms a second" };
  const search = { ...FACTS.search, probes: [...PROBES, backlog], interval: [80, 88] as [number, number] };
  const report = capacityReport({ ...FACTS, search });
  expect(report).toMatchObject({
    bindingSlo: "final_from_speech_end p95 < 1200ms",
    firstSign: "backlog grows by 9.0 ms a second",
  });
  expect(renderCapacity(report)).toMatch(
    /gives way is final_from_speech_end p95 < 1200ms; at 88 backlog grows/,
  );
});

test("an SLO on accuracy that a probe leaves open counts for the side of its rate, certifies nothing, and may bind", () => {
  const open = (streams: number, wer: number): Probe => ({
    ...probe(streams, 0, 210),
    ...{ verdict: "undecided", open: { slo: "wer < 5%", breaks: wer >= 0.05 } },
    figures: { wer },
  });
  const probes = [open(32, 0.01), open(40, 0.08)];
  const report = capacityReport({
    ...FACTS,
    slos: [...FACTS.slos, "wer < 5%"],
    search: { probes, interval: intervalOf(levelsOf(probes, 0.05)), ended: "the budget ended" },
  });
  expect(report).toMatchObject({
    ...{ callers: [32, 40], bindingSlo: "wer < 5%" },
    ends: { pass: { certified: false }, fail: { certified: false } },
  });
  expect(renderCapacity(report)).toMatch(/keep-up +wer[^]*\b40 +fail[^]*8\.00 %/);
  expect(renderCapacityHtml(report)).toContain("<figcaption>WER</figcaption>");
});

test("a search that came no further than one level has a page", () => {
  const one = { ...probe(1, 0, 200), figures: { wer: 0 } };
  const search = {
    probes: [one],
    interval: [1, undefined] as [number, undefined],
    ended: "the budget ended",
  };
  expect(renderCapacityHtml(capacityReport({ ...FACTS, search }))).toContain("<figcaption>WER</figcaption>");
});

test("no level failed: no upper end, and not a word of certainty about one", () => {
  const [first, second] = PROBES;
  const probes = [first, second].flatMap((one) => one ?? []);
  const report = capacityReport({
    ...FACTS,
    search: { probes, interval: [64, undefined], ended: "the maximum" },
  });
  expect(report).toMatchObject({ interval: [62, null], bindingSlo: null, ends: { fail: null } });
  expect(renderCapacity(report)).toMatch(
    /CAPACITY \[62, \?\]: gpu<1> \(emulated\) carries 62 streams or more/,
  );
});

test("text and page say the same, escaped, and name the emulator", () => {
  const report = { ...capacityReport(FACTS), nonMonotone: [120] };
  const text = renderCapacity(report);
  expect(text).toMatch(/CAPACITY \[78, 96\]/);
  expect(text).toMatch(/NOT MONOTONE: 120 streams pass although fewer fail/);
  expect(text).toMatch(/this machine makes 200 streams at most, not 400/);
  const html = renderCapacityHtml(report);
  expect(html).toContain("NOT MONOTONE");
  expect(html).toContain("emulated");
  expect(html).not.toContain("gpu<1>");
});

test("the knee is where a curve bends, and a queueing curve gives back its capacity", () => {
  const bend = [10, 20, 30, 40, 50].map((streams) => ({
    streams,
    ms: streams <= 30 ? 200 : 200 + (streams - 30) * 50,
  }));
  expect(kneeOf(bend)).toBe(30);
  expect(kneeOf(bend.slice(0, 2))).toBeUndefined();
  const queue = [10, 40, 70, 90].map((streams) => ({ streams, ms: 50 / (1 - streams / 100) }));
  const fit = saturationFit(queue) ?? 0;
  expect(Math.abs(fit - 100)).toBeLessThanOrEqual(1);
});
