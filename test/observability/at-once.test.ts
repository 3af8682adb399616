/** Two runs of the same scenario against the same target at once, into one Prometheus and one Pushgateway: no series is written by both. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { familyName } from "../../src/watch/exposition.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import {
  freePort,
  query,
  type Server,
  startPrometheus,
  startPushgateway,
  until,
} from "../support/prometheus-servers.ts";

const TARGET_NAME = 'eu-west/asr "語音" \\ 1';
const SCENARIO = `name: twice
load: { model: concurrency, streams: 4, rampIn: 0s }
duration: { warmup: 1s, steady: 5s }
audio: { clips: { max: 3s } }
slo: [error_ratio < 100%]
`;

let prometheus: Server;
let pushgateway: Server;
let emulator: Awaited<ReturnType<typeof startEmulatorProcess>>;
let results: RunResult[];

beforeAll(async () => {
  pushgateway = await startPushgateway();
  const ports = [await freePort(), await freePort()];
  prometheus = await startPrometheus(`
global: { scrape_interval: 1s }
scrape_configs:
  - { job_name: bench, static_configs: [{ targets: [${ports.map((port) => `"127.0.0.1:${port}"`).join(", ")}] }] }
  - { job_name: pushgateway, honor_labels: true, static_configs: [{ targets: ["${new URL(pushgateway.url).host}"] }] }
`);
  emulator = await startEmulatorProcess(["--fault", "error:rate=20%,after=500ms"]);
  const folder = tempFolder();
  const [scenario, target] = [join(folder, "twice.yaml"), join(folder, "target.yaml")];
  writeFileSync(scenario, SCENARIO);
  writeFileSync(target, `name: ${JSON.stringify(TARGET_NAME)}\nuri: grpc://127.0.0.1:${emulator.port}\n`);
  const runs = ports.map(async (port, index) => {
    const out = join(folder, `run-${index}`);
    const { stderr } = await startBench([
      ...["--scenario", scenario, "--target", target, "--out", out, "--quiet", "--seed", `${index + 1}`],
      ...["--metrics-port", `${port}`, "--metrics-linger", "4"],
      ...["--remote-write", `${prometheus.url}/api/v1/write`, "--pushgateway", pushgateway.url],
    ]).finished;
    expect(stderr).not.toMatch(/left out/);
    return readRun(out).result;
  });
  results = await Promise.all(runs);
  await until(
    "the Pushgateway was scraped",
    10_000,
    async () => (await query(prometheus, `bench_run_verdict{job="riva_bench", verdict="pass"}`)).length >= 2,
  );
}, 120_000);

afterAll(async () => {
  await emulator.stop();
  await Promise.all([prometheus.stop(), pushgateway.stop()]);
});

const LABELS = `scenario="twice", target=${JSON.stringify(TARGET_NAME)}`;

async function sum(series: string): Promise<number> {
  const found = await query(prometheus, `sum(last_over_time(${series}[2m]))`);
  return Number(found[0]?.value?.[1]);
}

const total = (of: (result: RunResult) => number): number => results.reduce((all, each) => all + of(each), 0);

it.each(["bench", "riva_bench"])("sums over both runs are those of both results, by job %s", async (job) => {
  for (const phase of ["warmup", "steady", "drain"] as const) {
    for (const what of ["scheduled", "started", "completed", "dropped", "failed"] as const) {
      const series = `bench_sessions_${what}_total{job="${job}", ${LABELS}, phase="${phase}"}`;
      expect(await sum(series), series).toBe(total(({ sessionsByPhase }) => sessionsByPhase[phase][what]));
    }
  }
  expect(total(({ sessions }) => sessions.completed)).toBeGreaterThan(0);
  let compared = 0;
  for (const [name, { unit, mean }] of Object.entries(results[0]?.metrics ?? {})) {
    if (mean === undefined || results.some(({ metrics }) => metrics[name]?.mean === undefined)) continue;
    const series = `${familyName({ name, unit })}_count{job="${job}", ${LABELS}, phase="steady"}`;
    expect(await sum(series), series).toBe(total(({ metrics }) => metrics[name]?.count ?? 0));
    compared++;
  }
  expect(compared).toBeGreaterThan(8);
});

it("each run has an instance of its own, and the same one by remote write and Pushgateway", async () => {
  const instances = async (job: string): Promise<string[]> => {
    const found = await query(prometheus, `last_over_time(bench_run_info{job="${job}", ${LABELS}}[2m])`);
    return found.map(({ metric }) => `${metric["instance"]} ${metric["run_id"]}`).sort();
  };
  const pushed = await instances("riva_bench");
  expect(pushed.map((text) => text.replace(/^.*#\d+ /, "")).sort()).toEqual(
    results.map(({ run }) => run.id).sort(),
  );
  expect(new Set(pushed.map((text) => text.split(" ")[0])).size).toBe(2);
  expect(await instances("bench")).toHaveLength(2);
  const groups = (await (await fetch(`${pushgateway.url}/api/v1/metrics`)).json()) as {
    data: { labels: Record<string, string> }[];
  };
  expect(groups.data.map(({ labels }) => labels["target"])).toEqual([TARGET_NAME, TARGET_NAME]);
  const held = groups.data.map(({ labels }) => labels["instance"]).sort();
  expect(held).toEqual(pushed.map((text) => text.split(" ")[0]).sort());
});
