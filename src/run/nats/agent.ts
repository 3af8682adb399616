/**
 * A worker of runs on another machine: waits for a run, claims a place and takes part. This process makes no load; it carries
 * messages and records between the broker and the same worker process that a local run starts.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import type { ExitCode } from "../../base/errors.ts";
import { formatDuration } from "../../base/duration.ts";
import { PROCESS_ID } from "../../base/process/machine.ts";
import type { Interrupt } from "../../base/process/world.ts";
import { isRunId } from "../../base/run-id.ts";
import { isRecord } from "../../base/record.ts";
import type { Claim, RemoteJob, SeriesNow } from "./messages.ts";
import { SILENCE_MS } from "./messages.ts";
import { notOurs, readJson, readRemoteJob } from "./remote-job.ts";
import type { RunBus } from "./run-bus.ts";
import type { AgentWorld } from "./take-part.ts";
import { exitCodeOf, takePart } from "./take-part.ts";

const LOOK_MS = 250;

export interface AgentOptions {
  runId: string;
  /** From 0; undefined = the first that is free. */
  index: number | undefined;
  targets: readonly string[];
  dataset: string | undefined;
  /** From 1 to `MOST_WEIGHT`. */
  weight: number;
  /** Processes that make the load: "auto" or a number. */
  processes: string;
  /** How long to wait for the run, and for each further one of a series. */
  joinMs: number;
  /** To the same broker, for another run. */
  connect(runId: string): Promise<RunBus>;
}

/**
 * Serves a run to its end, or each run of a series.
 * @returns 0 when it has done its share, else what it was ended by: 143 after SIGTERM, 130 after SIGINT
 * @throws BenchError: no such run, place taken (exit 4), another version, dataset or target, cut off, called off
 */
export async function serve(bus: RunBus, options: AgentOptions, agent: AgentWorld): Promise<ExitCode> {
  const { runId, joinMs } = options;
  const wait = {
    joinMs,
    waits: `waiting for run ${runId}`,
    missed: `no run ${runId} was on the broker`,
    hint: "It has not begun, or is over. Start it with `bench run --nats URL --run ID`, or wait longer with --join-timeout.",
  };
  const text = await waitFor(() => bus.get("job"), wait, agent);
  if (typeof text !== "string") return exitCodeOf(text.told);
  const job = readRemoteJob(text, agent.world.root);
  if ("isSeries" in job) return serveSeries(bus, options, agent);
  const index = await claim(bus, { wanted: options.index }, job, agent.world.clock);
  return serveRun(bus, job, index, options, agent);
}

/** Takes part in the runs of a series until there are no more. */
async function serveSeries(home: RunBus, options: AgentOptions, agent: AgentWorld): Promise<ExitCode> {
  const { runId: series, joinMs, connect } = options;
  const { clock } = agent.world;
  const wait = {
    joinMs,
    waits: `waiting for the next run of ${series}`,
    missed: `no other run of ${series} was on the broker`,
    hint: "Whatever made them was killed or takes its time: wait longer with --join-timeout.",
  };
  let served = 0;
  let goneSinceMs: number | undefined;
  /** One worker carries the same share in all runs: a comparison would compare machines otherwise. */
  let place: number | undefined;
  let bus: { of: string; open: RunBus } | undefined;
  const leave = async (): Promise<void> => {
    await bus?.open.close();
    bus = undefined;
  };
  /** Undefined while the run is not there yet. */
  const next = async (): Promise<{ text: string; number: number } | "over" | undefined> => {
    const now = await readSeries(home);
    goneSinceMs = now === "gone" ? (goneSinceMs ?? clock.nowMs()) : undefined;
    if (now === "ended" || clock.nowMs() - (goneSinceMs ?? Infinity) >= SILENCE_MS) return "over";
    if (now === "gone") return undefined;
    if (now === undefined || now.number <= served) return undefined;
    if (bus?.of !== now.runId) {
      await leave();
      // A broker that is being restarted is asked again.
      const open = await connect(now.runId).catch(() => undefined);
      if (open === undefined) return undefined;
      bus = { of: now.runId, open };
    }
    const text = await bus.open.get("job");
    return text === undefined ? undefined : { text, number: now.number };
  };
  try {
    for (;;) {
      const found = await waitFor(next, wait, agent);
      if (found === "over") return EXIT.passed;
      if ("told" in found) return exitCodeOf(found.told);
      const job = readRemoteJob(found.text, agent.world.root);
      if (bus === undefined || "isSeries" in job) throw notOurs();
      served = found.number;
      const claimed = await claimOrWait(bus.open, { wanted: options.index, before: place }, job, agent);
      if (claimed !== undefined) {
        place = claimed;
        const code = await serveRun(bus.open, job, claimed, options, agent);
        if (code !== EXIT.passed) return code;
      }
      await leave();
    }
  } finally {
    await leave();
  }
}

/** Undefined when the place is taken: one that was started in the middle of a run, in the place of one that died, waits for the next. */
async function claimOrWait(
  bus: RunBus,
  wish: Wish,
  job: RemoteJob,
  { world, tell }: AgentWorld,
): Promise<number | undefined> {
  try {
    return await claim(bus, wish, job, world.clock);
  } catch (error) {
    if (!(error instanceof BenchError) || error.exitCode !== EXIT.claimRefused) throw error;
    tell(`${error.message}; waiting for the next run`);
    return undefined;
  }
}

