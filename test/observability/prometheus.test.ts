/**
 * Two real runs in a real Prometheus, and a load through the gateway beside the second: what it holds is what the results
 * say, and every panel has something to show.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GATEWAY_FAMILIES } from "../../src/gateway/metric-families.ts";
import { EXPOSED_FAMILIES } from "../../src/watch/exposed.ts";
import { familyName } from "../../src/watch/exposition.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { type BenchProcess, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { boardFiles, expanded, panelsOf } from "../support/board-queries.ts";
import {
  freePort,
  prometheusBinaries,
  query,
  queryRange,
  type Server,
  startPrometheus,
  startPushgateway,
} from "../support/prometheus-servers.ts";

const RULES = fileURLToPath(new URL("../../dashboards/rules/", import.meta.url));

/** Faults of network and server, so that every failure panel has data. */
const TROUBLED = `name: troubled
description: callers under jitter, a server with errors
load: { model: concurrency, streams: 8 }
duration: { warmup: 2s, steady: 8s }
audio: { clips: { max: 3s } }
conditions:
  - { name: jittery, share: 30%, jitter: { mean: 5ms } }
slo:
  - first_partial_from_onset p95 < 400ms
  - final_from_speech_end p95 < 1200ms
  - response_latency p99 < 60ms
  - error_ratio < 50%
`;
/** As NVIDIA's client measures, so that its latencies have data. */
const PAIRED = `name: paired
description: the server's own chunk, finals alone
load: { model: concurrency, streams: 4, rampIn: 0s }
duration: { warmup: 1s, steady: 7s }
audio: { chunk: 160ms, phase: aligned, clips: { max: 3s } }
recognition: { interim: false, wordTimeOffsets: false }
slo:
  - final_from_close p95 < 2s
`;
/** Through the gateway, whose metrics are its own. */
const THROUGH = `name: through
description: a few callers of the gateway, before a server with errors
load: { model: concurrency, streams: 4, rampIn: 0s }
duration: { warmup: 1s, steady: 5s }
audio: { clips: { max: 3s } }
slo:
  - error_ratio < 50%
`;

let prometheus: Server;
let pushgateway: Server;
let emulator: BenchProcess;
let troubled: BenchProcess;
let gateway: BenchProcess;
const results: Record<string, RunResult> = {};
const folders: Record<string, string> = {};
let through: RunResult;
let fromS: number;
let toS: number;

/** @returns its folder */
async function runInto(name: string, scenario: string, target: string, flags: string[]): Promise<string> {
  const folder = tempFolder();
  const file = join(folder, `${name}.yaml`);
  writeFileSync(file, scenario);
  const finished = await startBench([
    ...["--scenario", file, "--target", target, "--out", join(folder, "run"), "--quiet"],
    ...flags,
  ]).finished;
  expect(finished.stderr).not.toMatch(/failed and is left out/);
  return join(folder, "run");
}

async function run(name: string, scenario: string, target: string, metricsPort: number): Promise<void> {
  const folder = await runInto(name, scenario, target, [
    ...["--metrics-port", `${metricsPort}`, "--metrics-linger", "4"],
    ...["--remote-write", `${prometheus.url}/api/v1/write`, "--pushgateway", pushgateway.url],
  ]);
  folders[name] = folder;
  results[name] = readRun(folder).result;
}

/** The first match in what a server prints, once it is there. */
function printed({ child }: BenchProcess, pattern: RegExp): Promise<string> {
  return new Promise((resolve) => {
    let text = "";
    child.stdout?.on("data", (data: Buffer) => {
      const match = pattern.exec((text += data.toString()));
      if (match !== null) resolve(match[1] ?? "");
    });
  });
}

beforeAll(async () => {
  const [metrics, http, gatewayPort] = [await freePort(), await freePort(), await freePort()];
  pushgateway = await startPushgateway();
  prometheus = await startPrometheus(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${RULES}recording.yaml, ${RULES}alerts.yaml]
scrape_configs:
  - { job_name: bench, static_configs: [{ targets: ["127.0.0.1:${metrics}"] }] }
  - { job_name: emulator, static_configs: [{ targets: ["127.0.0.1:${http}"] }] }
  - { job_name: gateway, static_configs: [{ targets: ["127.0.0.1:${gatewayPort}"] }] }
  - { job_name: pushgateway, honor_labels: true, static_configs: [{ targets: ["${new URL(pushgateway.url).host}"] }] }
`);
  emulator = startBench([
    "emulator",
    "--port",
    "0",
    "--http-port",
    `${http}`,
    "--json",
    "--fault",
    "error:rate=10%",
  ]);
  const address = `grpc://127.0.0.1:${await printed(emulator, /"port":(\d+)/)}`;
  // Of its own, so that which sessions it fails does not depend on the run beside it.
  troubled = startBench(["emulator", "--port", "0", "--json", "--fault", "error:rate=30%"]);
  const upstream = `grpc://127.0.0.1:${await printed(troubled, /"port":(\d+)/)}`;
  gateway = startBench(["gateway", "--port", `${gatewayPort}`, "--upstream", upstream]);
  await printed(gateway, /listening on (\S+)/);
  fromS = Date.now() / 1000;
  await run("troubled", TROUBLED, address, metrics);
  const target = `ws://127.0.0.1:${gatewayPort}/v1/stream`;
  const [, folder] = await Promise.all([
    run("paired", PAIRED, address, metrics),
    runInto("through", THROUGH, target, []),
  ]);
  through = readRun(folder).result;
  toS = Date.now() / 1000;
}, 120_000);

