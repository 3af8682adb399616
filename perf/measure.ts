/** One measurement: a generator against the null server, and the figures of it. */
import type { Pinning } from "./children.ts";
import { launch } from "./children.ts";
import type { StreamTimes, Usage } from "./messages.ts";
import { monotonicMs } from "./monotonic.ts";
import type { Plan, Timing } from "./workload.ts";
import { CHUNK_MS, makePlan } from "./workload.ts";

/** A generator to be measured. */
export interface Contender {
  transport: string;
  script: string;
  args: readonly string[];
  nodeFlags: readonly string[];
  /** Processes that share the streams, the first on the generator's core and the second on the server's; default 1. */
  processes?: number;
}

export interface Row {
  transport: string;
  /** Of all processes. */
  streams: number;
  /** Send lateness: write issued minus due. Of chunks due in the window, like the next. */
  latenessP99Ms: number;
  /** Arrival at the null server minus due: with everything that queues after the write. */
  wireLatenessP99Ms: number;
  /**
   * What the generator adds to a latency: the stamp of a response minus the instant at which the null server wrote it. Of
   * responses written in the window; one that was never heard is infinitely late.
   */
  stampErrorP50Ms: number;
  stampErrorP99Ms: number;
  /** User and system time of all threads of the generator, over streams and seconds. */
  cpuUsPerStreamSecond: number;
  /** Growth of the generator's resident memory since before the first stream, over streams. */
  rssKbPerStream: number;
  /** Share of one core that the null server used. */
  serverCpu: number;
  /** Share of the generator's CPU that others took from it, the hypervisor included; null when it is not pinned. */
  foreignCpu: number | null;
  /** Streams that ended with status OK; all of them must. */
  completed: number;
  /** False when the null server was busy enough to have had a part in the lateness. */
  valid: boolean;
}

const SERVER_CPU_LIMIT = 0.6;
/** Lateness from which on the audio no longer leaves as a microphone would give it: a tenth of a chunk. */
const HONEST_MS = 10;
/** From the plan to the first stream: connections are made in this time. */
const LEAD_MS = 500;
const START_LIMIT_MS = 20_000;
const DRAIN_LIMIT_MS = 20_000;

/** True when the generator kept its schedule, at the application and on the wire, and every stream ended well. */
export function isHonest(row: Row): boolean {
  return (
    row.valid &&
    row.completed === row.streams &&
    row.latenessP99Ms < HONEST_MS &&
    row.wireLatenessP99Ms < HONEST_MS
  );
}

/** Measures `contender` at one number of streams, in fresh processes. */
export async function measure(
  contender: Contender,
  streams: number,
  timing: Timing,
  pinning: Pinning,
): Promise<Row> {
  const server = launch("./null-server.ts", [], [], pinning.serverCpu);
  const { script, args, nodeFlags, processes = 1 } = contender;
  const generators = Array.from({ length: processes }, (_, i) =>
    launch(script, args, nodeFlags, i === 0 ? pinning.generatorCpu : pinning.serverCpu),
  );
  try {
    const [{ port }] = await Promise.all([
      server.next("ready", START_LIMIT_MS),
      ...generators.map((generator) => generator.next("ready", START_LIMIT_MS)),
    ]);
    const plan = makePlan(port, streams / processes, monotonicMs() + LEAD_MS, timing);
    server.send({ type: "plan", plan });
    generators.forEach((generator, i) => generator.send({ type: "plan", plan: { ...plan, process: i } }));
    const limitMs = plan.windowEndMs - monotonicMs() + DRAIN_LIMIT_MS;
    const parts = await Promise.all(generators.map((generator) => generator.next("generated", limitMs)));
    server.send({ type: "report" });
    const served = await server.next("served", DRAIN_LIMIT_MS);

    const serverCpu = served.usage.cpuUs / 1000 / served.usage.elapsedMs;
    const sent = parts.flatMap(({ generated }) => generated.streams);
    const wire = sent.map((stream) => ({ ...stream, sentMs: served.arrivalsMs.get(stream.id) }));
    const errors = stampErrors(sent, served.answersMs, plan);
    const [first] = parts;
    return {
      transport: contender.transport,
      streams,
      latenessP99Ms: percentile(latenesses(sent, plan), 0.99),
      wireLatenessP99Ms: percentile(latenesses(wire, plan), 0.99),
      stampErrorP50Ms: percentile(errors, 0.5),
      stampErrorP99Ms: percentile(errors, 0.99),
      cpuUsPerStreamSecond: sumOf(parts, ({ usage }) => usage.cpuUs / (usage.elapsedMs / 1000)) / streams,
      rssKbPerStream:
        sumOf(parts, ({ usage, idleRssBytes }) => usage.rssBytes - idleRssBytes) / 1024 / streams,
      serverCpu,
      foreignCpu: first === undefined || processes > 1 ? null : foreignCpu(first.usage, pinning.generatorCpu),
      completed: sumOf(parts, ({ generated }) => generated.completed),
      valid: serverCpu <= SERVER_CPU_LIMIT,
    };
  } finally {
    for (const child of [server, ...generators]) child.stop();
  }
}

