import { describe, expect, it } from "vitest";
import { PASSED } from "../../test/support/sample-result.ts";
import { sketch } from "../../test/support/timeline.ts";
import { WATCHED_FACTS, watchedRun } from "../../test/support/watched-run.ts";
import { EXPOSED_FAMILIES, COMMON_LABELS, exposedFamilies } from "./exposed.ts";
import { type Family, familyName, type Labels, labelsOf, type Sample } from "./exposition.ts";
import type { Observation } from "../metrics/observation/observation.ts";
import type { RunView } from "./run-view.ts";

/** A session whose first words come `partialMs` after the speech began, its final 60 ms after the last chunk. */
function session(seq: number, partialMs: number, phase: Observation["phase"] = "steady"): Observation {
  const startMs = phase === "warmup" ? 100 : 2000;
  return sketch({
    seq,
    phase,
    startMs,
    said: [
      [startMs + 220 + partialMs, "one", 200],
      [startMs + 1080, "one two three four.", 1000],
    ],
    endedMs: startMs + 1100,
  });
}

const SESSIONS = [
  session(1, 70),
  session(2, 271),
  session(3, 271.4),
  session(4, 900),
  session(5, 70, "warmup"),
  sketch({ seq: 6, startMs: 2000, latenessMs: [0, 0], endedMs: 2300, failure: { class: "unavailable" } }),
];

function family(view: RunView, name: string): Family {
  const found = exposedFamilies(view).find((one) => one.name === name);
  if (found === undefined) throw new Error(`${name} is not exposed`);
  return found;
}

/** The value of the only sample with these labels. */
function value(
  view: RunView,
  name: string,
  labels: Labels,
  suffix: Sample["suffix"] = "",
): number | undefined {
  const found = family(view, name).samples.filter(
    (sample) =>
      sample.suffix === suffix && Object.entries(labels).every(([key, text]) => sample.labels[key] === text),
  );
  expect(found.length, `${name}${suffix} ${JSON.stringify(labels)}`).toBeLessThanOrEqual(1);
  return found[0]?.value;
}

describe("histograms", () => {
  const { watch, totals } = watchedRun(SESSIONS);
  const view = watch.view(12_000);
  const NAME = "bench_first_partial_from_onset_seconds";

  it("have the counts and sums of the result", () => {
    for (const [name, summary] of Object.entries(totals.summaries())) {
      if (summary.mean === undefined) continue;
      const scale = summary.unit === "ms" ? 1000 : 1;
      const exposed = familyName({ name, unit: summary.unit });
      expect(value(view, exposed, { phase: "steady" }, "_count"), name).toBe(summary.count);
      expect(value(view, exposed, { phase: "steady" }, "_sum"), name).toBeCloseTo(
        (summary.mean * summary.count) / scale,
        9,
      );
    }
  });

  it("count what is within an SLO from the values themselves, where the histogram could not tell", () => {
    expect(value(view, NAME, { phase: "steady", le: "0.271" }, "_bucket")).toBe(2);
    expect(value(view, NAME, { phase: "steady", le: "0.25" }, "_bucket")).toBe(1);
    expect(value(view, NAME, { phase: "steady", le: "0.3" }, "_bucket")).toBe(3);
    expect(value(view, NAME, { phase: "steady", le: "+Inf" }, "_bucket")).toBe(4);
    expect(value(view, NAME, { phase: "warmup", le: "0.271" }, "_bucket")).toBe(1);
  });

  it("never fall from one bound to the next", () => {
    for (const { name, type, samples } of exposedFamilies(view)) {
      if (type !== "histogram") continue;
      for (const phase of ["warmup", "steady"]) {
        const counts = samples.filter((s) => s.suffix === "_bucket" && s.labels["phase"] === phase);
        expect(
          counts.map((s) => s.value),
          name,
        ).toEqual(counts.map((s) => s.value).sort((a, b) => a - b));
      }
    }
  });

  it("point to the slowest session of an interval", () => {
    const slowest = family(view, NAME).samples.find(
      ({ labels }) => labels["le"] === "1" && labels["phase"] === "steady",
    );
    expect(slowest?.exemplar).toEqual({
      labels: { session_id: "4", run_id: WATCHED_FACTS.runId },
      value: 0.9,
      epochSeconds: (WATCHED_FACTS.startedAtEpochMs + 3100) / 1000,
    });
  });
});

describe("sessions", () => {
  const view = watchedRun(SESSIONS).watch.view(12_000);

  it("are counted by phase, failures by kind", () => {
    expect(value(view, "bench_sessions_scheduled_total", { phase: "steady" })).toBe(5);
    expect(value(view, "bench_sessions_completed_total", { phase: "steady" })).toBe(4);
    expect(value(view, "bench_sessions_completed_total", { phase: "warmup" })).toBe(1);
    expect(value(view, "bench_sessions_failed_total", { phase: "steady", class: "unavailable" })).toBe(1);
    expect(value(view, "bench_error_ratio", {})).toBe(0.2);
  });

  it("spend the budget of each SLO, failed ones too", () => {
    const slo = { slo: "first_partial_from_onset p95 < 271ms" };
    expect(value(view, "bench_slo_values_total", slo)).toBe(5);
    // 271 ms is not below 271 ms, and the failed session owed a partial.
    expect(value(view, "bench_slo_violations_total", slo)).toBe(4);
    expect(value(view, "bench_slo_allowed_ratio", slo)).toBeCloseTo(0.05, 12);
    expect(value(view, "bench_slo_limit", slo)).toBe(0.271);
    expect(value(view, "bench_slo_violations_total", { slo: "error_ratio < 1%" })).toBe(1);
  });
});

