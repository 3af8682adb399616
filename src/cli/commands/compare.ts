/** `bench compare`: which of two servers is better, by interleaved pairs of runs or by runs that are stored. */
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Argv } from "yargs";
import type { ExitCode } from "../../base/errors.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import { randomStream } from "../../base/random.ts";
import { quantileDifferences } from "../../metrics/stats/bootstrap.ts";
import type { ComparisonVerdict } from "../../metrics/judge/comparison.ts";
import { compareRuns } from "../../metrics/judge/comparison.ts";
import type { Figure, Margins } from "../../metrics/judge/figure.ts";
import { figureNamed, figuresOf } from "../../metrics/judge/figure.ts";
import { isSameRun, whyNotComparable } from "../../metrics/judge/regression.ts";
import { renderComparisonHtml } from "../../report/html/comparison-html.ts";
import type { ComparisonReport } from "../../report/text/comparison.ts";
import { renderComparison, renderComparisonMarkdown } from "../../report/text/comparison.ts";
import { scenarioText } from "../../report/words/wording.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import type { FoundRuns } from "../../run/series/compare-pairs.ts";
import { makePairs } from "../../run/series/compare-pairs.ts";
import { findRuns } from "../../store/find-runs.ts";
import { marginOptions, readMargins } from "../margins.ts";
import { ownSlos } from "../../store/rejudge.ts";
import { QUIET_OPTION, REMOTE_OPTIONS, RESOLVE_OPTION, STREAMS_OPTION } from "../run-options.ts";
import { sessionDetails, transcriptDifferences } from "../../store/session-details.ts";
import type { StoredRun } from "../../store/stored-run.ts";
import type { World } from "../../base/process/world.ts";
import { writeOutput } from "../write-output.ts";

export const compareCommand = command(options, compare);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return marginOptions(yargs)
    .positional("baseline", {
      type: "string",
      demandOption: true,
      describe: "Target (name, file, URI), or folder of stored runs",
    })
    .positional("candidate", {
      type: "string",
      demandOption: true,
      describe: "The same, for the one that is to be judged",
    })
    .option("scenario", { alias: "s", type: "string", default: "ab", describe: "What each block plays" })
    .option("pairs", {
      type: "number",
      default: 8,
      describe: "Pairs of runs; 8 judge several figures, 6 one",
    })
    .option("metric", {
      type: "string",
      array: true,
      describe: "Figures that decide, the primary one first [default: what the SLOs are about]",
    })
    .option("seed", { type: "number", default: 1, describe: "Of the first pair; each has its own" })
    .option("streams", STREAMS_OPTION)
    .option("duration", { type: "string", describe: "Steady window of each run instead of the scenario's" })
    .option("warmup", { type: "string", describe: "Warm-up of each run instead of the scenario's" })
    .option("chunk", { type: "string", describe: "Chunk length instead of the scenario's" })
    .option("resolve", RESOLVE_OPTION)
    .options(REMOTE_OPTIONS)
    .option("out", {
      alias: "o",
      type: "string",
      describe: "Folder of the runs; resumes if it exists [default: results/<time>-compare]",
    })
    .option("json", { type: "string", describe: "Write the comparison as JSON to this file" })
    .option("quiet", QUIET_OPTION)
    .example("$0 compare emulator-nim emulator-legacy", "the emulator's two profiles: works at once")
    .example(
      "$0 compare grpc://old-box:50051 grpc://new-box:50051 --scenario concurrency-50 --pairs 12",
      "a migration",
    )
    .example(
      "$0 compare a.yaml b.yaml --nats nats://broker:4222 --run ab --expect-workers 4",
      "with four machines that run `bench worker --run ab`, see docs/scale-out.md",
    )
    .example("$0 compare results/monday results/tuesday", "stored runs: folders of several each")
    .epilogue(
      "Exit codes: 0 better or equivalent, 4 worse (or mixed), 5 no pair can be believed, 6 inconclusive, 2 bad input.",
    );
}

async function compare(world: World, args: Args): Promise<void> {
  const margins = readMargins(args);
  const named = args.metric?.map(figureNamed);
  const stored = [args.baseline, args.candidate].map((side) => existsSync(resolve(world.cwd, side)));
  const isRuns = stored.every(Boolean) && !/\.ya?ml$/.test(args.baseline);
  const found = isRuns ? await storedRuns(world, args) : await makePairs(world, args);
  const report = await reportOf(found, named, margins);
  publish(world, args, report, found.folder);
  world.setExitCode(EXITS[report.verdict]);
}

