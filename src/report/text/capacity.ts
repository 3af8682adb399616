/** What `bench capacity` has to say: the interval, what binds, and how sure it is. Pure. */
import type { ServerMark } from "../../base/server-mark.ts";
import { defined } from "../../base/defined.ts";
import { printable } from "../../base/text/printable.ts";
import type { Level, Probe } from "../../metrics/judge/capacity.ts";
import { bindingOf, kneeOf, levelsOf, nonMonotone, saturationFit } from "../../metrics/judge/capacity.ts";
import { grid } from "./table.ts";
import { markedName, markLines, short } from "../words/wording.ts";
import { percent } from "../words/percent.ts";

export interface PhaseSensitivity {
  streams: number;
  spreadP95Ms: number;
  alignedP95Ms: number;
  alignedGoodput: number;
}

export interface CapacityFacts {
  search: {
    probes: readonly Probe[];
    interval: [pass: number, fail: number | undefined];
    ended: string;
  };
  /** Share of sessions that may miss an SLO. */
  allowed: number;
  scenario: string;
  slos: readonly string[];
  target: ServerMark & { name: string; uri: string };
  budget: { seconds: number; usedSeconds: number };
  generator: { asked: number; limit: number };
  phases?: PhaseSensitivity;
  pricePerHour?: number;
}

/** A level on the curve: figures of its last valid probe. */
interface CurvePoint {
  streams: number;
  status: Level["status"];
  goodput: number;
  figures: Readonly<Record<string, number>>;
}

/** `bench capacity --json`. */
export interface CapacityReport {
  schema: "riva-bench/capacity@1";
  target: CapacityFacts["target"];
  scenario: string;
  slos: readonly string[];
  /** What a level must show: so large a share of its sessions meets every SLO, without error. */
  criterion: { goodShare: number; confidence: 0.99 };
  /**
   * In streams that send without a pause: [callers of the largest level that passed x the share of their time that they sent,
   * rounded down; callers of the smallest level that failed]. 0 when none passed, null when none failed.
   */
  interval: [pass: number, fail: number | null];
  /** The levels themselves, in callers, each followed by the next. */
  callers: [pass: number, fail: number | null];
  /** Each end: so many long probes, and whether all its sessions together certify it at 99 %. */
  ends: Record<"pass" | "fail", { replicates: number; certified: boolean; sessions: number } | null>;
  /** The SLO that breaks at the lowest level at which one does; null when none did. */
  bindingSlo: string | null;
  /** What showed at the lowest level that failed, where that was not yet an SLO: the backlog, or a check of the target. */
  firstSign?: string;
  /** 80 % of the level that passed. */
  recommended: number;
  /** Levels that pass although a lower one fails; empty for a server that behaves. */
  nonMonotone: readonly number[];
  ended: string;
  probes: readonly Probe[];
  curve: readonly CurvePoint[];
  /** Where the p95 of the final bends most. */
  knee?: number;
  /** Capacity by a queueing law, a footnote. */
  saturationFit?: number;
  phases?: PhaseSensitivity;
  /** Money for an hour of good audio at the recommended level. */
  costPerGoodAudioHour?: number;
  budget: CapacityFacts["budget"];
  generator: CapacityFacts["generator"];
}

/** Accuracy, on the curve where it was measured. */
export const ERROR_RATES = ["wer", "cer"] as const;

const FINAL_P95 = "final_from_speech_end p95";

export function capacityReport(facts: CapacityFacts): CapacityReport {
  const { search, allowed, pricePerHour } = facts;
  const [pass, fail] = search.interval;
  const levels = levelsOf(search.probes, allowed);
  const curve = levels.map(({ streams, status, good, sessions }): CurvePoint => {
    const last = search.probes.filter((one) => one.streams === streams && one.verdict !== "void").at(-1);
    return { streams, status, goodput: sessions === 0 ? 0 : good / sessions, figures: last?.figures ?? {} };
  });
  const latencies = curve.flatMap(({ streams, figures }) => {
    const ms = figures[FINAL_P95];
    return ms === undefined ? [] : [{ streams, ms }];
  });
  const knee = kneeOf(latencies);
  const fit = saturationFit(latencies);
  const endOf = (streams: number | undefined): CapacityReport["ends"]["pass"] => {
    const level = levels.find((one) => one.streams === streams);
    return level === undefined
      ? null
      : { replicates: level.replicates, certified: level.certified, sessions: level.sessions };
  };
  const shares = search.probes.flatMap((probe) => (probe.streams === pass ? (probe.sendingShare ?? []) : []));
  const sustained = pass === 0 ? 0 : Math.max(1, Math.floor(pass * Math.min(1, ...shares)));
  const recommended = Math.floor(0.8 * sustained);
  const sign = bindingOf(search.probes);
  const goodput = curve.find(({ streams }) => streams === pass)?.goodput ?? 1;
  return {
    schema: "riva-bench/capacity@1",
    ...{ target: facts.target, scenario: facts.scenario, slos: facts.slos },
    criterion: { goodShare: 1 - allowed, confidence: 0.99 },
    interval: [sustained, fail ?? null],
    callers: [pass, fail ?? null],
    ends: { pass: endOf(pass), fail: endOf(fail) },
    bindingSlo: bindingOf(search.probes, facts.slos) ?? null,
    ...(sign === undefined || facts.slos.includes(sign) ? {} : { firstSign: sign }),
    recommended,
    nonMonotone: nonMonotone(levels),
    ended: search.ended,
    probes: search.probes,
    curve,
    ...defined({ knee, saturationFit: fit, phases: facts.phases }),
    ...(pricePerHour === undefined || recommended === 0
      ? {}
      : { costPerGoodAudioHour: pricePerHour / (recommended * goodput) }),
    ...{ budget: facts.budget, generator: facts.generator },
  };
}

