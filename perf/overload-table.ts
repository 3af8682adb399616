/**
 * Prints the tables of docs/methodology.md: what the figures of a run read when the emulator's queue is offered more than it can
 * take. On a virtual clock, so it takes seconds and comes out the same everywhere:
 *
 *     node --import tsx perf/overload-table.ts
 */
import type { OverloadRun, OverloadSpec } from "../test/support/simulated-overload.ts";
import { simulateOverload } from "../test/support/simulated-overload.ts";

const CLIPS = { short: [2070, 2217, 2641, 2786, 2990], long: [10_512, 11_148, 15_175, 17_949] } as const;

const COLUMNS: readonly (readonly [string, (run: OverloadRun) => string])[] = [
  ["`keep_up`", ({ metrics }) => fixed(metrics["keep_up"]?.value, 3)],
  ["`backlog_slope` p50", ({ metrics }) => fixed(metrics["backlog_slope"]?.p50, 3)],
  ["`response_latency` p50", ({ metrics }) => seconds(metrics["response_latency"]?.p50)],
  ["`final_from_last_chunk` p95", ({ metrics }) => seconds(metrics["final_from_last_chunk"]?.p95)],
  ["`goodput`", ({ metrics }) => percent(metrics["goodput"]?.value)],
  ["`error_ratio`", ({ metrics }) => percent(metrics["error_ratio"]?.value)],
  ["`rtf` p50", ({ metrics }) => fixed(metrics["rtf"]?.p50, 2)],
  ["`rtfx`", ({ metrics }) => fixed(metrics["rtfx"]?.value, 1)],
  ["`rtfx_nvidia_compat`", ({ metrics }) => fixed(metrics["rtfx_nvidia_compat"]?.value, 1)],
  ["`concurrency`", ({ metrics }) => fixed(metrics["concurrency"]?.value, 1)],
  ["`upwr` mean", ({ metrics }) => fixed(metrics["upwr"]?.mean, 2)],
  ["collapse", ({ collapse }) => collapse?.verdict ?? "-"],
  [
    "steady state",
    ({ steadyState }) =>
      steadyState.advice?.startsWith("not tested") === true ? "not tested" : steadyState.verdict,
  ],
];

process.stdout.write(
  `Fixed capacity (\`--capacity\`):\n\n${table("capacity")}\nPlanted (\`--overload\`):\n\n${table("planted")}`,
);

function table(server: OverloadSpec["server"]): string {
  const rows = (["closed", "open"] as const).flatMap((model) =>
    (["short", "long"] as const).flatMap((clips) =>
      [0, 5, 50, 100].map((percentOver) => {
        const run = simulateOverload({
          server,
          model,
          clipsMs: CLIPS[clips],
          percent: percentOver,
          streams: 20,
        });
        const over = percentOver === 0 ? "none" : `${percentOver} %`;
        return [`${model}, ${clips}, ${over}`, ...COLUMNS.map(([, read]) => read(run))];
      }),
    ),
  );
  const heads = ["load, clips, overload", ...COLUMNS.map(([name]) => name)];
  return [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |\n`).join("");
}

function fixed(value: number | undefined, digits: number): string {
  return value === undefined ? "-" : value.toFixed(digits).replace(/^-(0\.?0*)$/, "$1");
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? "-" : `${(ms / 1000).toFixed(2)} s`;
}

function percent(share: number | undefined): string {
  return share === undefined ? "-" : `${(100 * share).toFixed(0)} %`;
}
