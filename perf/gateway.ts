/**
 * What the gateway costs and adds: alone on one core, in front of the null server, which shares another core with the
 * callers. The same callers straight at the null server are the measure of what they and the machine take by themselves.
 */
import type { Pinning } from "./children.ts";
import { launch } from "./children.ts";
import type { StreamTimes } from "./messages.ts";
import { foreignCpu, latenesses, percentile } from "./measure.ts";
import { monotonicMs } from "./monotonic.ts";
import type { Plan, Timing } from "./workload.ts";
import { CHUNK_MS, makePlan } from "./workload.ts";

/** What callers speak, and the transport of ours that speaks it; "direct" = to the null server, no gateway between. */
const CALLERS = { direct: "riva-h2", stream: "gateway", realtime: "nim-realtime" } as const;

export type Dialect = keyof typeof CALLERS;

export const DIALECTS: readonly Dialect[] = Object.keys(CALLERS) as Dialect[];

/** How the gateway and its callers are run. */
export interface GatewaySetting {
  /** The gateway's transport to the recogniser. */
  upstream: string;
  gatewayFlags: readonly string[];
  callerFlags: readonly string[];
}

export interface GatewayRow {
  dialect: Dialect;
  sessions: number;
  /** From the caller's write of a chunk to its arrival at the null server, of chunks written in the window. */
  upP50Ms: number;
  upP99Ms: number;
  /** From the null server's write of a response to the caller's stamp. */
  downP50Ms: number;
  downP99Ms: number;
  /** Both ways of one chunk and the response to it: the caller's wait, less what the null server took. */
  bothP50Ms: number;
  bothP99Ms: number;
  /** Send lateness of the callers: above a tenth of a chunk they are not the load that was meant. */
  latenessP99Ms: number;
  /** User and system time of all threads of the gateway, over sessions and seconds; null without one. */
  cpuUsPerStreamSecond: number | null;
  /** Growth of the gateway's resident memory since before the first session, over sessions. */
  rssKbPerSession: number | null;
  /** Share of the other core that callers and null server used. */
  loadCpu: number;
  /** Share of the gateway's CPU that others took from it; null when it is not pinned, or there is none. */
  foreignCpu: number | null;
  /** Sessions that ended well; all of them must. */
  completed: number;
}

/** Above this, callers and null server wait for each other, and the gateway would be blamed for it. */
const LOAD_CPU_LIMIT = 0.85;
const HONEST_MS = 10;
const LEAD_MS = 500;
const START_LIMIT_MS = 20_000;
const DRAIN_LIMIT_MS = 20_000;

/** True when callers kept their schedule, were not too busy, and every session ended well. */
export function isUsable(row: GatewayRow): boolean {
  return row.loadCpu <= LOAD_CPU_LIMIT && row.latenessP99Ms < HONEST_MS && row.completed === row.sessions;
}

/** True when, in a usable row, the 99th percentile of what lies between caller and server, both ways, is below 10 ms. */
export function keepsItsGoal(row: GatewayRow): boolean {
  return isUsable(row) && row.bothP99Ms < HONEST_MS;
}

/** Column by column, the median of repeated measurements of one kind; the worst of completion. */
export function medianGatewayRow(rows: readonly [GatewayRow, ...GatewayRow[]]): GatewayRow {
  const median = (of: (row: GatewayRow) => number | null): number =>
    percentile(
      Float64Array.from(rows, (row) => of(row) ?? NaN),
      0.5,
    );
  const [first] = rows;
  const medianOrNull = (of: (row: GatewayRow) => number | null): number | null =>
    of(first) === null ? null : median(of);
  return {
    ...first,
    upP50Ms: median((row) => row.upP50Ms),
    upP99Ms: median((row) => row.upP99Ms),
    downP50Ms: median((row) => row.downP50Ms),
    downP99Ms: median((row) => row.downP99Ms),
    bothP50Ms: median((row) => row.bothP50Ms),
    bothP99Ms: median((row) => row.bothP99Ms),
    latenessP99Ms: median((row) => row.latenessP99Ms),
    loadCpu: median((row) => row.loadCpu),
    cpuUsPerStreamSecond: medianOrNull((row) => row.cpuUsPerStreamSecond),
    rssKbPerSession: medianOrNull((row) => row.rssKbPerSession),
    foreignCpu: medianOrNull((row) => row.foreignCpu),
    completed: Math.min(...rows.map((row) => row.completed)),
  };
}

