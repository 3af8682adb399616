/**
 * From probes to a capacity: the largest number of streams at which the required share of sessions meets every SLO. A
 * probe is a run at a level (a number of streams); what it found are counts of sessions, so probes of one level add up.
 */
import { tQuantile } from "../stats/distributions.ts";
import { isotonicFit } from "../stats/isotonic.ts";
import { deviation, mean } from "../stats/paired.ts";
import { binomialAtLeast, judgeShare } from "../stats/certainty.ts";

/** What one probe found. */
export interface Probe {
  streams: number;
  kind: "short" | "long";
  /**
   * "pass" and "fail" at 99 %; "undecided": too few sessions for that, or clips for an SLO on accuracy; "void": the generator was at
   * fault.
   */
  verdict: "pass" | "fail" | "undecided" | "void";
  /** Scheduled in the window, and those of them that met every SLO without error. */
  sessions: number;
  good: number;
  /** What broke, when something did: the SLO with the clearest violation, or a built-in check. */
  broke?: string;
  /** SLO on accuracy whose interval holds the limit, so that it is open, and whether the rate itself breaks the limit. */
  open?: { slo: string; breaks: boolean };
  /** Share of their time that callers send audio; less than 1 by the pauses between sessions. Of healthy probes only. */
  sendingShare?: number;
  /** Length of the run with all that belongs to it. */
  seconds: number;
  /** Name of the run's folder, in that of the search. */
  run: string;
  /** For the curve: latencies in milliseconds, ratios. */
  figures: Readonly<Record<string, number>>;
}

/** All valid probes at one number of streams. */
export interface Level {
  streams: number;
  /** "mixed": probes contradict each other. */
  status: "pass" | "fail" | "mixed";
  /** The sessions of all probes together certify it, at 99 %, and one of the probes at least left no SLO on accuracy open. */
  certified: boolean;
  sessions: number;
  good: number;
  probes: number;
  /** Long probes among them. */
  replicates: number;
}

/**
 * A probe's own verdict from its counts.
 * @param broken a check of the run failed, whatever the counts say
 * @param open an SLO was left open: no count makes it a pass
 */
export function probeVerdict(
  sessions: number,
  good: number,
  allowed: number,
  { broken, open }: { broken: boolean; open: boolean },
): "pass" | "fail" | "undecided" {
  if (broken) return "fail";
  const verdict = judgeShare(sessions, sessions - good, allowed);
  return verdict === "inconclusive" || (open && verdict === "pass") ? "undecided" : verdict;
}

/** A queue that grows by so much a second (here: seconds of backlog) is 7 s long after an hour's call: no level is sustained by it. */
const SUSTAINED_SLOPE = 0.002;

/**
 * The slope of the backlog, in seconds a second, when it surely rises: the mean over the sessions, if its one-sided 99 % bound
 * (t) is above 2 ms a second. Long before a limit on latency breaks: a probe is short, and a server 2 % over its capacity slow to show it.
 */
export function risingBacklog(slopes: readonly number[]): number | undefined {
  if (slopes.length < 5) return undefined;
  const slope = mean(slopes);
  const bound = slope - (tQuantile(0.99, slopes.length - 1) * deviation(slopes)) / Math.sqrt(slopes.length);
  return bound > SUSTAINED_SLOPE ? slope : undefined;
}

/** @param allowed share of sessions that may miss an SLO */
export function levelsOf(probes: readonly Probe[], allowed: number): Level[] {
  const streams = [
    ...new Set(probes.filter(({ verdict }) => verdict !== "void").map((probe) => probe.streams)),
  ];
  return streams
    .sort((a, b) => a - b)
    .map((level) => {
      const own = probes.filter((probe) => probe.streams === level && probe.verdict !== "void");
      const sessions = own.reduce((sum, probe) => sum + probe.sessions, 0);
      const good = own.reduce((sum, probe) => sum + probe.good, 0);
      const failed = own.filter((probe) => leansTo(probe, allowed) === "fail").length;
      const status = failed === 0 ? "pass" : 2 * failed > own.length ? "fail" : "mixed";
      const pooled = judgeShare(sessions, sessions - good, allowed);
      const decided = own.some(({ verdict }) => verdict === "fail");
      return {
        streams: level,
        status,
        certified:
          status === "pass"
            ? pooled === "pass" && own.some(({ open }) => open === undefined)
            : status === "fail" && (decided || pooled === "fail"),
        sessions,
        good,
        probes: own.length,
        replicates: own.filter(({ kind }) => kind === "long").length,
      };
    });
}

/** An undecided probe counts for the side on which its own share, and the rate of an SLO that it leaves open, lie. */
function leansTo({ verdict, sessions, good, open }: Probe, allowed: number): "pass" | "fail" {
  if (verdict === "pass" || verdict === "fail") return verdict;
  if (open?.breaks === true) return "fail";
  return sessions > 0 && (sessions - good) / sessions <= allowed ? "pass" : "fail";
}

