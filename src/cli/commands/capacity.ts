/** `bench capacity`: the largest number of streams that still meets the SLOs, as an interval. */
import { commonMark } from "../../base/server-mark.ts";
import { defined } from "../../base/defined.ts";
import { join, resolve } from "node:path";
import type { Argv } from "yargs";
import { durationFlag } from "../../base/duration.ts";
import type { ExitCode } from "../../base/errors.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import { writePrivate } from "../../base/files/private-files.ts";
import { searchCapacity } from "../../metrics/judge/capacity-search.ts";
import { chooseTransport } from "../../loadgen/workers/transport-choice.ts";
import { renderCapacityHtml } from "../../report/html/capacity-html.ts";
import { capacityReport, type CapacityReport, renderCapacity } from "../../report/text/capacity.ts";
import {
  allowedShare,
  generatorLimit,
  makeProbe,
  type ProbeSettings,
  probeInput,
} from "../../run/series/capacity-probes.ts";
import { readRunResult } from "../../metrics/result/read-result.ts";
import { phaseSensitivity } from "../../run/series/capacity-phase.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { openSeries } from "../../run/series/series-runs.ts";
import { QUIET_OPTION, REMOTE_OPTIONS, RESOLVE_OPTION } from "../run-options.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import type { RunInput } from "../../run/run-input.ts";
import { withRemoteSeries } from "../../run/series/remote-series.ts";
import type { World } from "../../base/process/world.ts";
import { writeOutput } from "../write-output.ts";

export const capacityCommand = command(options, capacity);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("target", { alias: "t", type: "string", describe: "As for bench run; default: the emulator" })
    .option("resolve", RESOLVE_OPTION)
    .options(REMOTE_OPTIONS)
    .option("scenario", {
      alias: "s",
      type: "string",
      default: "capacity",
      describe: "What each probe plays",
    })
    .option("max", { type: "number", default: 400, describe: "No probe has more streams" })
    .option("budget", { type: "string", default: "10m", describe: "The search ends within this time" })
    .option("probe", {
      type: "string",
      default: "15s",
      describe: "Window of a short probe; a long one has twice as much",
    })
    .option("precision", {
      type: "number",
      default: 1.25,
      describe: "Narrow enough when fail / pass is at most this",
    })
    .option("replicates", {
      type: "number",
      default: 2,
      describe: "Long probes that confirm each end, if the budget allows",
    })
    .option("slo", { type: "string", array: true, describe: "SLOs besides the scenario's" })
    .option("chunk", { type: "string", describe: "Chunk length instead of the scenario's" })
    .option("seed", {
      type: "number",
      default: 1,
      describe: "Decides clips, phases and the order of confirmation",
    })
    .option("price", {
      type: "number",
      describe: "Money per hour of the server: gives the cost of an hour of good audio",
    })
    .option("out", {
      alias: "o",
      type: "string",
      describe: "Folder of the search; resumes if it exists",
    })
    .option("json", { type: "string", describe: "Write the result as JSON to this file" })
    .option("quiet", QUIET_OPTION)
    .example("$0 capacity --target grpc://gpu-box:50051 --max 400", "in ten minutes")
    .example(
      "$0 capacity --target nim --budget 1h --probe 60s --replicates 3 --precision 1.1",
      "more exactly",
    )
    .example(
      "$0 capacity -t grpc://gpu-box:50051 --max 4000 --nats nats://broker:4222 --run limit --expect-workers 4",
      "with four machines that run `bench worker --run limit`, see docs/scale-out.md",
    )
    .epilogue(
      "Exit codes: 0 found, 3 not even one stream, 5 the machine was at fault, 6 the budget was too small.",
    );
}

async function capacity(world: World, args: Args): Promise<void> {
  const budgetSeconds = seconds("budget", args.budget);
  const settings: ProbeSettings = {
    ...{ scenario: args.scenario, target: args.target, seed: args.seed, slo: args.slo, chunk: args.chunk },
    resolve: args.resolve,
    ...{ probeSeconds: seconds("probe", args.probe), quiet: args.quiet },
    series: folderOf(world, args),
    remote: args,
  };
  checkNumbers(args);
  const input = await probeInput(world, settings, args.max, "short");
  const target = await resolveTarget({ flag: args.target, env: world.env, cwd: world.cwd, root: world.root });
  // What the target's dialect can't carry is refused here, not in the first probe.
  chooseTransport(input.scenario, input.planned, input.workers, target.kind);
  const { series, scenario, seed, slo, chunk, probeSeconds } = settings;
  openSeries(series, {
    ...{ schema: "riva-bench/series@1", kind: "capacity", target: args.target ?? "" },
    ...{ scenario, seed, slo, chunk, probeSeconds, max: args.max },
    ...(args.resolve === "first" ? { resolve: args.resolve } : {}),
    ...(input.remote === undefined ? {} : { workers: input.workers }),
  });
  const report = await withRemoteSeries(world, input, "capacity", (fleet) =>
    search(world, args, { settings: { ...settings, fleet }, input, target, budgetSeconds }),
  );
  publish(world, args, report, series);
}