afterAll(async () => {
  for (const { child } of [gateway, troubled, emulator]) child.kill();
  await Promise.all([prometheus.stop(), pushgateway.stop()]);
});

/** The newest value of a series, of the run it is of; or a sum of series. */
async function last(series: string): Promise<number> {
  // A sum has no range of its own, and asks for the moment.
  const expr = series.startsWith("sum(") ? series : `last_over_time(${series}[2m])`;
  const found = await query(prometheus, expr, toS);
  expect(found.length, series).toBe(1);
  return Number(found[0]?.value?.[1]);
}

describe.each(["bench", "riva_bench"])("what came by the job %s", (job) => {
  it.each(["troubled", "paired"])("has the counts and sums of the run's result: %s", async (scenario) => {
    const result = results[scenario];
    let compared = 0;
    for (const [name, summary] of Object.entries(result?.metrics ?? {})) {
      const family = familyName({ name, unit: summary.unit });
      const labels = `{job="${job}", scenario="${scenario}"`;
      if (summary.mean === undefined) {
        expect(await last(`${family}${labels}}`), name).toBe(summary.value);
      } else {
        const scale = summary.unit === "ms" ? 1000 : 1;
        expect(await last(`${family}_count${labels}, phase="steady"}`), name).toBe(summary.count);
        const sum = await last(`${family}_sum${labels}, phase="steady"}`);
        expect(Math.abs(sum - (summary.mean * summary.count) / scale), name).toBeLessThan(1e-6);
      }
      compared++;
    }
    expect(compared).toBeGreaterThan(20);
    for (const phase of ["warmup", "steady", "drain"] as const) {
      for (const what of ["scheduled", "started", "completed", "dropped"] as const) {
        const series = `bench_sessions_${what}_total{job="${job}", scenario="${scenario}", phase="${phase}"}`;
        expect(await last(series), series).toBe(result?.sessionsByPhase[phase][what]);
      }
    }
  });
});

it("the planted errors are there, by origin and class", async () => {
  const failures = results["troubled"]?.sessions.failures ?? [];
  expect(failures.length).toBeGreaterThan(0);
  for (const { class: kind, origin } of failures) {
    const count = failures
      .filter((f) => f.class === kind && f.origin === origin)
      .reduce((n, f) => n + f.count, 0);
    const series = `bench_sessions_failed_total{job="bench", scenario="troubled", phase="steady", class="${kind}", origin="${origin}"}`;
    expect(await last(series)).toBe(count);
  }
});

it("an SLO's violations are those that its verdict was given on", async () => {
  const slo = "first_partial_from_onset p95 < 400ms";
  const values = await last(`bench_slo_values_total{job="bench", slo="${slo}"}`);
  const over = await last(`bench_slo_violations_total{job="bench", slo="${slo}"}`);
  const within = await last(
    `bench_first_partial_from_onset_seconds_bucket{job="bench", scenario="troubled", phase="steady", le="0.4"}`,
  );
  const result = results["troubled"];
  const failed = (result?.sessions.failures ?? [])
    .filter((f) => f.origin !== "generator" && f.origin !== "caller")
    .reduce((n, f) => n + f.count, 0);
  expect(values).toBe((result?.metrics["first_partial_from_onset"]?.count ?? 0) + failed);
  expect(within).toBe(values - over);
});

it("the gateway counted every session of the run through it, and how each ended", async () => {
  const phases = Object.values(through.sessionsByPhase);
  const started = phases.reduce((sum, counts) => sum + counts.started, 0);
  const completed = phases.reduce((sum, counts) => sum + counts.completed, 0);
  expect(completed).toBeGreaterThan(0);
  const begun = await last("sum(bench_gateway_sessions_total)");
  expect(begun + (await last("sum(bench_gateway_refused_total)"))).toBe(started);
  expect(await last("sum(bench_gateway_sessions_ended_total)")).toBe(begun);
  expect(await last('bench_gateway_sessions_ended_total{close_code="1000"}')).toBe(completed);
  expect(await last("bench_gateway_waiting_chunks")).toBe(0);
  // A stream that failed before any word is tried again, and hears its audio twice.
  const heard = await last("bench_gateway_audio_seconds_total");
  const sent = await last("bench_gateway_audio_sent_seconds_total");
  expect(heard).toBeGreaterThan(0);
  expect(sent / heard).toBeGreaterThan(1 - 1e-9);
  expect(sent / heard).toBeLessThan(1.5);
});

