/**
 * Makes the pairs of a comparison: on one plan each (same clips, phases and seed), one side right after the other, in
 * blocks of two pairs ABBA or BAAB by a seeded coin, so that no drift of the machine favours a side.
 */
import { join, resolve } from "node:path";
import { BenchError } from "../../base/errors.ts";
import { printable } from "../../base/text/printable.ts";
import { randomStream } from "../../base/random.ts";
import { chooseTransport } from "../../loadgen/workers/transport-choice.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import type { RemoteFlags, RunInput } from "../run-input.ts";
import { readInput } from "../run-input.ts";
import { withRemoteSeries } from "./remote-series.ts";
import type { RemoteSeries, SeriesResult } from "./series-runs.ts";
import { openSeries, seriesRun } from "./series-runs.ts";
import type { World } from "../../base/process/world.ts";

export interface ComparePairsArguments extends RemoteFlags {
  baseline: string;
  candidate: string;
  scenario: string;
  pairs: number;
  seed: number;
  streams: number | undefined;
  duration: string | undefined;
  warmup: string | undefined;
  chunk: string | undefined;
  resolve: Resolve;
  out: string | undefined;
  quiet: boolean;
}

/** The runs of both sides, and those that can't be used. */
export interface FoundRuns {
  baseline: readonly SeriesResult[];
  candidate: readonly SeriesResult[];
  paired: boolean;
  leftOut: readonly { run: string; why: string }[];
  /** Where the reports go; undefined for stored runs. */
  folder?: string;
}

/** A run of each side, on one plan. */
export interface PairOfRuns {
  baseline: SeriesResult;
  candidate: SeriesResult;
}

type Side = keyof PairOfRuns;

/** Which side goes first in each pair: of two pairs that follow each other, once the one and once the other. */
export function firstSides(pairs: number, seed: number): Side[] {
  const coin = randomStream(seed, "order of pairs");
  const sides: Side[] = [];
  while (sides.length < pairs) {
    const heads = coin() < 0.5;
    sides.push(heads ? "baseline" : "candidate", heads ? "candidate" : "baseline");
  }
  return sides.slice(0, pairs);
}

/**
 * Two names of one server would be found equivalent. The same name twice is a question: how far do its runs differ by themselves?
 * @throws BenchError (exit 2)
 */
function checkApart([one, other]: readonly ResolvedTarget[], isRemote: boolean): void {
  if (one === undefined || other === undefined || one.emulated !== undefined) return;
  if (isRemote && one.uri === other.uri)
    throw BenchError.usage(
      `${printable(one.name)} and ${printable(other.name)} are both at ${one.uri}: workers on other machines tell targets apart by their address`,
      "Compare them with workers of this machine, without --nats.",
    );
  const asked = ({ kind, uri, metadata, model, language }: ResolvedTarget): string =>
    JSON.stringify([kind, uri, metadata, model, language]);
  if (asked(one) !== asked(other)) return;
  throw BenchError.usage(
    `${printable(one.name)} and ${printable(other.name)} are both ${one.uri}: one server would be compared with itself`,
    "Give two addresses (grpc://old-box:50051 grpc://new-box:50051), or two target files of your own; RIVA_HOST stands for one server only.",
  );
}

interface PairsOfSeries {
  folder: string;
  inputOf(pair: number): Promise<RunInput>;
  fleet: RemoteSeries | undefined;
}