export function capacitySentence({
  interval: [pass, fail],
  target,
  bindingSlo,
  firstSign,
}: CapacityReport): string {
  const name = markedName(target);
  const gives = bindingSlo === null ? "" : `; what gives way is ${bindingSlo}`;
  const sign = firstSign === undefined ? "" : `; at ${fail ?? "the top"} ${firstSign}`;
  if (pass === 0) return `${name} does not even carry ${fail ?? 1} stream(s)${gives}${sign}`;
  if (fail === null) return `${name} carries ${pass} streams or more: no level failed`;
  return `${name} carries ${pass} streams and not ${fail}${gives}${sign}`;
}

/** What a reader must know before using the number. */
export function capacityNotes(report: CapacityReport): string[] {
  const {
    ends,
    criterion,
    recommended,
    ended,
    nonMonotone: odd,
    phases,
    budget,
    generator,
    probes,
    callers,
    interval,
  } = report;
  const voided = probes.filter(({ verdict }) => verdict === "void").length;
  const end = (name: "pass" | "fail"): string[] => {
    const found = ends[name];
    if (found === null) return [];
    const { sessions, replicates, certified } = found;
    return [
      `${name} end: ${sessions} sessions, ${replicates} long probe(s), ${certified ? "certified at 99 %" : "not certified"}`,
    ];
  };
  return [
    `a level passes when ${percent(criterion.goodShare)} of its sessions meet every SLO: ${report.slos.join(", ")}`,
    `${callers[0]} callers passed, who sent for ${percent(callers[0] === 0 ? 0 : Math.min(1, interval[0] / callers[0]))} of their time or more: ${interval[0]} streams without a pause`,
    ...end("pass"),
    ...end("fail"),
    `recommended: ${recommended} streams, 80 % of what passed`,
    ...(odd.length === 0
      ? []
      : [
          `NOT MONOTONE: ${odd.join(", ")} streams pass although fewer fail; the interval is below all that fail`,
        ]),
    ...(phases === undefined
      ? []
      : [
          `chunks at one instant instead of spread, at ${phases.streams} streams: final p95 ${short(phases.alignedP95Ms)} ms, not ${short(phases.spreadP95Ms)} ms; goodput ${percent(phases.alignedGoodput)}`,
        ]),
    ...(report.knee === undefined ? [] : [`the p95 of the final bends most at ${report.knee} streams`]),
    ...(report.saturationFit === undefined
      ? []
      : [
          `a queue of the form 1 / (1 - N/C), fitted to that curve, has C = ${report.saturationFit} (a footnote: batches queue otherwise)`,
        ]),
    ...(report.costPerGoodAudioHour === undefined
      ? []
      : [
          `cost of an hour of good audio at the recommended level: ${report.costPerGoodAudioHour.toPrecision(3)}`,
        ]),
    ...(generator.limit < generator.asked
      ? [`this machine makes ${generator.limit} streams at most, not ${generator.asked}`]
      : []),
    ...(voided === 0 ? [] : [`${voided} probe(s) were void and count for nothing`]),
    `${ended}; ${Math.round(budget.usedSeconds)} of ${Math.round(budget.seconds)} s used`,
    ...markLines(report.target),
  ];
}

/** Head and rows of the curve. */
export function curveTable({ curve }: CapacityReport): { head: string[]; rows: string[][] } {
  const ms = (value: number | undefined): string => (value === undefined ? "-" : short(value));
  const rates = ERROR_RATES.filter((name) => curve.some(({ figures }) => figures[name] !== undefined));
  return {
    head: [
      "streams",
      "",
      "good sessions",
      "final p50",
      "final p95",
      "first partial p95",
      "keep-up",
      ...rates,
    ],
    rows: curve.map(({ streams, status, goodput, figures }) => [
      `${streams}`,
      status,
      percent(goodput),
      ms(figures["final_from_speech_end p50"]),
      ms(figures[FINAL_P95]),
      ms(figures["first_partial_from_onset p95"]),
      figures["keep_up"] === undefined ? "-" : figures["keep_up"].toFixed(3),
      ...rates.map((name) => (figures[name] === undefined ? "-" : percent(figures[name]))),
    ]),
  };
}

/** Ends with a newline. */
export function renderCapacity(report: CapacityReport): string {
  const { head, rows } = curveTable(report);
  const [pass, fail] = report.interval;
  const parts = [
    printable(`CAPACITY [${pass}, ${fail ?? "?"}]: ${capacitySentence(report)}`),
    grid(
      head,
      rows.map((cells) => cells.map(printable)),
      [0, 2, 3, 4, 5, 6, 7, 8],
    ),
    capacityNotes(report).map(printable).join("\n"),
  ];
  return `\n${parts.join("\n\n")}\n`;
}
