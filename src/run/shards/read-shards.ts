/** The parts of a run as `bench merge` is given them: opened, and refused unless they belong together. */
import { readFileSync } from "node:fs";
import { BenchError } from "../../base/errors.ts";
import { isLoopback } from "../../client/proxy.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import type { ShardFacts } from "../../metrics/result/shards.ts";
import type { RunnableScenario } from "../../scenario/scenario.ts";
import { keptRecordFiles } from "../../store/run-folder.ts";
import { mustHaveItsEnd, openStoredRun, readRunScenario } from "../../store/stored-run.ts";

export interface StoredShard {
  folder: string;
  /** As it was written, or, of a shard that was killed, put together from its records. */
  result: RunResult;
  shard: ShardFacts;
  scenario: RunnableScenario;
  /** False for one that was interrupted or killed before the end of its window. */
  isWhole: boolean;
  /** Interrupted, or out of disk, when its window was over: sessions of the window may have been under way. */
  isCutInDrain: boolean;
}

/**
 * Opens the run folders of shards.
 * @returns them by their place in the plan; some may be missing
 * @throws BenchError (exit 2) for a folder that holds no shard, one that still runs or one that lacks records, for shards of different
 * runs, and for one that is there twice
 */
export async function readShards(paths: readonly string[], cwd: string): Promise<StoredShard[]> {
  const shards: StoredShard[] = [];
  for (const path of paths) shards.push(await readShard(path, cwd));
  const byIndex = new Map<number, StoredShard>();
  for (const one of shards) {
    const [first] = shards;
    if (first !== undefined) mustBelongTogether(first, one);
    const before = byIndex.get(one.shard.index);
    if (before !== undefined)
      throw BenchError.usage(
        `shard ${one.shard.index} of ${one.shard.count} is there twice: ${before.folder} and ${one.folder}`,
        "Leave one of them out.",
      );
    byIndex.set(one.shard.index, one);
  }
  return shards.sort((a, b) => a.shard.index - b.shard.index);
}

async function readShard(path: string, cwd: string): Promise<StoredShard> {
  const { folder, result, missing, isRunning } = await openStoredRun(path, cwd);
  const { shard, shards, interrupted } = result.run;
  if (shard === undefined)
    throw BenchError.usage(
      shards === undefined
        ? `${folder} is a whole run: it was not made with --shard`
        : `${folder} was put together from shards already`,
      "Give the folders that `bench run --shard I/N` has written.",
    );
  if (shard.index > shard.count)
    throw BenchError.usage(`${folder} calls itself shard ${shard.index} of ${shard.count}: there is none`);
  if (isRunning)
    throw BenchError.usage(`the shard in ${folder} still runs`, "Wait until it has written its result.json.");
  keptRecordFiles(folder);
  const scenario = readRunScenario(folder);
  const isKilled = missing.length > 0;
  if (!isKilled && !interrupted) mustHaveItsEnd(folder);
  const plannedEndMs = scenario.warmupMs + scenario.steadyMs;
  const isWhole = !isKilled && (!interrupted || windowEndMs(result) >= plannedEndMs);
  return { folder, result, shard, scenario, isWhole, isCutInDrain: isWhole && interrupted };
}

/** Where the window of a shard ended, milliseconds since its T0. */
export function windowEndMs({ window: { warmupMs, steadyMs } }: RunResult): number {
  return warmupMs + steadyMs;
}

/** Properties that all shards of a run have in common, in the order in which a difference explains most. */
const COMMON: readonly (readonly [what: string, of: (run: RunResult) => unknown])[] = [
  ["number of shards", ({ run }) => run.shard?.count],
  ["version", ({ run }) => run.tool],
  ["seed", ({ run }) => run.seed],
  ["target", ({ target: { uri, kind } }) => `${uri} (${kind})`],
  ["kind of server", ({ target: { emulated, standIn } }) => standIn ?? (emulated ? "emulator" : "real")],
  ["the metadata of their calls", ({ run }) => run.shard?.metadataSha256],
  ["model", ({ target }) => target.model],
  ["dataset hash", ({ dataset }) => dataset.sha256],
];

function mustBelongTogether(first: StoredShard, other: StoredShard): void {
  const differ = (what: string, hint?: string): BenchError =>
    BenchError.usage(
      `${first.folder} and ${other.folder} are not shards of one run: they differ in ${what}`,
      hint,
    );
  for (const [what, of] of COMMON) {
    const [a, b] = [of(first.result), of(other.result)];
    if (a !== b) throw differ(`${what} (${String(a)}, ${String(b)})`);
  }
  const { uri } = first.result.target;
  const [host, otherHost] = [first.result.run.host, other.result.run.host];
  if (host !== otherHost && isLoopback(hostIn(uri)))
    throw BenchError.usage(
      `${first.folder} and ${other.folder} had each a server of its own: they ran on ${host} and ${otherHost}, and ${uri} means the machine itself`,
      "Give all shards an address by which their machines reach the same server.",
    );
  const key = differentKey(portable(first.scenario), portable(other.scenario));
  if (key === "transport")
    throw differ(
      "the transport of their scenarios",
      "Left to itself it follows from the number of workers: give all shards the same --transport.",
    );
  if (key !== undefined) throw differ(`${key} of their scenarios`);
  if (first.result.run.planHash !== other.result.run.planHash) throw differ("the plan hash");
  const [clips, others] = [first, other].map(({ folder }) => readFileSync(keptRecordFiles(folder).clipsFile));
  if (clips === undefined || others?.equals(clips) !== true)
    throw differ("clips.ndjson, the facts of their clips");
}

/** Without the brackets of an IPv6 address; empty for what is no URI. */
function hostIn(uri: string): string {
  return URL.canParse(uri) ? new URL(uri).hostname.replace(/^\[(.*)\]$/, "$1") : "";
}

/** A scenario without the places of its files, which each machine has for itself; what is in them is in the hashes. */
function portable({ audio, load, scoring, ...others }: RunnableScenario): Record<string, unknown> {
  const { parity } = scoring;
  return {
    ...others,
    audio: { ...audio, dataset: undefined },
    load: "file" in load ? { ...load, file: undefined } : load,
    scoring: { ...scoring, parity: typeof parity === "string" ? parity : "stored" },
  };
}

function differentKey(a: Record<string, unknown>, b: Record<string, unknown>): string | undefined {
  return Object.keys({ ...a, ...b }).find((key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]));
}