/** @throws BenchError: bad input (2), a target that can't be used (7), interrupted (130) */
export async function makePairs(world: World, args: ComparePairsArguments): Promise<FoundRuns> {
  if (!Number.isInteger(args.pairs) || args.pairs < 1 || args.pairs > 1000) {
    throw BenchError.usage("--pairs must be a whole number from 1 to 1000", "8 is enough to begin with.");
  }
  const inputOf = (pair: number): Promise<RunInput> =>
    readInput(world, { ...args, seed: args.seed + pair, workers: "auto" });
  const firstInput = await inputOf(0);
  const { scenario: resolved, planned, workers, remote } = firstInput;
  // Both are looked up before the first run: a slip in the second name must not cost the time of the first.
  const targets = await Promise.all(
    [args.baseline, args.candidate].map((flag) =>
      resolveTarget({ flag, env: world.env, cwd: world.cwd, root: world.root }),
    ),
  );
  for (const { kind } of targets) chooseTransport(resolved, planned, workers, kind);
  if (args.baseline !== args.candidate) checkApart(targets, remote !== undefined);
  const folder = seriesFolder(world, args);
  const { baseline, candidate, scenario, seed, streams, duration, warmup, chunk } = args;
  openSeries(folder, {
    ...{ schema: "riva-bench/series@1", kind: "compare" },
    ...{ baseline, candidate, scenario, seed, streams, duration, warmup, chunk },
    ...(args.resolve === "first" ? { resolve: args.resolve } : {}),
    ...(remote === undefined ? {} : { workers }),
  });
  return withRemoteSeries(world, firstInput, "compare", (fleet) =>
    runPairs(world, args, { folder, inputOf, fleet }),
  );
}

/** Makes the pairs that are not there yet. */
async function runPairs(
  world: World,
  args: ComparePairsArguments,
  { folder, inputOf, fleet }: PairsOfSeries,
): Promise<FoundRuns> {
  const found: PairOfRuns[] = [];
  const leftOut: { run: string; why: string }[] = [];
  for (const [index, first] of firstSides(args.pairs, args.seed).entries()) {
    const input = await inputOf(index);
    const name = `pair-${`${index + 1}`.padStart(3, "0")}`;
    const made: Partial<PairOfRuns> = {};
    for (const side of first === "baseline" ? BASELINE_FIRST : CANDIDATE_FIRST) {
      if (!args.quiet) world.stderr.write(`pair ${index + 1} of ${args.pairs}: ${printable(args[side])}\n`);
      const { quiet, resolve: addresses } = args;
      const run = { series: folder, name: `${name}-${side}`, input, target: args[side], quiet, fleet };
      made[side] = await seriesRun(world, { ...run, resolve: addresses });
    }
    const pair = made as PairOfRuns;
    const why = whyLeftOut(pair);
    if (why === undefined) found.push(pair);
    else leftOut.push({ run: name, why });
  }
  return {
    baseline: found.map((pair) => pair.baseline),
    candidate: found.map((pair) => pair.candidate),
    paired: true,
    leftOut,
    folder,
  };
}

const BASELINE_FIRST: readonly Side[] = ["baseline", "candidate"];
const CANDIDATE_FIRST: readonly Side[] = ["candidate", "baseline"];

function whyLeftOut({ baseline, candidate }: PairOfRuns): string | undefined {
  const voided = [baseline, candidate].filter(({ result }) => result.verdict === "void");
  const [first] = voided;
  if (first !== undefined) {
    const check = first.result.validity.checks.find(({ verdict }) => verdict === "fail");
    return `void after several tries: ${check?.name ?? "the machine was at fault"}`;
  }
  if (baseline.result.run.planHash !== candidate.result.run.planHash) return "the plans differ";
  if (hostsOf(baseline) !== hostsOf(candidate))
    return "other machines carried the load, or other shares of it";
  return undefined;
}

/** Hosts and weights of the workers on other machines, by their places. */
function hostsOf({ result }: SeriesResult): string {
  return JSON.stringify(result.run.remote?.workers.map(({ host, weight }) => [host, weight]) ?? []);
}

function seriesFolder(world: World, { out }: ComparePairsArguments): string {
  if (out !== undefined) return resolve(world.cwd, out);
  const stamp = new Date(world.clock.epochMs()).toISOString().slice(0, 19).replaceAll(":", "-");
  return join(world.cwd, "results", `${stamp}-compare`);
}