interface SearchNeeds {
  settings: ProbeSettings;
  /** Input of a probe with the most streams. */
  input: RunInput;
  target: ResolvedTarget;
  budgetSeconds: number;
}

async function search(
  world: World,
  args: Args,
  { settings, input, target, budgetSeconds }: SearchNeeds,
): Promise<CapacityReport> {
  const { series } = settings;
  const startedMs = world.clock.nowMs();
  // Workers on other machines can't be tried here: a probe for which one of them was late is void.
  const limit = input.remote === undefined ? await generatorLimit(world, settings, args.max) : args.max;
  const allowed = allowedShare(input.slos);
  const preflightSeconds = (world.clock.nowMs() - startedMs) / 1000;
  let number = 0;
  const found = await searchCapacity({
    max: limit,
    allowed,
    budgetSeconds: budgetSeconds - preflightSeconds,
    precision: args.precision,
    replicates: args.replicates,
    seed: args.seed,
    probe: (streams, kind) => makeProbe(world, settings, { number: ++number, streams, kind, allowed }),
  });
  const left = budgetSeconds - preflightSeconds - found.usedSeconds;
  const phases = await phaseSensitivity(world, settings, found, left);
  const first = found.probes.find(({ verdict }) => verdict !== "void") ?? found.probes[0];
  const facts =
    first === undefined ? undefined : readRunResult(join(series, first.run, "result.json")).target;
  return capacityReport({
    ...{
      search: found,
      allowed,
      scenario: args.scenario,
      slos: input.slos.map(({ source }) => source.replace(/(?<!\s)\s+abort$/, "")),
    },
    target: {
      name: target.name,
      uri: facts?.uri ?? target.uri,
      ...commonMark(facts === undefined ? [] : [facts]),
    },
    budget: { seconds: budgetSeconds, usedSeconds: preflightSeconds + found.usedSeconds },
    generator: { asked: args.max, limit },
    ...defined({ phases, pricePerHour: args.price }),
  });
}

function checkNumbers({ max, precision, replicates, price }: Args): void {
  if (!Number.isInteger(max) || max < 1) throw BenchError.usage("--max must be a whole number from 1 up");
  if (!Number.isInteger(replicates) || replicates < 1)
    throw BenchError.usage("--replicates must be a whole number from 1 up");
  if (!(precision > 1)) throw BenchError.usage("--precision must be above 1", "1.25 stops at [80, 100].");
  if (price !== undefined && !(price > 0)) throw BenchError.usage("--price must be above 0");
}

function seconds(flag: string, value: string): number {
  return durationFlag(`--${flag}`, value, { minMs: 1000 }) / 1000;
}

function folderOf(world: World, { out }: Args): string {
  if (out !== undefined) return resolve(world.cwd, out);
  const stamp = new Date(world.clock.epochMs()).toISOString().slice(0, 19).replaceAll(":", "-");
  return join(world.cwd, "results", `${stamp}-capacity`);
}

function publish(world: World, args: Args, report: CapacityReport, folder: string): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  world.stdout.write(renderCapacity(report));
  writeOutput(world, join(folder, "capacity.json"), json, writePrivate);
  writeOutput(world, join(folder, "capacity.html"), renderCapacityHtml(report), writePrivate);
  if (args.json !== undefined) writeOutput(world, args.json, json);
  world.stdout.write(`\nreport: ${join(folder, "capacity.html")}\n`);
  world.setExitCode(exitOf(report));
}

function exitOf({ interval: [pass, fail], probes }: CapacityReport): ExitCode {
  if (probes.every(({ verdict }) => verdict === "void")) return EXIT.runVoid;
  if (pass > 0) return EXIT.passed;
  return fail === 1 ? EXIT.sloFailed : EXIT.inconclusive;
}
