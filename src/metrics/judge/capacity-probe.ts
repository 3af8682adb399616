/** The findings of one probe of a capacity search, from the result of its run. Pure. */
import { defined } from "../../base/defined.ts";
import { BenchError } from "../../base/errors.ts";
import { metricNamed } from "../catalogue/catalogue.ts";
import type { Check, RunResult } from "../result/result.ts";
import { CLIPS_NEEDED } from "../stats/clip-bootstrap.ts";
import type { Probe } from "./capacity.ts";
import { probeVerdict, risingBacklog } from "./capacity.ts";
import type { Slo } from "./slo.ts";
import { keeps, parseSlo } from "./slo.ts";

/**
 * The probe that a run was.
 * @param run name of its folder
 * @throws BenchError (exit 2) for an SLO on accuracy that sessions completed without being scored for
 */
export function probeOf(
  result: RunResult,
  run: string,
  { streams, kind, allowed, pace }: { streams: number; kind: Probe["kind"]; allowed: number; pace: Pace },
): Probe {
  const { sessions, metrics, slos } = result;
  const goodput = metrics["goodput"]?.value ?? 0;
  const good = Math.round(goodput * sessions.scheduled);
  // Failed sessions are bad sessions already: their ratio needs no second vote from a sample this small.
  const failed = slos.filter(({ verdict, name }) => verdict === "fail" && !name.startsWith("error_ratio"));
  const rising = risingBacklog(pace.backlogSlopes);
  const broken = failed.length > 0 || rising !== undefined;
  const open = openOf(slos, sessions.completed);
  const verdict =
    result.verdict === "void"
      ? "void"
      : probeVerdict(sessions.scheduled, good, allowed, { broken, open: open !== undefined });
  const broke =
    verdict !== "fail"
      ? undefined
      : failed.length === 0 && rising !== undefined
        ? `backlog grows by ${(1000 * rising).toFixed(1)} ms a second`
        : mostBroken(failed, slos);
  const seconds = (Date.parse(result.run.endedAt) - Date.parse(result.run.startedAt)) / 1000 + START_SECONDS;
  return {
    ...{ streams, kind, verdict, sessions: sessions.scheduled, good, seconds, run },
    ...defined({ broke, open }),
    ...(pace.sendingShare === undefined || verdict === "fail" ? {} : { sendingShare: pace.sendingShare }),
    figures: figuresOf(result),
  };
}

/**
 * The SLO on accuracy that was left open: the one whose rate breaks its limit, where several were.
 * @throws BenchError (exit 2) for one that sessions completed without being scored for
 */
function openOf(slos: readonly Check[], completed: number): Probe["open"] {
  const found = slos.flatMap(({ name, verdict, observed }) => {
    if (verdict !== "inconclusive") return [];
    const slo = sloNamed(name);
    if (slo === undefined || !isOfClips(slo)) return [];
    // A few sessions may have played nothing but clips without speech.
    if (observed === undefined && completed >= CLIPS_NEEDED)
      throw BenchError.usage(
        `SLO "${name}" is not measured: no clip that was played is scored for ${slo.metric}`,
        "Play clips with references (in words for wer, in characters for cer), or leave this SLO out.",
      );
    return [{ slo: name, breaks: observed !== undefined && !keeps(slo, observed) }];
  });
  return found.find(({ breaks }) => breaks) ?? found[0];
}

/** True for an SLO on a ratio over clips, which is decided by its interval. */
function isOfClips({ metric: name }: Slo): boolean {
  const metric = metricNamed(name);
  return metric?.per === "run" && metric.ofClips !== undefined;
}

/** Undefined for a built-in check. */
function sloNamed(name: string): Slo | undefined {
  try {
    return parseSlo(name);
  } catch {
    return undefined;
  }
}

/** How callers and server kept pace with the audio. */
export interface Pace {
  /** Slope of the backlog in each session, seconds a second. */
  backlogSlopes: readonly number[];
  /** Share of their time that callers sent audio. */
  sendingShare?: number;
}

/** The start of a run before its clock: workers, connections, the plan. */
const START_SECONDS = 3;

/** The SLO that was broken by most, where several were; one that is only in doubt when nothing failed by itself. */
function mostBroken(failed: readonly Check[], all: readonly Check[]): string | undefined {
  const excess = ({ observed, name }: Check): number => {
    const slo = sloNamed(name);
    // A built-in check is told when nothing else broke.
    if (slo === undefined || observed === undefined) return 0;
    if (slo.op.startsWith(">")) return slo.limit / observed;
    return slo.limit > 0 ? observed / slo.limit : observed;
  };
  // A rate of the clips that keeps its limit broke nothing, however wide its interval.
  const isKept = ({ name, observed }: Check): boolean => {
    const slo = sloNamed(name);
    return slo !== undefined && observed !== undefined && isOfClips(slo) && keeps(slo, observed);
  };
  const candidates =
    failed.length > 0 ? failed : all.filter((check) => check.verdict !== "pass" && !isKept(check));
  const worst = [...candidates].sort((a, b) => excess(b) - excess(a))[0];
  return worst?.name.replace(/(?<!\s)\s+abort$/, "");
}

function figuresOf({ metrics }: RunResult): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const name of ["final_from_speech_end", "first_partial_from_onset", "response_latency"] as const) {
    const summary = metrics[name];
    if (summary?.p50 !== undefined) figures[`${name} p50`] = summary.p50;
    if (summary?.p95 !== undefined) figures[`${name} p95`] = summary.p95;
  }
  for (const name of ["goodput", "keep_up", "concurrency", "error_ratio", "wer", "cer"] as const) {
    const value = metrics[name]?.value;
    if (value !== undefined) figures[name] = value;
  }
  const slope = metrics["backlog_slope"]?.p50;
  if (slope !== undefined) figures["backlog_slope p50"] = slope;
  return figures;
}