function sumOf<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((sum, item) => sum + of(item), 0);
}

/** Share of `cpu` that others took while a process used it; null when it is not pinned. */
export function foreignCpu({ cpuUs, elapsedMs, idleMs }: Usage, cpu: number | undefined): number | null {
  const idle = cpu === undefined ? undefined : idleMs[cpu];
  return idle === undefined ? null : Math.max(0, 1 - (idle + cpuUs / 1000) / elapsedMs);
}

/** Lateness of every chunk due in the window; a chunk that never came is infinitely late. */
export function latenesses(
  streams: readonly (Pick<StreamTimes, "anchorMs"> & { sentMs: Float64Array | undefined })[],
  plan: Plan,
): Float64Array {
  return Float64Array.from(
    streams.flatMap(({ anchorMs, sentMs }) => {
      const first = Math.max(0, Math.ceil((plan.windowStartMs - anchorMs) / CHUNK_MS) - 1);
      const end = Math.ceil((plan.windowEndMs - anchorMs) / CHUNK_MS) - 1;
      return Array.from({ length: Math.max(0, end - first) }, (_, i) => {
        const k = first + i;
        return (sentMs?.[k] ?? Infinity) - (anchorMs + (k + 1) * CHUNK_MS);
      });
    }),
  );
}

/** Stamp of each response minus the instant it left the null server, of those that left in the window. */
export function stampErrors(
  streams: readonly Pick<StreamTimes, "id" | "heardMs">[],
  answersMs: ReadonlyMap<string, ArrayLike<number>>,
  { windowStartMs, windowEndMs }: Plan,
): Float64Array {
  return Float64Array.from(
    streams.flatMap(({ id, heardMs }) =>
      Array.from(answersMs.get(id) ?? [], (leftMs, i) => ({
        leftMs,
        errorMs: (heardMs[i] ?? Infinity) - leftMs,
      }))
        .filter(({ leftMs }) => leftMs >= windowStartMs && leftMs < windowEndMs)
        .map(({ errorMs }) => errorMs),
    ),
  );
}

/** Nearest rank; NaN of nothing. */
export function percentile(values: Float64Array, p: number): number {
  return values.sort()[Math.ceil(values.length * p) - 1] ?? NaN;
}

/** Column by column, the median of repeated measurements of one kind. */
export function medianRow(rows: readonly [Row, ...Row[]]): Row {
  const median = (of: (row: Row) => number): number => percentile(Float64Array.from(rows, of), 0.5);
  return {
    ...rows[0],
    latenessP99Ms: median((row) => row.latenessP99Ms),
    wireLatenessP99Ms: median((row) => row.wireLatenessP99Ms),
    stampErrorP50Ms: median((row) => row.stampErrorP50Ms),
    stampErrorP99Ms: median((row) => row.stampErrorP99Ms),
    cpuUsPerStreamSecond: median((row) => row.cpuUsPerStreamSecond),
    rssKbPerStream: median((row) => row.rssKbPerStream),
    serverCpu: median((row) => row.serverCpu),
    foreignCpu: rows[0].foreignCpu === null ? null : median((row) => row.foreignCpu ?? NaN),
    completed: Math.min(...rows.map((row) => row.completed)),
    valid: rows.every((row) => row.valid),
  };
}
