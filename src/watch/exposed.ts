/**
 * Everything of a run that Prometheus is shown. The metrics of the catalogue come by themselves; what is listed here is
 * about the run around them. Labels are bounded: phases, failure classes, workers, the SLOs of one scenario. A run's id
 * is on `bench_run_info` alone, a session's number only in exemplars.
 */
import { markValue } from "../base/server-mark.ts";
import { METRICS } from "../metrics/catalogue/catalogue.ts";
import { failedBy } from "../metrics/observation/counts.ts";
import {
  type Family,
  familyName,
  type Labels,
  perBaseUnit,
  type Sample,
  single,
  states,
} from "./exposition.ts";
import { histogramOf } from "./exposed-histogram.ts";
import type { RunPhase } from "../metrics/observation/observation.ts";
import { type RunView, phaseOf } from "./run-view.ts";
import type { RemoteWorkerFacts } from "../metrics/result/remote-workers.ts";
import { shareAllowed, type Slo } from "../metrics/judge/slo.ts";
import { metricNamed } from "../metrics/catalogue/catalogue.ts";
import { resultSamples } from "./exposed-result.ts";

/** A family before it has samples. */
export interface ExposedFamily extends Omit<Family, "labels" | "samples"> {
  /** Besides those that every sample has (`COMMON_LABELS`). */
  labels: readonly string[];
  samples(view: RunView): Sample[];
}

/** On every sample: what the figures are of, and whether a real server made them. */
export const COMMON_LABELS = ["scenario", "target", "protocol", "emulated"] as const;

const PHASES: readonly RunPhase[] = ["warmup", "steady", "drain"];
const VALIDITY = { valid: 0, degraded: 1, void: 2 } as const;

type Countable = "scheduled" | "started" | "completed" | "dropped";

function sessions(what: Countable, help: string): ExposedFamily {
  return {
    name: `bench_sessions_${what}_total`,
    type: "counter",
    help,
    labels: ["phase"],
    samples: ({ totals }) =>
      PHASES.map((phase) => ({ suffix: "", labels: { phase }, value: totals.counts(phase)[what] })),
  };
}

/** What an SLO with a share is judged by: events, events in violation, and the share of them that may be. */
function budgetOf(slo: Slo, index: number, { totals }: RunView): [values: number, over: number] | undefined {
  if (slo.stat !== undefined) {
    if (shareAllowed(slo) === undefined) return undefined;
    const sums = { values: 0, over: 0 };
    for (const { values, over, sessions: times } of totals.tally(index)) {
      sums.values += values * times;
      sums.over += over * times;
    }
    return [sums.values, sums.over];
  }
  const steady = totals.counts("steady");
  if (slo.metric === "error_ratio") return [steady.scheduled, steady.failed - failedBy(steady, "generator")];
  if (slo.metric === "goodput") return [steady.scheduled, steady.scheduled - totals.good()];
  return undefined;
}

function allowedShare(slo: Slo): number | undefined {
  if (slo.stat !== undefined) return shareAllowed(slo);
  if (slo.metric === "error_ratio") return slo.limit;
  return slo.metric === "goodput" ? 1 - slo.limit : undefined;
}

function perSlo(
  of: (slo: Slo, index: number, view: RunView) => number | undefined,
): ExposedFamily["samples"] {
  return (view) => view.facts.slos.flatMap((slo, index) => single(of(slo, index, view), { slo: slo.source }));
}

function perWorker(of: (worker: RunView["workers"][number]) => number): ExposedFamily["samples"] {
  return ({ workers }) =>
    workers.map((worker, index) => ({
      suffix: "",
      labels: { worker: `${index + 1}` },
      value: of(worker),
    }));
}

function perRemoteWorker(
  of: (facts: RemoteWorkerFacts, worker: string) => ReturnType<ExposedFamily["samples"]>,
): ExposedFamily["samples"] {
  return ({ workers }) =>
    workers.flatMap(({ remote }, index) => {
      const facts = remote?.();
      return facts === undefined ? [] : of(facts, `${index + 1}`);
    });
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}

