/** `bench history`: the runs that are there, a figure by release, and baselines: copies of runs, kept by name. */
import { defined } from "../../base/defined.ts";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Argv } from "yargs";
import { BenchError, messageOf } from "../../base/errors.ts";
import { copyPrivate, makePrivateFolders } from "../../base/files/private-files.ts";
import { isRunId } from "../../base/run-id.ts";
import { printable } from "../../base/text/printable.ts";
import type { Figure } from "../../metrics/judge/figure.ts";
import { figureIn, figureNamed } from "../../metrics/judge/figure.ts";
import { mean } from "../../metrics/stats/paired.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { valueText } from "../../report/text/gate-report.ts";
import { grid } from "../../report/text/table.ts";
import { instant, markedName, scenarioText } from "../../report/words/wording.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { findRuns } from "../../store/find-runs.ts";
import { openStoredRun } from "../../store/stored-run.ts";
import type { World } from "../../base/process/world.ts";

export const historyCommand = command(options, history);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("runs", { type: "string", array: true, describe: "Folders of runs [default: results]" })
    .option("metric", {
      type: "string",
      default: "final_from_speech_end p95",
      describe: "Figure to follow: metric[@stage] [stat]",
    })
    .option("scenario", { alias: "s", type: "string", describe: "Only runs of this scenario" })
    .option("target", { alias: "t", type: "string", describe: "Only runs against the target of this name" })
    .option("by-release", {
      type: "boolean",
      default: false,
      describe: "One line a release: the commit, or the model",
    })
    .option("pin", { type: "string", describe: "Copy this run to the baselines" })
    .option("as", { type: "string", default: "main", describe: "Name of the baseline for --pin" })
    .option("baselines", { type: "string", default: "baselines", describe: "Folder of the baselines" })
    .option("json", { type: "boolean", default: false, describe: "Print JSON" })
    .example("$0 history --scenario concurrency-50 --by-release", "is it getting slower?")
    .example(
      "$0 history --pin results/2025-03-14T09-26-53-smoke-5f3a",
      "then: bench gate out --baseline baselines/main",
    );
}

async function history(world: World, args: Args): Promise<void> {
  if (args.pin !== undefined) {
    await pin(world, args, args.pin);
    return;
  }
  const figure = figureNamed(args.metric);
  const { runs: named = [] } = args;
  if (named.length === 0 && !existsSync(resolve(world.cwd, "results")))
    throw BenchError.usage(
      "there are no runs here yet: no folder results",
      "`bench --scenario smoke` makes one.",
    );
  const folders = named.length === 0 ? ["results"] : named;
  const runs = (await findRuns(folders, world.cwd))
    .map(({ result }) => result)
    .filter((run) => args.scenario === undefined || scenarioText(run, "name") === args.scenario)
    .filter((run) => args.target === undefined || run.target.name === args.target);
  if (runs.length === 0) throw BenchError.usage("no run matches", "Leave --scenario or --target out.");
  const lines = args.byRelease ? byRelease(runs, figure) : runs.map((run) => lineOf(run, figure));
  world.stdout.write(args.json ? `${JSON.stringify(lines, null, 2)}\n` : render(lines, figure));
}

/** A line of the list: a run, or the runs of a release. Void runs have no value, nor have single shards. */
interface HistoryLine {
  at: string;
  release: string;
  scenario: string;
  target: string;
  verdict: string;
  runs: number;
  /** In the figure's unit. */
  value?: number;
  run?: string;
}

function lineOf(run: RunResult, figure: Figure): HistoryLine {
  const value = run.verdict === "void" || run.run.shard !== undefined ? undefined : figureIn(run, figure);
  return {
    at: run.run.startedAt,
    release: releaseOf(run),
    scenario: scenarioText(run, "name") ?? "run",
    target: markedName(run.target),
    verdict: run.verdict,
    runs: 1,
    ...defined({ value }),
    run: run.run.id,
  };
}

/** What was tested: the commit of the working copy the run was started in, else the model's name. */
function releaseOf({ run, target }: RunResult): string {
  return run.git ?? target.model ?? "?";
}

/** Runs of one release, scenario and target together, in the order of their first run; means of their values. */
function byRelease(runs: readonly RunResult[], figure: Figure): HistoryLine[] {
  const groups = new Map<string, HistoryLine[]>();
  for (const line of runs.map((run) => lineOf(run, figure))) {
    const key = [line.release, line.scenario, line.target].join("\n");
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  return [...groups.values()].flatMap((lines) => {
    const [first] = lines;
    if (first === undefined) return [];
    const values = lines.flatMap(({ value }) => value ?? []);
    const count = (verdict: string): number => lines.filter((line) => line.verdict === verdict).length;
    const verdicts = ["pass", "fail", "inconclusive", "void"].filter((verdict) => count(verdict) > 0);
    return [
      {
        ...{ at: first.at, release: first.release, scenario: first.scenario, target: first.target },
        verdict: verdicts.map((verdict) => `${count(verdict)} ${verdict}`).join(", "),
        runs: lines.length,
        ...(values.length === 0 ? {} : { value: mean(values) }),
      },
    ];
  });
}

function render(lines: readonly HistoryLine[], figure: Figure): string {
  const rows = lines.map(({ at, release, scenario, target, verdict, runs, value, run }) =>
    [
      instant(at),
      release,
      scenario,
      target,
      verdict,
      value === undefined ? "-" : valueText(value, figure),
      run ?? `${runs} runs`,
    ].map(printable),
  );
  const head = ["when", "release", "scenario", "target", "verdict", figure.name, "run"];
  return `\n${grid(head, rows, [5])}\n`;
}

/** @throws BenchError (exit 2) for a run that can be no baseline, or is one already */
async function pin(world: World, { as, baselines }: Args, path: string): Promise<void> {
  if (!isRunId(as))
    throw BenchError.usage(`--as ${as}: letters, digits, dots and dashes only, a letter or digit first`);
  const { folder, result } = await openStoredRun(path, world.cwd);
  if (result.verdict === "void" || result.run.interrupted || !existsSync(join(folder, "result.json"))) {
    throw BenchError.usage(`${folder} is no whole, valid run: a baseline must be`);
  }
  if (result.run.shard !== undefined)
    throw BenchError.usage(`${folder} is one shard of a run`, "Pin what `bench merge` makes of all of them.");
  const home = resolve(world.cwd, baselines, as);
  const copy = join(home, result.run.id);
  if (existsSync(copy)) throw BenchError.usage(`${copy} is there already`);
  try {
    makePrivateFolders(home);
    copyPrivate(folder, copy);
  } catch (error) {
    throw new BenchError(`${copy} can't be written: ${messageOf(error)}`);
  }
  const count = (await findRuns([home], world.cwd)).length;
  world.stdout.write(
    `${result.run.id} is one of ${count} run(s) of the baseline ${home}\n` +
      (count < 5
        ? "Five or more are wise: the spread between them is what a regression is judged by.\n"
        : ""),
  );
}
