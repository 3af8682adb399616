/** `bench gate`: stored runs held to SLOs and against a baseline; the exit code is the verdict. */
import type { Argv } from "yargs";
import type { ExitCode } from "../../base/errors.ts";
import { printable } from "../../base/text/printable.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import { appendShared } from "../../base/files/private-files.ts";
import type { Figure, Margins } from "../../metrics/judge/figure.ts";
import { figureNamed, figuresOf } from "../../metrics/judge/figure.ts";
import { judgeRegression, whyNotComparable } from "../../metrics/judge/regression.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import type { GateOutcome, GateReport } from "../../report/text/gate-report.ts";
import { renderGate } from "../../report/text/gate-report.ts";
import { githubAnnotations } from "../../report/text/github.ts";
import { renderJunit } from "../../report/text/junit.ts";
import { renderGateMarkdown } from "../../report/text/markdown.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { findRuns } from "../../store/find-runs.ts";
import { marginOptions, readMargins } from "../margins.ts";
import { ownSlos, rejudge } from "../../store/rejudge.ts";
import { findArchivedRuns } from "../../store/archived-runs.ts";
import type { StoredRun } from "../../store/stored-run.ts";
import type { World } from "../../base/process/world.ts";
import { writeOutput } from "../write-output.ts";

export const gateCommand = command(options, gate);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return marginOptions(yargs)
    .positional("runs", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "Run folders, or folders of them",
    })
    .option("slo", {
      type: "string",
      array: true,
      describe: "SLOs instead of the scenario's own; may be repeated",
    })
    .option("baseline", {
      type: "string",
      array: true,
      describe:
        "Earlier runs of the same load on the same class of machine: folders, or archives (.tar.gz) of them",
    })
    .option("metric", {
      type: "string",
      array: true,
      describe: 'What must not get worse ("final_from_speech_end p95") [default: what the SLOs are about]',
    })
    .option("junit", { type: "string", describe: "Write JUnit XML to this file" })
    .option("markdown", { type: "string", describe: "Write Markdown to this file" })
    .option("json", { type: "boolean", default: false, describe: "Print the whole verdict as JSON" })
    .example("$0 gate results/nightly", "the run's own SLOs once more")
    .example("$0 gate out --slo 'final_from_speech_end p95 < 900ms' --slo 'error_ratio < 1%'", "other SLOs")
    .example("$0 gate out --baseline baselines/main --junit gate.xml", "and no worse than before")
    .example("$0 gate out --baseline main-runs.tar.gz", "the baseline as CI keeps it, in an archive")
    .epilogue(
      "Exit codes: 0 passed, 3 SLO failed, 4 worse than the baseline, 5 a run is void, 6 inconclusive, 2 bad input. " +
        "In GitHub Actions it also writes annotations and the job's summary.",
    );
}

async function gate(world: World, args: Args): Promise<void> {
  const slos = args.slo?.map((text) => parseSlo(text));
  const margins = readMargins(args);
  const named = args.metric?.map(figureNamed);
  const stored = await findRuns(args.runs, world.cwd);
  const baseline = args.baseline === undefined ? undefined : await findArchivedRuns(args.baseline, world.cwd);
  for (const sentence of [...stored, ...(baseline ?? [])].flatMap(({ missing }) => missing)) {
    world.stderr.write(`bench: ${printable(sentence)}\n`);
  }
  const runs: RunResult[] = [];
  for (const run of stored) runs.push(slos === undefined ? run.result : await rejudge(run, slos));
  const figures = named ?? figuresOf(args.slo ?? [...new Set(runs.flatMap((run) => [...ownSlos(run)]))]);
  const report = judge(runs, baseline, figures, margins);
  publish(world, args, report);
  world.setExitCode(EXITS[report.verdict]);
}

const EXITS: Readonly<Record<GateOutcome, ExitCode>> = {
  pass: EXIT.passed,
  fail: EXIT.sloFailed,
  worse: EXIT.worse,
  void: EXIT.runVoid,
  inconclusive: EXIT.inconclusive,
};

/** Void before all, then failed SLOs, then the baseline, then doubt. */
function judge(
  runs: readonly RunResult[],
  baseline: readonly StoredRun[] | undefined,
  figures: readonly Figure[],
  margins: Margins,
): GateReport {
  const has = (verdict: RunResult["verdict"]): boolean => runs.some((run) => run.verdict === verdict);
  const { comparable, leftOut } = sort(runs, baseline ?? []);
  const report = {
    schema: "riva-bench/gate@1",
    runs,
    leftOut,
    ...(baseline === undefined || has("void")
      ? {}
      : { regression: judgeRegression(comparable, runs, figures, margins) }),
  } as const;
  const rows = "regression" in report ? report.regression.rows : [];
  if (baseline !== undefined && figures.length === 0) {
    throw BenchError.usage("nothing to compare: the run has no SLO", 'Name figures: --metric "keep_up"');
  }
  const partial = runs.some(({ run }) => run.interrupted);
  const doubt = partial || has("inconclusive") || rows.some(({ verdict }) => verdict === "inconclusive");
  const verdict = has("void")
    ? "void"
    : has("fail")
      ? "fail"
      : rows.some((row) => row.verdict === "fail")
        ? "worse"
        : doubt
          ? "inconclusive"
          : "pass";
  return { ...report, verdict };
}

/** The baseline runs that every candidate can be held against, and why not the others. */
function sort(
  runs: readonly RunResult[],
  baseline: readonly StoredRun[],
): { comparable: RunResult[]; leftOut: { run: string; why: string }[] } {
  const comparable: RunResult[] = [];
  const leftOut: { run: string; why: string }[] = [];
  const [first, ...others] = runs;
  for (const other of others) {
    const why = first === undefined ? undefined : whyNotComparable(other, first);
    if (baseline.length > 0 && why !== undefined && other.verdict !== "void") {
      throw BenchError.usage(
        `runs ${first?.run.id ?? ""} and ${other.run.id} can't be judged as one candidate: ${why}`,
      );
    }
  }
  for (const { result } of baseline) {
    const why = runs.map((run) => whyNotComparable(result, run)).find((text) => text !== undefined);
    if (why === undefined) comparable.push(result);
    else leftOut.push({ run: result.run.id, why });
  }
  return { comparable, leftOut };
}

function publish(world: World, args: Args, report: GateReport): void {
  const { env } = world;
  world.stdout.write(args.json ? `${JSON.stringify(report, null, 2)}\n` : renderGate(report));
  if (args.junit !== undefined) writeOutput(world, args.junit, renderJunit(report.runs, report.regression));
  if (args.markdown !== undefined) writeOutput(world, args.markdown, renderGateMarkdown(report));
  if (env["GITHUB_ACTIONS"] !== "true") return;
  if (!args.json) world.stdout.write(githubAnnotations(report));
  const summary = env["GITHUB_STEP_SUMMARY"];
  if (summary !== undefined && summary !== "")
    writeOutput(world, summary, renderGateMarkdown(report), appendShared);
}
