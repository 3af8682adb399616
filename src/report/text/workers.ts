/** Workers on other machines side by side: a function of the result. */
import type { RunResult } from "../../metrics/result/result.ts";
import { percent } from "../words/percent.ts";

/** Head and rows of the table; undefined for runs of this machine's own workers. */
export function workerRows({ run: { remote } }: RunResult): { head: string[]; rows: string[][] } | undefined {
  if (remote === undefined) return undefined;
  const head = [
    "worker",
    "host",
    "weight",
    "processes",
    "clock offset",
    "T0 offset, ms",
    "T0 uncertainty",
    "sessions",
    "peak CPU",
    "max loop delay, ms",
    "lateness p99, ms",
  ];
  const rows = remote.workers.map(
    ({
      index,
      host = "-",
      weight = "-",
      processes = "-",
      clockOffsetMs,
      startedAtMs,
      clockUncertaintyMs,
      load,
    }) => [
      `${index + 1}`,
      host,
      `${weight}`,
      `${processes}`,
      clockOffsetMs === undefined ? "-" : `${clockOffsetMs.toFixed(1)} ms`,
      inMs(startedAtMs),
      clockUncertaintyMs === undefined ? "-" : `±${clockUncertaintyMs.toFixed(2)} ms`,
      `${load?.sessions ?? "-"}`,
      load === undefined ? "-" : percent(load.cpuShareMax),
      inMs(load?.loopDelayMaxMs),
      inMs(load?.latenessP99Ms),
    ],
  );
  return { head, rows };
}

function inMs(value: number | undefined): string {
  return value === undefined ? "-" : value.toFixed(2);
}