const RUN_FAMILIES: readonly ExposedFamily[] = [
  {
    name: "bench_run_info",
    type: "gauge",
    help: "1; its labels say which run this is, of which build, against which model.",
    labels: ["run_id", "tool", "git", "node", "host", "model", "plan_hash"],
    samples: ({ facts: { runId, tool, git = "", node, host, target, planHash } }) =>
      single(1, { run_id: runId, tool, git, node, host, model: target.model ?? "", plan_hash: planHash }),
  },
  {
    name: "bench_run_start_time_seconds",
    type: "gauge",
    help: "When the run began, seconds since 1970.",
    labels: [],
    samples: ({ facts }) => single(facts.startedAtEpochMs / 1000),
  },
  {
    name: "bench_run_phase",
    type: "gauge",
    help: "1 for the part of the run that is on: warmup, steady (the only one judged), drain, then done.",
    labels: ["phase"],
    samples: (view) => states("phase", [...PHASES, "done"], phaseOf(view)),
  },
  {
    name: "bench_run_validity",
    type: "gauge",
    help: "May the figures be believed, so far? 0 valid, 1 degraded, 2 void: the generator was at fault.",
    labels: [],
    samples: ({ validity }) => single(validity === undefined ? undefined : VALIDITY[validity]),
  },
  {
    name: "bench_run_verdict",
    type: "gauge",
    help: "1 for the verdict of the run, when it is over.",
    labels: ["verdict"],
    samples: ({ result }) =>
      result === undefined ? [] : states("verdict", ["pass", "fail", "inconclusive", "void"], result.verdict),
  },
  sessions("scheduled", "Sessions that were to start: completed + failed + dropped, counted at their end."),
  sessions("started", "Sessions for which a connection was attempted."),
  sessions("completed", "Sessions that ended well."),
  sessions("dropped", "Sessions that never started: no room at their time."),
  {
    name: "bench_sessions_failed_total",
    type: "counter",
    help: "Sessions that failed, by whose fault it was and what it was. A kind appears with its first failure; the server's class other is always there.",
    labels: ["phase", "origin", "class"],
    samples: ({ totals }) => PHASES.flatMap((phase) => failedSamples(phase, totals)),
  },
  {
    name: "bench_sessions_good_total",
    type: "counter",
    help: "Sessions of the steady window without error that met every SLO themselves: goodput's numerator.",
    labels: [],
    samples: ({ totals }) => single(totals.good()),
  },
  {
    name: "bench_sessions_open",
    type: "gauge",
    help: "Sessions open now, in all workers.",
    labels: [],
    samples: ({ workers }) => single(workers.reduce((sum, { open }) => sum + open, 0)),
  },
  {
    name: "bench_load_planned",
    type: "gauge",
    help: "What the plan wants now: sessions open at once (closed loads) or sessions started a second (open loads).",
    labels: ["unit"],
    samples: (view) => {
      const { planned } = view.facts;
      const phase = phaseOf(view);
      if (planned === undefined || phase === "done") return [];
      return single(planned.levelAt(Math.max(0, view.atMs)), { unit: planned.unit });
    },
  },
  {
    name: "bench_slo_limit",
    type: "gauge",
    help: "The limit of each SLO, in the base unit of its metric (seconds, ratio, or a plain number).",
    labels: ["slo", "metric", "stat"],
    samples: ({ facts }) =>
      facts.slos.map((slo) => ({
        suffix: "",
        labels: { slo: slo.source, metric: slo.metric, stat: slo.stat ?? "value" },
        value: slo.limit / perBaseUnit(metricNamed(slo.metric)?.unit ?? "count"),
      })),
  },
  {
    name: "bench_slo_allowed_ratio",
    type: "gauge",
    help: "Share of the values that may break an SLO: 0.05 for a p95. SLOs on means and rates have none.",
    labels: ["slo"],
    samples: perSlo(allowedShare),
  },
  {
    name: "bench_slo_values_total",
    type: "counter",
    help: "Values of the steady window that an SLO with an allowed share was asked of, those of failed sessions included.",
    labels: ["slo"],
    samples: perSlo((slo, index, view) => budgetOf(slo, index, view)?.[0]),
  },
  {
    name: "bench_slo_violations_total",
    type: "counter",
    help: "Of those, the ones that broke it; what a failed session owed counts as broken unless the generator spoiled it.",
    labels: ["slo"],
    samples: perSlo((slo, index, view) => budgetOf(slo, index, view)?.[1]),
  },
  {
    name: "bench_slo_verdict",
    type: "gauge",
    help: "1 for the verdict on each SLO and built-in check, when the run is over.",
    labels: ["slo", "verdict"],
    samples: ({ result }) =>
      (result?.slos ?? []).flatMap(({ name, verdict }) =>
        states("verdict", ["pass", "fail", "inconclusive"], verdict, { slo: name }),
      ),
  },
  {
    name: "bench_workers",
    type: "gauge",
    help: "Processes that make the load.",
    labels: [],
    samples: ({ workers }) => single(workers.length),
  },
  {
    name: "bench_workers_lost_total",
    type: "counter",
    help: "Workers that ended, or fell silent, before their sessions did.",
    labels: [],
    samples: ({ workersLost }) => single(workersLost),
  },
  {
    name: "bench_worker_sessions_open",
    type: "gauge",
    help: "Sessions open in one worker.",
    labels: ["worker"],
    samples: perWorker(({ open }) => open),
  },
  {
    name: "bench_worker_cpu_ratio",
    type: "gauge",
    help: "CPU that the busiest process of a worker used in its last second, as a share of one core. Near 1 it can't keep its pace.",
    labels: ["worker"],
    samples: perWorker(({ cpuShare }) => cpuShare),
  },
  {
    name: "bench_worker_loop_delay_seconds",
    type: "gauge",
    help: "Longest that a worker's event loop was late in the last 15 seconds.",
    labels: ["worker"],
    samples: perWorker(({ loopDelayMs }) => loopDelayMs / 1000),
  },
  {
    name: "bench_worker_clock_offset_seconds",
    type: "gauge",
    help: "How far the wall clock of a worker on another machine is ahead of the coordinator's. Nothing is timed by it.",
    labels: ["worker"],
    samples: perRemoteWorker(({ clockOffsetMs }, worker) => single(inSeconds(clockOffsetMs), { worker })),
  },
  {
    name: "bench_worker_clock_uncertainty_seconds",
    type: "gauge",
    help: "How far off the T0 of a worker on another machine may be: half of its quickest round trip to the coordinator.",
    labels: ["worker"],
    samples: perRemoteWorker(({ clockUncertaintyMs }, worker) =>
      single(inSeconds(clockUncertaintyMs), { worker }),
    ),
  },
  {
    name: "bench_worker_send_lateness_p99_seconds",
    type: "gauge",
    help: "99th percentile of how late a worker on another machine has sent audio in the window so far.",
    labels: ["worker", "host"],
    samples: perRemoteWorker(({ load, host = "" }, worker) =>
      single(inSeconds(load?.latenessP99Ms), { worker, host }),
    ),
  },
  {
    name: "bench_stalls_total",
    type: "counter",
    help: "Times that a process of the run did not get to run for 100 ms or more.",
    labels: ["process"],
    samples: ({ stalls }) => perProcess(stalls, ({ count }) => count),
  },
  {
    name: "bench_stall_longest_seconds",
    type: "gauge",
    help: "The longest of them; half a second inside the window voids the run.",
    labels: ["process"],
    samples: ({ stalls }) => perProcess(stalls, ({ longestMs }) => longestMs / 1000),
  },
  {
    name: "bench_result_seconds",
    type: "gauge",
    help: "Latencies of the finished run, exact: from its histograms, not from buckets.",
    labels: ["metric", "stat"],
    samples: ({ result }) => resultSamples(result, (unit) => unit === "ms"),
  },
  {
    name: "bench_result_value",
    type: "gauge",
    help: "Every other figure of the finished run: ratios, factors, counts.",
    labels: ["metric", "stat"],
    samples: ({ result }) => resultSamples(result, (unit) => unit !== "ms"),
  },
];