/** Measures one dialect at one number of sessions, in fresh processes. */
export async function measureGateway(
  dialect: Dialect,
  sessions: number,
  setting: GatewaySetting,
  timing: Timing,
  pinning: Pinning,
): Promise<GatewayRow> {
  const { upstream, gatewayFlags, callerFlags } = setting;
  const server = launch("./null-server.ts", [], [], pinning.serverCpu);
  const callers = launch(
    "./our-generator.ts",
    [CALLERS[dialect], "Infinity"],
    callerFlags,
    pinning.serverCpu,
  );
  const children = [server, callers];
  try {
    const [{ port: serverPort }] = await Promise.all([
      server.next("ready", START_LIMIT_MS),
      callers.next("ready", START_LIMIT_MS),
    ]);
    const gateway =
      dialect === "direct"
        ? undefined
        : launch("./gateway-process.ts", [String(serverPort), upstream], gatewayFlags, pinning.generatorCpu);
    if (gateway !== undefined) children.push(gateway);
    const port = (await gateway?.next("ready", START_LIMIT_MS))?.port ?? serverPort;
    const plan = makePlan(port, sessions, monotonicMs() + LEAD_MS, timing);
    for (const child of children) child.send({ type: "plan", plan });
    const limitMs = plan.windowEndMs - monotonicMs() + DRAIN_LIMIT_MS;
    const called = await callers.next("generated", limitMs);
    server.send({ type: "report" });
    gateway?.send({ type: "report" });
    const served = await server.next("served", DRAIN_LIMIT_MS);
    const used = await gateway?.next("used", DRAIN_LIMIT_MS);

    const { streams, completed } = called.generated;
    const { upMs, downMs, bothMs } = transits(streams, served, plan);
    return {
      dialect,
      sessions,
      upP50Ms: percentile(upMs, 0.5),
      upP99Ms: percentile(upMs, 0.99),
      downP50Ms: percentile(downMs, 0.5),
      downP99Ms: percentile(downMs, 0.99),
      bothP50Ms: percentile(bothMs, 0.5),
      bothP99Ms: percentile(bothMs, 0.99),
      latenessP99Ms: percentile(latenesses(streams, plan), 0.99),
      cpuUsPerStreamSecond:
        used === undefined ? null : used.usage.cpuUs / (used.usage.elapsedMs / 1000) / sessions,
      rssKbPerSession:
        used === undefined ? null : (used.usage.rssBytes - used.idleRssBytes) / 1024 / sessions,
      loadCpu: [served, called].reduce((sum, { usage }) => sum + usage.cpuUs / 1000 / usage.elapsedMs, 0),
      foreignCpu: used === undefined ? null : foreignCpu(used.usage, pinning.generatorCpu),
      completed,
    };
  } finally {
    for (const child of children) child.stop();
  }
}

/** The null server answers each half second of audio. */
const CHUNKS_PER_ANSWER: number = 500 / CHUNK_MS;

/**
 * How long chunks and responses were on their way, of chunks written in the window. What never came took for ever.
 * `bothMs` has the chunks that were answered only: the caller's wait for the answer, less the server's part.
 */
export function transits(
  streams: readonly Pick<StreamTimes, "id" | "sentMs" | "heardMs">[],
  served: {
    arrivalsMs: ReadonlyMap<string, ArrayLike<number>>;
    answersMs: ReadonlyMap<string, ArrayLike<number>>;
  },
  { windowStartMs, windowEndMs }: Pick<Plan, "windowStartMs" | "windowEndMs">,
): { upMs: Float64Array; downMs: Float64Array; bothMs: Float64Array } {
  const upMs: number[] = [];
  const downMs: number[] = [];
  const bothMs: number[] = [];
  for (const { id, sentMs, heardMs } of streams) {
    const arrivals = served.arrivalsMs.get(id);
    const answers = served.answersMs.get(id);
    sentMs.forEach((sent, k) => {
      if (sent < windowStartMs || sent >= windowEndMs) return;
      const up = (arrivals?.[k] ?? Infinity) - sent;
      upMs.push(up);
      if ((k + 1) % CHUNKS_PER_ANSWER !== 0) return;
      const answer = (k + 1) / CHUNKS_PER_ANSWER - 1;
      const left = answers?.[answer];
      const down = left === undefined ? Infinity : (heardMs[answer] ?? Infinity) - left;
      downMs.push(down);
      bothMs.push(up + down);
    });
  }
  return {
    upMs: Float64Array.from(upMs),
    downMs: Float64Array.from(downMs),
    bothMs: Float64Array.from(bothMs),
  };
}
