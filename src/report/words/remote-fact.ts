/** What is said of workers on other machines. */
import type { RunResult } from "../../metrics/result/result.ts";

/** Wall clocks this far apart are worth a word: logs and boards of the two machines don't match. */
const FAR_OFF_MS = 1000;

/** A row for the facts of a run; none when its workers were on the coordinator's machine. */
export function remoteFact({ remote }: RunResult["run"]): [label: string, text: string][] {
  if (remote === undefined) return [];
  const { workers, startSpreadMs } = remote;
  const hosts = new Set(workers.flatMap(({ host }) => host ?? []));
  const uncertain = workers.flatMap(({ clockUncertaintyMs }) => clockUncertaintyMs ?? []);
  const text = [
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
  ];
  return [["workers", text.join(", ")]];
}