const CATALOGUE_FAMILIES: readonly ExposedFamily[] = METRICS.map((metric) => ({
  name: familyName(metric),
  help: metric.help,
  ...(metric.per === "run"
    ? {
        type: "gauge",
        labels: [],
        samples: ({ runValues }: RunView) => single(runValues[metric.name]),
      }
    : { type: "histogram", labels: ["phase"], samples: (view: RunView) => histogramOf(metric, view) }),
}));

/** All of it, the run before the catalogue. */
export const EXPOSED_FAMILIES: readonly ExposedFamily[] = [...RUN_FAMILIES, ...CATALOGUE_FAMILIES];

/** The families of a run at this moment; those that have nothing to say are left out. */
export function exposedFamilies(view: RunView): Family[] {
  const labels = commonLabels(view);
  return EXPOSED_FAMILIES.map((family): Family => {
    const { name, type, help } = family;
    return { name, type, help, labels, samples: family.samples(view) };
  }).filter(({ samples }) => samples.length > 0);
}

function commonLabels({ facts: { scenario, target } }: RunView): Labels {
  return { scenario, target: target.name, protocol: target.kind, emulated: markValue(target) };
}

function failedSamples(phase: RunPhase, totals: RunView["totals"]): Sample[] {
  // A rate needs a series that was there before the first failure.
  const none = { suffix: "" as const, labels: { phase, origin: "server", class: "other" }, value: 0 };
  const byKind = new Map<string, Sample>([["server|other", none]]);
  for (const { origin, class: kind, count } of totals.counts(phase).failures) {
    const known = byKind.get(`${origin}|${kind}`);
    if (known === undefined) {
      byKind.set(`${origin}|${kind}`, { suffix: "", labels: { phase, origin, class: kind }, value: count });
    } else known.value += count;
  }
  return [...byKind.values()];
}

function perProcess(stalls: RunView["stalls"], of: (stall: RunView["stalls"][string]) => number): Sample[] {
  return Object.entries(stalls).map(([process, stall]) => ({
    suffix: "",
    labels: { process },
    value: of(stall),
  }));
}
