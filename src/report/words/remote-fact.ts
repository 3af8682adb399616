/** Words for workers and shards on other machines. */
import type { RunResult } from "../../metrics/result/result.ts";

/** Wall clocks this far apart are worth a word: logs and boards of the two machines don't match. */
const FAR_OFF_MS = 1000;

/** Rows for the facts of a run; none when all of it was made on the coordinator's machine. */
export function remoteFact({ remote, shard, shards }: RunResult["run"]): [label: string, text: string][] {
  return [
    ...(remote === undefined ? [] : [["workers", workersText(remote)] as [string, string]]),
    ...(shard === undefined
      ? []
      : [["shard", `${shard.index} of ${shard.count}, began at ${shard.startAt}`] as [string, string]]),
    ...(shards === undefined ? [] : [["shards", shardsText(shards)] as [string, string]]),
  ];
}

function workersText({ workers, startSpreadMs }: NonNullable<RunResult["run"]["remote"]>): string {
  const hosts = new Set(workers.flatMap(({ host }) => host ?? []));
  const uncertain = workers.flatMap(({ clockUncertaintyMs }) => clockUncertaintyMs ?? []);
  return [
    `${workers.length} on ${hosts.size} host(s)`,
    ...(startSpreadMs === undefined ? [] : [`T0 within ${startSpreadMs.toFixed(1)} ms`]),
    ...(uncertain.length === 0 ? [] : [`clocks known to ±${Math.max(...uncertain).toFixed(1)} ms`]),
    ...workers.flatMap(({ host = "", clockOffsetMs = 0 }) =>
      Math.abs(clockOffsetMs) < FAR_OFF_MS
        ? []
        : [
            `the wall clock of ${host} is ${(Math.abs(clockOffsetMs) / 1000).toFixed(1)} s ${clockOffsetMs > 0 ? "ahead" : "behind"} (nothing is timed by it)`,
          ],
    ),
  ].join(", ");
}

function shardsText({
  count,
  merged,
  missing,
  startSpreadMs,
}: NonNullable<RunResult["run"]["shards"]>): string {
  const hosts = new Set(merged.map(({ host }) => host));
  const cutShort = merged.flatMap(({ index, cutShort }) => (cutShort === true ? [index] : []));
  return [
    `${merged.length} of ${count} on ${hosts.size} host(s)`,
    `T0 within ${startSpreadMs.toFixed(0)} ms by their own clocks${hosts.size > 1 ? ", which nothing compared" : ""}`,
    ...(cutShort.length === 0 ? [] : [`cut short: ${cutShort.join(", ")}`]),
    ...(missing.length === 0 ? [] : [`missing: ${missing.join(", ")}`]),
  ].join("; ");
}
