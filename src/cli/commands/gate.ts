/** `bench gate`: stored runs held to SLOs and against a baseline; the exit code is the verdict. */
import type { Argv } from "yargs";
import { printable } from "../../base/text/printable.ts";
import { appendShared } from "../../base/files/private-files.ts";
import { figureNamed, figuresOf } from "../../metrics/judge/figure.ts";
import type { GateReport } from "../../metrics/judge/run-gate.ts";
import { judgeRuns } from "../../metrics/judge/run-gate.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
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
import type { World } from "../../base/process/world.ts";
import { GATE_EXITS } from "../gate-exits.ts";
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
  const report = judgeRuns(
    runs,
    baseline?.map(({ result }) => result),
    figures,
    margins,
  );
  publish(world, args, report);
  world.setExitCode(GATE_EXITS[report.verdict]);
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
