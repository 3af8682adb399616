/** `bench plan`: the sessions and minutes that gates need at a scenario's load, and the strongest gate that a budget holds. */
import type { Argv } from "yargs";
import { RATE_OPTION, STREAMS_OPTION } from "../run-options.ts";
import { durationFlag } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import { expectedSessions } from "../../loadgen/plan/forecast.ts";
import { shareAllowed } from "../../metrics/judge/slo.ts";
import { sessionsNeeded } from "../../metrics/stats/certainty.ts";
import { PERCENTILES, percentileTitle } from "../../metrics/stats/percentiles.ts";
import { grid } from "../../report/text/table.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { readInput } from "../../run/run-input.ts";
import type { World } from "../../base/process/world.ts";

export const planCommand = command(options, plan);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("scenario", { alias: "s", type: "string", default: "concurrency-50", describe: "Name or file" })
    .option("slo", { type: "string", array: true, describe: "SLOs besides the scenario's" })
    .option("streams", STREAMS_OPTION)
    .option("rate", RATE_OPTION)
    .option("confidence", { type: "number", default: 99, describe: "Percent; gates judge at 99" })
    .option("budget", {
      type: "string",
      describe: "Name the strongest percentile that so long a window holds",
    })
    .option("json", { type: "boolean", default: false, describe: "Print the plan as JSON" })
    .example("$0 plan --scenario concurrency-50", "how long for p95, p99, p99.9?")
    .example("$0 plan --scenario concurrency-50 --budget 5m", "what can a pull request's five minutes show?");
}

/** A percentile and what it takes. */
interface PlanRow {
  percentile: string;
  /** With no session beyond the limit, and with one (what `certified` asks for). */
  sessions: { none: number; one: number };
  /** Window for the second, at this load. */
  minutes: number;
  /** SLOs of the scenario that are about it. */
  slos: readonly string[];
}

async function plan(world: World, args: Args): Promise<void> {
  const { confidence, json } = args;
  if (!(confidence >= 50 && confidence <= 99.99)) {
    throw BenchError.usage("--confidence must be from 50 to 99.99", "Percent: 95 or 99.");
  }
  const budgetMs =
    args.budget === undefined ? undefined : durationFlag("--budget", args.budget, { minMs: 1000 });
  const { scenario, planned, dataset, slos } = await readInput(world, { ...args, seed: 1, workers: "auto" });
  const clipMs = dataset.clips.map(({ audioMs }) => audioMs);
  const expected = expectedSessions(planned, clipMs);
  if (expected === undefined) {
    throw BenchError.usage(
      `scenario ${scenario.name} has no pace: how many sessions it makes is what a run finds out`,
    );
  }
  const perMinute = (expected / scenario.steadyMs) * 60_000;
  const rows = Object.entries(PERCENTILES).map(([name, p]): PlanRow => {
    const one = sessionsNeeded(p, 1, confidence / 100);
    return {
      percentile: percentileTitle(name),
      sessions: { none: sessionsNeeded(p, 0, confidence / 100), one },
      minutes: one / perMinute,
      slos: slos.flatMap((slo) => (1 - (shareAllowed(slo) ?? NaN) === p ? [slo.source] : [])),
    };
  });
  const strongest = rows.filter(({ minutes }) => minutes <= (budgetMs ?? 0) / 60_000).at(-1)?.percentile;
  const found = {
    ...{ scenario: scenario.name, confidence: confidence / 100, sessionsPerMinute: perMinute },
    ...{ windowMinutes: scenario.steadyMs / 60_000, expectedSessions: expected, rows },
    ...(budgetMs === undefined ? {} : { budgetMinutes: budgetMs / 60_000, strongest: strongest ?? null }),
  };
  world.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : renderPlan(found));
}

function renderPlan(plan: {
  scenario: string;
  confidence: number;
  sessionsPerMinute: number;
  windowMinutes: number;
  expectedSessions: number;
  rows: readonly PlanRow[];
  budgetMinutes?: number;
  strongest?: string | null;
}): string {
  const { rows, strongest, budgetMinutes } = plan;
  const cells = rows.map(({ percentile, sessions, minutes, slos }) => [
    percentile,
    `${sessions.none}`,
    `${sessions.one}`,
    minutesText(minutes),
    slos.length === 0 ? "" : `${minutes <= plan.windowMinutes ? "fits" : "too short"}: ${slos.join(", ")}`,
  ]);
  const head = ["percentile", "sessions, none beyond", "one beyond", "window", `the scenario's SLOs`];
  const parts = [
    `${plan.scenario}: about ${plan.sessionsPerMinute.toFixed(0)} sessions a minute, ${plan.expectedSessions} in its window of ${minutesText(plan.windowMinutes)}`,
    grid(head, cells, [1, 2, 3]),
    `at ${(plan.confidence * 100).toFixed(plan.confidence > 0.99 ? 2 : 0)} % confidence, sessions taken as independent: count on more where they are not`,
    ...(budgetMinutes === undefined
      ? []
      : [
          strongest === undefined || strongest === null
            ? `a window of ${minutesText(budgetMinutes)} certifies no percentile: more streams, or more time`
            : `the strongest gate in a window of ${minutesText(budgetMinutes)} is ${strongest}`,
        ]),
  ];
  return `\n${parts.join("\n\n")}\n`;
}

function minutesText(minutes: number): string {
  if (minutes < 2) return `${Math.ceil(minutes * 60)} s`;
  return minutes < 180 ? `${minutes.toFixed(1)} min` : `${(minutes / 60).toFixed(1)} h`;
}