const EXITS: Readonly<Record<ComparisonVerdict, ExitCode>> = {
  better: EXIT.passed,
  equivalent: EXIT.passed,
  worse: EXIT.worse,
  mixed: EXIT.worse,
  void: EXIT.runVoid,
  inconclusive: EXIT.inconclusive,
};

async function storedRuns(world: World, args: Args): Promise<FoundRuns> {
  const all = [
    await findRuns([args.baseline], world.cwd),
    await findRuns([args.candidate], world.cwd),
  ] as const;
  const part = all.flat().find(({ result }) => result.run.shard !== undefined);
  if (part !== undefined)
    throw BenchError.usage(
      `${part.folder} is one shard of a run: alone it can't be compared`,
      "Compare what `bench merge` makes of all shards.",
    );
  const reference = all.flat().find(({ result }) => result.verdict !== "void");
  const leftOut: { run: string; why: string }[] = [];
  const usable = (runs: readonly StoredRun[]): StoredRun[] =>
    runs.filter(({ result }) => {
      const why =
        reference === undefined || isSameRun(result, reference.result)
          ? result.verdict === "void"
            ? "it is void"
            : undefined
          : whyNotComparable(result, reference.result);
      if (why !== undefined) leftOut.push({ run: result.run.id, why });
      return why === undefined;
    });
  return { baseline: usable(all[0]), candidate: usable(all[1]), paired: false, leftOut };
}

async function reportOf(
  { baseline, candidate, paired, leftOut }: FoundRuns,
  named: readonly Figure[] | undefined,
  margins: Margins,
): Promise<ComparisonReport> {
  const runs = [...baseline, ...candidate].map(({ result }) => result);
  const slos = [...new Set(runs.flatMap((run) => [...ownSlos(run)]))];
  const gating = withErrors(named ?? figuresOf(slos));
  const sets = {
    baseline: baseline.map(({ result }) => result),
    candidate: candidate.map(({ result }) => result),
    paired,
  };
  const comparison = compareRuns(sets, gating, othersThan(gating, sets.baseline), margins);
  const primary = gating.find(({ unit }) => unit === "ms")?.metric ?? "final_from_speech_end";
  const details = await Promise.all(
    [baseline, candidate].map((side) =>
      Promise.all(side.map(({ folder }) => sessionDetails(folder, primary))),
    ),
  );
  const [before = [], after = []] = details;
  const pairs = before.map(({ values }, index) => ({
    baseline: values,
    candidate: after[index]?.values ?? [],
  }));
  return {
    ...comparison,
    scenario: runs[0] === undefined ? "" : (scenarioText(runs[0], "name") ?? ""),
    leftOut,
    quantiles: { metric: primary, points: quantileDifferences(pairs, QUANTILES, randomStream(1, primary)) },
    transcripts: transcriptDifferences(before, after),
  };
}

const QUANTILES: readonly number[] = [...Array.from({ length: 19 }, (_, i) => (i + 1) / 20), 0.97, 0.99];

/** Latencies are of completed sessions: a server that fails the slow ones would win by them. */
function withErrors(figures: readonly Figure[]): Figure[] {
  return figures.some(({ metric }) => metric === "error_ratio")
    ? [...figures]
    : [...figures, figureNamed("error_ratio")];
}

/** Shown beside the figures that decide. */
const SHOWN: readonly string[] = [
  ...["session_setup", "first_partial_from_onset", "response_latency", "final_from_speech_end"].flatMap(
    (name) => [`${name} p50`, `${name} p95`],
  ),
  "keep_up",
  "goodput",
  "rtfx",
];

function othersThan(gating: readonly Figure[], runs: Comparable): Figure[] {
  const decided = new Set(gating.map(({ name }) => name));
  const measured = (figure: Figure): boolean =>
    runs.some(({ metrics }) => metrics[figure.metric] !== undefined);
  return SHOWN.filter((name) => !decided.has(name))
    .map(figureNamed)
    .filter(measured);
}

type Comparable = readonly StoredRun["result"][];

function publish(world: World, args: Args, report: ComparisonReport, folder: string | undefined): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  world.stdout.write(renderComparison(report));
  if (args.json !== undefined) writeOutput(world, args.json, json);
  if (folder === undefined) return;
  writeOutput(world, join(folder, "comparison.json"), json);
  writeOutput(world, join(folder, "comparison.html"), renderComparisonHtml(report));
  writeOutput(world, join(folder, "comparison.md"), renderComparisonMarkdown(report));
  world.stdout.write(`\nreport: ${join(folder, "comparison.html")}\n`);
}
