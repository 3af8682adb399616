/** Where a run is shown besides the terminal: `/metrics`, remote write, a Pushgateway, and a file to fill in afterwards. */
import { defined } from "../base/defined.ts";
import { join } from "node:path";
import { durationFlag } from "../base/duration.ts";
import { messageOf } from "../base/errors.ts";
import { writePrivate } from "../base/files/private-files.ts";
import { isClosed } from "../scenario/load/load.ts";
import { loadShape } from "../scenario/load/load-shape.ts";
import { levelAt } from "../scenario/load/level.ts";
import { createBackfill } from "./backfill.ts";
import { exposedFamilies } from "./exposed.ts";
import type { Family } from "./exposition.ts";
import type { RunListener } from "./listener.ts";
import type { RunManifest } from "../metrics/result/result.ts";
import { expose } from "./prometheus.ts";
import { groupPath } from "./pushgateway.ts";
import { createRunState, type RunState } from "./run-state.ts";
import type { RunFacts } from "./run-view.ts";
import { serveMetrics } from "./metrics-server.ts";
import { mustBePort } from "../base/port-flag.ts";
import type { Environment } from "../base/files/dot-env.ts";
import { readEnvironment } from "../base/files/dot-env.ts";
import type { HttpService } from "../base/http-service.ts";
import { callService, httpService } from "../base/http-service.ts";
import { createRemoteWriter } from "./remote-writer.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import { claimInstance } from "./run-instance.ts";
import { traceListener } from "./traces.ts";
import type { World } from "../base/process/world.ts";

export interface ExportFlags {
  metricsPort?: number | undefined;
  metricsLinger?: string | undefined;
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
const LINGER_AT_MOST_MS = 30_000;
const SCRAPES_AFTER_END = 2;
const PUSH_LIMIT_MS = 10_000;
/** What a trend needs: figures of a finished run, not its course. */
const SUMMARY = /^bench_(run_(info|start_time_seconds|validity|verdict)|slo_(verdict|limit)|result_)/;

/**
 * What needs neither a target nor a port, so that a slip costs no time.
 * @throws BenchError (exit 2) that names the flag
 */
export function checkExportFlags({ metricsPort, metricsLinger }: ExportFlags): {
  metricsPort: number | undefined;
  lingerMs: number | undefined;
} {
  if (metricsPort !== undefined) mustBePort("--metrics-port", metricsPort);
  const lingerMs = metricsLinger === undefined ? undefined : durationFlag("--metrics-linger", metricsLinger);
  return { metricsPort, lingerMs };
}

/** A run as it is known before it starts. */
export interface Watched {
  scenario: Pick<RunnableScenario, "name" | "load" | "audio" | "warmupMs" | "steadyMs">;
  slos: readonly Slo[];
  workers: number;
  /** Share of the sessions that are traced. */
  traceRatio?: number | undefined;
}

/** @throws BenchError (exit 2): a port that can't be had, a URL that is none, credentials that can't be sent */
export async function openExporters(world: World, flags: ExportFlags, input: Watched): Promise<Exporters> {
  const { metricsPort, lingerMs } = checkExportFlags(flags);
  const plannedMs = input.scenario.warmupMs + input.scenario.steadyMs;
  const environment = await readEnvironment(world.env, world.cwd);
  const { remoteWrite, pushgateway, collector } = readServices(flags, environment);
  let state: RunState | undefined;
  let startedAtEpochMs = 0;
  const families = (): Family[] =>
    state === undefined ? [] : exposedFamilies(state.view(world.clock.epochMs() - startedAtEpochMs));
  const instance = await claimInstance(environment("BENCH_INSTANCE")?.value);
  /** What a scrape would have added. */
  const pushed = { job: JOB, instance: instance.label };
  const backfill = createBackfill(Math.max(1000, plannedMs / BACKFILL_INSTANTS), pushed);
  const writer =
    remoteWrite &&
    createRemoteWriter({ service: remoteWrite, families, epochMs: world.clock.epochMs, extra: pushed });
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
      if (lost !== undefined) state?.lost(lost);
    },
    onEnd(result, folder, totals) {
      state?.ended(result, totals);
      writePrivate(join(folder, "metrics.openmetrics"), backfill.text(world.clock.epochMs(), families()));
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
    onEnd: () => pushgateway && push(pushgateway, families(), instance.label),
  };
  const tracing =
    collector === undefined || input.traceRatio === undefined
      ? []
      : [traceListener({ collector, ratio: input.traceRatio, slos: input.slos, stderr: world.stderr })];
  return {
    listeners: [watching, ...(writer ? [writing] : []), ...(pushgateway ? [pushing] : []), ...tracing],
    async linger() {
      if (server === undefined || state === undefined) return;
      const scrapes = lingerMs === undefined ? SCRAPES_AFTER_END : Infinity;
      await new Promise<void>((resolve) => {
        const forgetInterrupts = world.onInterrupt(() => end());
        const cancel = world.clock.wakeAt(world.clock.nowMs() + (lingerMs ?? LINGER_AT_MOST_MS), () => end());
        const end = (): void => {
          forgetInterrupts();
          cancel();
          resolve();
        };
        server.afterScrapes(scrapes, end);
      });
    },
    async close() {
      instance.release();
      await server?.close();
    },
  };
}

interface Services {
  remoteWrite?: HttpService;
  pushgateway?: HttpService;
  collector?: HttpService;
}

function readServices(flags: ExportFlags, environment: Environment): Services {
  const { remoteWrite, pushgateway, otlp } = flags;
  return {
    ...(remoteWrite !== undefined && {
      remoteWrite: httpService(
        {
          ...{ url: remoteWrite, what: "--remote-write", example: "http://localhost:9090/api/v1/write" },
          ...{ headersFrom: ["BENCH_REMOTE_WRITE_HEADERS"], tokenFrom: "BENCH_REMOTE_WRITE_TOKEN" },
        },
        environment,
      ),
    }),
    ...(pushgateway !== undefined && {
      pushgateway: httpService(
        {
          ...{ url: pushgateway, what: "--pushgateway", example: "http://localhost:9091" },
          ...{ headersFrom: ["BENCH_PUSHGATEWAY_HEADERS"], tokenFrom: "BENCH_PUSHGATEWAY_TOKEN" },
        },
        environment,
      ),
    }),
    ...(otlp !== undefined && {
      collector: httpService(
        {
          ...{ url: otlp, what: "--otlp", example: "http://localhost:4318" },
          headersFrom: ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"],
        },
        environment,
      ),
    }),
  };
}

/** Replaces what the gateway holds of this group. */
async function push(gateway: HttpService, families: readonly Family[], instance: string): Promise<void> {
  const { scenario = "", target = "" } = families[0]?.labels ?? {};
  const { contentType, body } = await expose(families.filter(({ name }) => SUMMARY.test(name)));
  const url = new URL(gateway.url);
  url.pathname = url.pathname.replace(/\/$/, "") + groupPath(JOB, { instance, scenario, target });
  try {
    const headers = { "content-type": contentType };
    await callService(
      { ...gateway, url: url.href },
      { method: "PUT", headers, body, limitMs: PUSH_LIMIT_MS },
    );
  } catch (error) {
    throw new Error(`${url.host} did not take the figures (${messageOf(error)})`);
  }
}

function runFacts({ run, target }: RunManifest, { scenario, slos }: Watched): RunFacts {
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
    ...defined({ git: run.git }),
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