/**
 * Undefined when nothing is told yet; "gone" when the broker knows nothing of the series, which it may say for a moment while it is
 * being started again.
 * @throws BenchError (exit 1) for what is not our own
 */
async function readSeries(place: RunBus): Promise<SeriesNow | "gone" | undefined> {
  const text = await place.get("series");
  if (text === undefined) return (await place.get("job")) === undefined ? "gone" : undefined;
  const now = readJson(text);
  if (now === "ended") return now;
  const { runId, number } = isRecord(now) ? now : {};
  if (typeof number === "number" && typeof runId === "string" && isRunId(runId)) return { number, runId };
  throw notOurs();
}

async function serveRun(
  bus: RunBus,
  job: RemoteJob,
  index: number,
  options: AgentOptions,
  agent: AgentWorld,
): Promise<ExitCode> {
  agent.tell(`worker ${index + 1} of ${job.workers} (index ${index}) of run ${job.runId}`);
  const folder = await mkdtemp(join(tmpdir(), "riva-bench-worker-"));
  const { targets, dataset, weight, processes } = options;
  return takePart(bus, { job, index, targets, dataset, weight, processes, folder }, agent);
}

/** The words of a wait, and its limit. */
interface Wait {
  joinMs: number;
  waits: string;
  missed: string;
  hint: string;
}

/** Waits until `look` finds something. Returns that, or what told this process to end before there was anything. @throws BenchError when nothing comes in time */
async function waitFor<T>(
  look: () => Promise<T | undefined>,
  { joinMs, waits, missed, hint }: Wait,
  { world: { clock, onInterrupt }, tell }: AgentWorld,
): Promise<T | { told: Interrupt }> {
  const told: Interrupt[] = [];
  const forgetInterrupts = onInterrupt((why) => told.push(why));
  try {
    const endMs = clock.nowMs() + joinMs;
    for (let looked = 0; ; looked++) {
      const found = await look().catch(passOver);
      const [why] = told;
      if (why !== undefined) return { told: why };
      if (found !== undefined) return found;
      if (looked === 0) tell(waits);
      if (clock.nowMs() >= endMs)
        throw new BenchError(`${missed} within ${formatDuration(joinMs)}`, { hint });
      await pause(clock, LOOK_MS);
    }
  } finally {
    forgetInterrupts();
  }
}

/** A broker that gives no answer now may give one later. @throws what is known to be wrong */
function passOver(error: unknown): undefined {
  if (error instanceof BenchError) throw error;
}

/** Which place a worker would have. */
interface Wish {
  /** This one or none. */
  wanted?: number | undefined;
  /** This one if it is free. */
  before?: number | undefined;
}

/** @throws BenchError (exit 4) when the place is taken, or all are */
async function claim(
  bus: RunBus,
  { wanted, before }: Wish,
  { runId, workers }: RemoteJob,
  clock: Clock,
): Promise<number> {
  if (wanted !== undefined && wanted >= workers)
    throw BenchError.usage(
      `--index ${wanted}: run ${runId} has ${workers} workers`,
      `Give 0 to ${workers - 1}, or leave it out.`,
    );
  const own: Claim = { host: hostname(), process: `${PROCESS_ID}-${randomBytes(4).toString("hex")}` };
  const value = JSON.stringify(own);
  const all = Array.from({ length: workers }, (_, index) => index);
  const inOrder = before !== undefined && before < workers ? [before, ...all] : all;
  for (const index of wanted === undefined ? inOrder : [wanted]) {
    // An answer that was lost leaves the claim behind: then it is ours.
    const key = `claim.${index}`;
    const isOurs = async (): Promise<boolean> =>
      (await bus.create(key, value)) || (await bus.get(key)) === value;
    if (await insist(isOurs, clock)) return index;
  }
  const holder = await insist(() => bus.get(`claim.${wanted ?? 0}`), clock);
  const host = hostOf(holder);
  throw new BenchError(
    wanted === undefined
      ? `all ${workers} places of run ${runId} are taken`
      : `index ${wanted} of run ${runId} is taken, by a worker on ${host ?? "another host"}`,
    {
      exitCode: EXIT.claimRefused,
      hint: "A place is claimed once, and a lost worker's share is never run again.",
    },
  );
}

/** Who holds a place, as far as the broker says so. */
function hostOf(claim: string | undefined): string | undefined {
  try {
    return (JSON.parse(claim ?? "{}") as Partial<Claim>).host;
  } catch {
    return undefined;
  }
}

const ATTEMPTS = 5;

/** A broker that is just being restarted is asked again. @throws BenchError when it gives no answer at all */
async function insist<T>(ask: () => Promise<T>, clock: Clock): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt === ATTEMPTS)
        throw new BenchError(`the broker does not let a worker claim its place: ${messageOf(error)}`, {
          cause: error,
        });
      await pause(clock, LOOK_MS);
    }
  }
}