describe("the generator's health", () => {
  it("is shown worker by worker, and a late loop for as long as a scrape may take", () => {
    const { watch } = watchedRun(SESSIONS);
    watch.worker({ worker: 1, atMs: 5000, open: 7, cpuShare: 0.4, loopDelayMs: 80 });
    watch.worker({ worker: 1, atMs: 6000, open: 8, cpuShare: 0.5, loopDelayMs: 2 });
    expect(value(watch.view(6000), "bench_worker_loop_delay_seconds", { worker: "2" })).toBe(0.08);
    expect(value(watch.view(6000), "bench_sessions_open", {})).toBe(8);
    watch.worker({ worker: 1, atMs: 21_000, open: 8, cpuShare: 0.5, loopDelayMs: 2 });
    expect(value(watch.view(21_000), "bench_worker_loop_delay_seconds", { worker: "2" })).toBe(0.002);
  });

  it("turns the validity when a process stood still in the window", () => {
    const { watch } = watchedRun(SESSIONS);
    expect(value(watch.view(6000), "bench_run_validity", {})).toBe(0);
    watch.stall({ process: "worker 1", gapMs: 700, atMs: 5000 });
    expect(value(watch.view(6000), "bench_run_validity", {})).toBe(2);
    expect(value(watch.view(6000), "bench_stall_longest_seconds", { process: "worker 1" })).toBe(0.7);
  });

  it("has no validity before the window has a session", () => {
    const view = watchedRun([session(5, 70, "warmup")]).watch.view(500);
    expect(exposedFamilies(view).map(({ name }) => name)).not.toContain("bench_run_validity");
  });
});

describe("phase and verdict", () => {
  it("follow the plan until there is a result", () => {
    const { watch, totals } = watchedRun(SESSIONS);
    expect(value(watch.view(500), "bench_run_phase", { phase: "warmup" })).toBe(1);
    expect(value(watch.view(1500), "bench_run_phase", { phase: "steady" })).toBe(1);
    expect(exposedFamilies(watch.view(1500)).map(({ name }) => name)).not.toContain("bench_run_verdict");
    watch.ended(PASSED, totals);
    const view = watch.view(99_000);
    expect(value(view, "bench_run_phase", { phase: "done" })).toBe(1);
    expect(value(view, "bench_run_verdict", { verdict: "pass" })).toBe(1);
    expect(value(view, "bench_result_seconds", { metric: "first_partial_from_onset", stat: "p95" })).toBe(
      0.438,
    );
    expect(value(view, "bench_result_value", { metric: "goodput", stat: "value" })).toBe(0.986);
  });
});

describe("cardinality", () => {
  /** Every series of a view, with its labels. */
  const seriesOf = (view: RunView): Sample[] => exposedFamilies(view).flatMap(({ samples }) => samples);
  const many = (sessions: number): RunView =>
    watchedRun(Array.from({ length: sessions }, (_, seq) => session(seq, 50 + (seq % 7) * 100))).watch.view(
      12_000,
    );

  it("does not grow with the sessions", () => {
    expect(seriesOf(many(700))).toHaveLength(seriesOf(many(70)).length);
  });

  it("stays far below a thousand series a phase", () => {
    expect(seriesOf(many(70)).length).toBeLessThan(600);
  });

  it("has no label that was not declared, and the run's id on its info alone", () => {
    const { watch, totals } = watchedRun(SESSIONS);
    watch.stall({ process: "worker 1", gapMs: 700, atMs: 5000 });
    watch.ended(PASSED, totals);
    for (const family of exposedFamilies(watch.view(12_000))) {
      const { name, samples } = family;
      const declared = EXPOSED_FAMILIES.find((one) => one.name === name)?.labels ?? [];
      for (const sample of samples) {
        const labels = labelsOf(family, sample);
        const own = Object.keys(labels).filter((label) => label !== "le");
        expect(own.sort(), name).toEqual([...COMMON_LABELS, ...declared].sort());
        if (name !== "bench_run_info") expect(Object.values(labels)).not.toContain(WATCHED_FACTS.runId);
      }
    }
  });
});

it("names every family once, by Prometheus' rules", () => {
  const names = EXPOSED_FAMILIES.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
  for (const { name, type } of EXPOSED_FAMILIES) {
    expect(name).toMatch(/^bench_[a-z0-9_]+$/);
    expect(name.endsWith("_total"), name).toBe(type === "counter");
  }
});