/** [largest level that passes below any that fails, smallest level that fails]; 0 and undefined where there is none. */
export function intervalOf(levels: readonly Level[]): [pass: number, fail: number | undefined] {
  const fail = levels.find(({ status }) => status === "fail")?.streams;
  const below = levels.filter(({ status, streams }) => status === "pass" && streams < (fail ?? Infinity));
  return [below.at(-1)?.streams ?? 0, fail];
}

/**
 * Levels that pass although a lower one fails, beyond what chance explains: where the non-decreasing share of bad sessions
 * that fits best would give so few, or so many, with a chance below 1 %.
 */
export function nonMonotone(levels: readonly Level[]): number[] {
  const fitted = isotonicFit(
    levels.map(({ sessions, good }) => ({ value: 1 - good / sessions, weight: sessions })),
  );
  const lowestFail = levels.findIndex(({ status }) => status === "fail");
  const odd = levels.some(({ sessions, good }, index) => {
    const share = fitted[index] ?? 0;
    const bad = sessions - good;
    return Math.min(binomialAtLeast(sessions, share, bad), binomialAtLeast(sessions, 1 - share, good)) < 0.01;
  });
  if (lowestFail < 0 || !odd) return [];
  return levels
    .filter(({ status }, index) => index > lowestFail && status === "pass")
    .map((level) => level.streams);
}

/**
 * The next level to look at between one that passes and one that fails: where the isotonic fit of the share of bad sessions
 * crosses what is allowed, held to the middle half of the bracket (on a log scale), where a probe halves it at worst to three quarters.
 */
export function nextLevel(
  levels: readonly Level[],
  allowed: number,
  pass: number,
  fail: number,
): number | undefined {
  if (fail - pass <= 1) return undefined;
  const ratio = fail / Math.max(1, pass);
  const inside = (position: number): number =>
    Math.min(fail - 1, Math.max(pass + 1, Math.round(Math.max(1, pass) * ratio ** position)));
  const fitted = isotonicFit(
    levels.map(({ sessions, good }) => ({ value: 1 - good / sessions, weight: sessions })),
  );
  const upper = levels.findIndex((_, index) => (fitted[index] ?? 0) > allowed);
  const [low, high] = [levels[upper - 1], levels[upper]];
  if (low === undefined || high === undefined) return inside(0.5);
  const [from = 0, to = 1] = [fitted[upper - 1], fitted[upper]];
  const crossing = low.streams + ((allowed - from) / (to - from)) * (high.streams - low.streams);
  const position = Math.log(Math.max(1, crossing) / Math.max(1, pass)) / Math.log(ratio);
  return inside(Math.min(0.75, Math.max(0.25, position)));
}

/**
 * What broke at the lowest level that failed, or seems to where an SLO is open.
 * @param among these only
 */
export function bindingOf(probes: readonly Probe[], among?: readonly string[]): string | undefined {
  return probes
    .filter(({ verdict }) => verdict !== "void")
    .flatMap(({ streams, verdict, broke, open }) => {
      const signs = [verdict === "fail" ? broke : undefined, open?.breaks === true ? open.slo : undefined];
      const what = signs.find((sign) => sign !== undefined && among?.includes(sign) !== false);
      return what === undefined ? [] : [{ streams, what }];
    })
    .sort((a, b) => a.streams - b.streams)[0]?.what;
}

/** The level at which the curve of a latency bends most: the largest second difference over the number of streams. */
export function kneeOf(curve: readonly { streams: number; ms: number }[]): number | undefined {
  let best: { streams: number; bend: number } | undefined;
  for (let i = 1; i + 1 < curve.length; i++) {
    const [a, b, c] = [curve[i - 1], curve[i], curve[i + 1]];
    if (a === undefined || b === undefined || c === undefined) continue;
    const bend = (c.ms - b.ms) / (c.streams - b.streams) - (b.ms - a.ms) / (b.streams - a.streams);
    if (best === undefined || bend > best.bend) best = { streams: b.streams, bend };
  }
  return best?.streams;
}

/**
 * The C of a(1 + N / (C - N)) = a / (1 - N / C), the waiting time of a single queue (M/M/1), fitted to a curve by least
 * squares of the logarithm over a grid. A footnote: batches don't queue like that.
 */
export function saturationFit(curve: readonly { streams: number; ms: number }[]): number | undefined {
  const known = curve.filter(({ ms }) => ms > 0);
  if (known.length < 4) return undefined;
  const most = Math.max(...known.map(({ streams }) => streams));
  let best: { capacity: number; error: number } | undefined;
  for (let capacity = most * 1.01; capacity < most * 20; capacity *= 1.01) {
    const logs = known.map(({ streams, ms }) => Math.log(ms) + Math.log(1 - streams / capacity));
    const centre = logs.reduce((sum, value) => sum + value, 0) / logs.length;
    const error = logs.reduce((sum, value) => sum + (value - centre) ** 2, 0);
    if (best === undefined || error < best.error) best = { capacity, error };
  }
  return best === undefined ? undefined : Math.round(best.capacity);
}