it("exemplars name sessions of the run", async () => {
  const parameters = new URLSearchParams({
    query: "bench_first_partial_from_onset_seconds_bucket",
    start: `${fromS - 5}`,
    end: `${toS}`,
  });
  const response = await fetch(`${prometheus.url}/api/v1/query_exemplars?${parameters.toString()}`);
  const { data } = (await response.json()) as { data: { exemplars: { labels: Record<string, string> }[] }[] };
  const found = data.flatMap(({ exemplars }) => exemplars);
  expect(found.length).toBeGreaterThan(0);
  const runs = Object.values(results).map(({ run: { id } }) => id);
  for (const { labels } of found) {
    expect(runs).toContain(labels["run_id"]);
    expect(labels["session_id"]).toMatch(/^\d+$/);
  }
});

it("the Pushgateway holds the exact figures of both runs", async () => {
  for (const [scenario, { metrics }] of Object.entries(results)) {
    const p95 = await last(
      `bench_result_seconds{job="riva_bench", instance=~".+#.+", scenario="${scenario}", metric="final_from_close", stat="p95"}`,
    );
    expect(p95).toBe((metrics["final_from_close"]?.p95 ?? NaN) / 1000);
  }
});

it("the backfill file is one that promtool takes", () => {
  const folder = tempFolder();
  const file = join(folders["troubled"] ?? "", "metrics.openmetrics");
  const said = execFileSync(
    join(prometheusBinaries(), "promtool"),
    ["tsdb", "create-blocks-from", "openmetrics", file, join(folder, "data")],
    { encoding: "utf8" },
  );
  expect(said).toContain("BLOCK ULID");
});

describe("panels", () => {
  /** What short runs against the emulator can't have, with what the panel says instead. */
  const CANT_HAVE =
    /DCGM_|nv_gpu_power|bench_backlog_slope|bench_endpointing_wait|bench_cer|bench_transcript_parity|bench_worker_(?:send_lateness|clock)|bench_slo_limit\{[^}]*"wer"/;
  const questions = boardFiles().flatMap((board) =>
    panelsOf(board).flatMap((panel) =>
      (panel.targets ?? []).map(({ expr }) => ({ board: board.uid, title: panel.title, expr, panel })),
    ),
  );

  it.each(questions)("$board: $title: $expr", async ({ expr, panel }) => {
    const found = await queryRange(prometheus, expanded(expr), fromS, toS);
    if (CANT_HAVE.test(expr)) {
      expect(found).toEqual([]);
      expect(panel.fieldConfig?.defaults?.noValue).toMatch(/^no data: /);
    } else expect(found.flatMap(({ values }) => values ?? []).length).toBeGreaterThan(0);
  });

  it("annotations show the phases", async () => {
    for (const { annotations } of boardFiles()) {
      const expr = annotations.list.find(({ name }) => name === "Phases")?.expr ?? "";
      const phases = (await queryRange(prometheus, expanded(expr), fromS, toS)).map(
        ({ metric }) => metric["phase"],
      );
      expect(phases).toEqual(expect.arrayContaining(["warmup", "steady", "drain"]));
    }
  });
});

describe("rules", () => {
  it("all give data, without an error", async () => {
    const response = await fetch(`${prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; type: string; health: string; lastError?: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(15);
    for (const { name, type, health, lastError } of rules) {
      expect([name, health, lastError]).toEqual([name, "ok", undefined]);
      if (type === "recording") expect(await queryRange(prometheus, name, fromS, toS), name).not.toEqual([]);
    }
  });
});

it("every series that the code declares came, but for what these runs can't have", async () => {
  /** No audio without pace, no slope of a backlog in ten seconds, no silence that a server could close an utterance in, no clip scored in characters, no unloaded answers, no workers on other machines. */
  const ABSENT = [
    ...["bench_rtfx_offline", "bench_backlog_slope", "bench_transcript_parity_ratio"],
    ...["bench_cer_ratio", "bench_cer_with_failures_ratio", "bench_endpointing_wait_seconds"],
    ...["bench_worker_send_lateness_p99_seconds"],
    ...["bench_worker_clock_offset_seconds", "bench_worker_clock_uncertainty_seconds"],
  ];
  const response = await fetch(`${prometheus.url}/api/v1/label/__name__/values`);
  const { data } = (await response.json()) as { data: string[] };
  const missing = [...EXPOSED_FAMILIES, ...GATEWAY_FAMILIES]
    .filter(({ name, type }) => !data.includes(type === "histogram" ? `${name}_count` : name))
    .map(({ name }) => name);
  expect(missing.sort()).toEqual(ABSENT.sort());
});
