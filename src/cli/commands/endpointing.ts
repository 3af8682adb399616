/** `bench endpointing`: where the wait for finals went in a stored run, and what other settings would have made of it. */
import type { Argv } from "yargs";
import { durationFlag, formatDuration } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { isRecord } from "../../base/record.ts";
import type { EndpointingStudy } from "../../metrics/judge/endpointing.ts";
import { EndpointingTally } from "../../metrics/judge/endpointing.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { assumptionsOf, renderEndpointing } from "../../report/text/endpointing.ts";
import { keptRecordFiles } from "../../store/run-folder.ts";
import { completedSessions } from "../../store/session-details.ts";
import { openStoredRun } from "../../store/stored-run.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";

/** The range that a scenario may ask for. */
const LIMITS = { minMs: 1, maxMs: 60_000 };

export const endpointingCommand = command(options, endpointing);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("run", { type: "string", demandOption: true, describe: "Run folder, or its result.json" })
    .option("stop-history", {
      type: "string",
      describe: "Estimate the finals for these settings of stop_history, such as 400ms,800ms",
    })
    .option("measured-at", {
      type: "string",
      describe: "stop_history of the server in that run, where the scenario set none (Riva documents 800ms)",
    })
    .option("json", { type: "boolean", default: false, describe: "Print it as JSON" })
    .example("$0 endpointing results/RUN", "how much of the wait for a final is endpointing?")
    .example(
      "$0 endpointing results/RUN --stop-history 320ms,400ms,560ms",
      "would a shorter one be worth it?",
    )
    .example("$0 endpointing results/RUN --stop-history 400ms --measured-at 800ms", "the scenario set none");
}

async function endpointing(world: World, args: Args): Promise<void> {
  const { folder, result } = await openStoredRun(args.run, world.cwd);
  keptRecordFiles(folder);
  const settingsMs = (args.stopHistory?.split(",") ?? []).map((text) =>
    durationFlag("--stop-history", text, LIMITS),
  );
  if (args.measuredAt !== undefined && settingsMs.length === 0) {
    throw BenchError.usage(
      "--measured-at is about an estimate, and none is asked for",
      "Name the settings to estimate, such as --stop-history 400ms.",
    );
  }
  const measuredAtMs = settingsMs.length === 0 ? undefined : settingOfRun(result, args.measuredAt);
  const tally = new EndpointingTally(measuredAtMs, settingsMs);
  for await (const session of completedSessions(folder)) tally.add(session);
  const study = tally.end();
  mustBeMeasured(folder, study, settingsMs.length > 0);
  const { name, emulated, standIn } = result.target;
  const { whatIf } = study;
  world.stdout.write(
    args.json
      ? `${JSON.stringify({ run: result.run.id, verdict: result.verdict, target: { name, emulated, standIn }, ...study, ...(whatIf === undefined ? {} : { whatIf: { estimate: true, ...whatIf, assumptions: assumptionsOf(whatIf) } }) }, null, 2)}\n`
      : renderEndpointing(result, study),
  );
}

/** The `stop_history` that the run was measured at. @throws BenchError (exit 2) when nobody says, or the finals were made by something else */
function settingOfRun({ scenario }: RunResult, flag: string | undefined): number {
  const recognition = fieldOf(scenario, "recognition");
  if (fieldOf(fieldOf(recognition, "runtimeConfig"), "force_eou") === "true") {
    throw BenchError.usage(
      "the scenario of this run asked for its finals (runtimeConfig force_eou): stop_history did not make them",
      "Estimate from a run without it.",
    );
  }
  const set = fieldOf(fieldOf(recognition, "endpointing"), "stopHistoryMs");
  const known = typeof set === "number" && set > 0 ? set : undefined;
  const told = flag === undefined ? undefined : durationFlag("--measured-at", flag, LIMITS);
  if (known !== undefined && told !== undefined && told !== known) {
    throw BenchError.usage(
      `--measured-at ${formatDuration(told)}: the scenario of this run asked for a stop_history of ${formatDuration(known)}`,
      "Leave --measured-at out.",
    );
  }
  const ms = known ?? told;
  if (ms === undefined) {
    throw BenchError.usage(
      "the scenario of this run set no stop_history, so the one that its server used is not known",
      "Say it with --measured-at (Riva documents a default of 800ms), or run with recognition.endpointing.stopHistoryMs.",
    );
  }
  return ms;
}

function fieldOf(value: unknown, name: string): unknown {
  return isRecord(value) ? value[name] : undefined;
}

/** @throws BenchError (exit 2) that says what is missing */
function mustBeMeasured(folder: string, study: EndpointingStudy, asksForEstimate: boolean): void {
  const { sessions, endpointed, atStreamEnd, notApart, notModelled, whatIf } = study;
  if (sessions === 0) {
    throw BenchError.usage(
      `${folder}: no completed session of its window has a record with a final after speech, at the pace of a microphone`,
    );
  }
  if (!asksForEstimate) return;
  if (endpointed.total.count === 0) {
    const why = [
      ...(atStreamEnd.total.count === 0 ? [] : [`${atStreamEnd.total.count} came at the end of the stream`]),
      ...notApart.map((left) => `${left.sessions} can't be told: ${left.why}`),
    ].join("; ");
    throw BenchError.usage(
      `no final of this run came by the server's endpointing (${why}): there is nothing to estimate from`,
      "Put more silence behind the clips than stop_history, such as audio.padding.after: 2s.",
    );
  }
  if ((whatIf?.measured.endpointed ?? 0) === 0) {
    const why = notModelled.map((left) => left.why).join("; ");
    throw BenchError.usage(
      `no final by endpointing of this run can be modelled: ${why || "too few partials show at which positions the server decides"}`,
      "Run with recognition.interim: true and without conditions.",
    );
  }
}
