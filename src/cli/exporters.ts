/** Where a run is shown besides the terminal: `/metrics`, remote write, a Pushgateway, and a file to fill in afterwards. */
import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { BenchError } from "../base/errors.ts";
import { isClosed } from "../loadgen/load.ts";
import { loadShape } from "../loadgen/load-shape.ts";
import { levelAt } from "../loadgen/models.ts";
import { createBackfill } from "../metrics/backfill.ts";
import { exposedFamilies } from "../metrics/exposed.ts";
import type { Family } from "../metrics/exposition.ts";
import type { RunListener } from "../metrics/listener.ts";
import type { RunManifest } from "../metrics/manifest.ts";
import { pushGroup } from "../metrics/prometheus.ts";
import { createRunState, type RunState } from "../metrics/run-state.ts";
import type { RunFacts } from "../metrics/run-view.ts";
import { serveMetrics } from "./metrics-server.ts";
import { mustBePort } from "./port-flag.ts";
import { checkedUrl, createRemoteWriter } from "./remote-writer.ts";
import type { RunInput } from "./run-input.ts";
import { traceListener } from "./traces.ts";
import type { World } from "./world.ts";

export interface ExportFlags {
  metricsPort?: number | undefined;
  metricsLinger?: number | undefined;
  remoteWrite?: string | undefined;
  pushgateway?: string | undefined;
  otlp?: string | undefined;
}

export interface Exporters {
  listeners: readonly RunListener[];
  /** Serves the last values for a while; ends at once on an interrupt. */
  linger(): Promise<void>;
  close(): Promise<void>;
}

/** Job of what is pushed; a scrape has its own. */
const JOB = "riva_bench";
/** The file has about so many instants, no less than a second apart: making one takes some milliseconds of CPU. */
const BACKFILL_INSTANTS = 12;
const LINGER_AT_MOST_S = 30;
const SCRAPES_AFTER_END = 2;
const PUSH_LIMIT_MS = 10_000;
/** What a trend needs: figures of a finished run, not its course. */
const SUMMARY = /^bench_(run_(info|start_time_seconds|validity|verdict)|slo_(verdict|limit)|result_)/;

/** @throws BenchError (exit 2): a port that can't be had, a URL that is none */
export async function openExporters(world: World, flags: ExportFlags, input: RunInput): Promise<Exporters> {
  const { metricsPort, metricsLinger = 0 } = flags;
  if (metricsPort !== undefined) mustBePort("--metrics-port", metricsPort);
  if (metricsLinger < 0) throw BenchError.usage("--metrics-linger must not be negative: seconds");
  const plannedMs = input.scenario.warmupMs + input.scenario.steadyMs;
  const pushgateway =
    flags.pushgateway === undefined ? undefined : checkedUrl(flags.pushgateway, "--pushgateway");
  const collector = flags.otlp === undefined ? undefined : checkedUrl(flags.otlp, "--otlp");
  let state: RunState | undefined;
  let startedAtEpochMs = 0;
  const families = (): Family[] =>
    state === undefined ? [] : exposedFamilies(state.view(world.clock.epochMs() - startedAtEpochMs));
  const backfill = createBackfill(Math.max(1000, plannedMs / BACKFILL_INSTANTS));
  const writer =
    flags.remoteWrite === undefined
      ? undefined
      : createRemoteWriter({
          url: flags.remoteWrite,
          families,
          epochMs: world.clock.epochMs,
          extra: { job: JOB, instance: hostname() },
        });
  const server = metricsPort === undefined ? undefined : await serveMetrics(metricsPort, families);
  if (server !== undefined) {
    world.stderr.write(`metrics on http://localhost:${server.port}/metrics\n`);
  }

  const watching: RunListener = {
    name: "metrics",
    onStart(manifest) {
      startedAtEpochMs = Date.parse(manifest.run.startedAt);
      state = createRunState(runFacts(manifest, input), input.workers);
    },
    onTick(tick) {
      state?.tick(tick);
      backfill.take(world.clock.epochMs(), families);
    },
    onWorker: (report) => state?.worker(report),
    onSnapshot: (snapshot) => state?.snapshot(snapshot),
    onEvent({ stall, lost }) {
      if (stall !== undefined) state?.stall(stall);
      if (lost !== undefined) state?.lost();
    },
    async onEnd(result, folder, totals) {
      state?.ended(result, totals);
      await writeFile(join(folder, "metrics.openmetrics"), backfill.text(world.clock.epochMs(), families()));
    },
  };
  const writing: RunListener = {
    name: "remote write",
    onStart: () => writer?.start(),
    onEnd: () => writer?.end(),
    close: () => writer?.stop(),
  };
  const pushing: RunListener = {
    name: "pushgateway",
    onEnd: () => pushgateway && push(pushgateway, families()),
  };
  const tracing =
    collector === undefined || input.traceRatio === undefined
      ? []
      : [traceListener({ url: collector, ratio: input.traceRatio, slos: input.slos, stderr: world.stderr })];
  return {
    listeners: [watching, ...(writer ? [writing] : []), ...(pushgateway ? [pushing] : []), ...tracing],
    async linger() {
      if (server === undefined || state === undefined) return;
      const seconds = flags.metricsLinger ?? LINGER_AT_MOST_S;
      const scrapes = flags.metricsLinger === undefined ? SCRAPES_AFTER_END : Infinity;
      await new Promise<void>((resolve) => {
        const unhear = world.onInterrupt(() => end());
        const cancel = world.clock.wakeAt(world.clock.nowMs() + seconds * 1000, () => end());
        const end = (): void => {
          unhear();
          cancel();
          resolve();
        };
        server.afterScrapes(scrapes, end);
      });
    },
    close: async () => server?.close(),
  };
}

function push(url: URL, families: readonly Family[]): Promise<void> {
  const { scenario = "", target = "" } = families[0]?.labels ?? {};
  return pushGroup(
    url.href,
    families.filter(({ name }) => SUMMARY.test(name)),
    { job: JOB, groupings: { scenario, target }, timeoutMs: PUSH_LIMIT_MS },
  );
}

function runFacts({ run, target }: RunManifest, { scenario, slos }: RunInput): RunFacts {
  const { segments } = loadShape(scenario.load, scenario.warmupMs);
  const planned = {
    unit: isClosed(scenario.load) ? ("sessions" as const) : ("sessions_per_second" as const),
    levelAt: (atMs: number) => levelAt(segments, atMs),
  };
  return {
    runId: run.id,
    scenario: scenario.name,
    target,
    tool: run.tool,
    ...(run.git === undefined ? {} : { git: run.git }),
    node: run.node,
    host: run.host,
    planHash: run.planHash,
    startedAtEpochMs: Date.parse(run.startedAt),
    window: { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs },
    chunkMs: scenario.audio.chunkMs,
    slos,
    ...(segments.length === 0 ? {} : { planned }),
  };
}
