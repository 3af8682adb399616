/**
 * A worker of a run on another machine: waits for the run, claims a place and takes part. This process makes no load; it carries
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
import type { Claim, RemoteJob } from "./messages.ts";
import { readRemoteJob } from "./remote-job.ts";
import type { RunBus } from "./run-bus.ts";
import type { AgentWorld } from "./take-part.ts";
import { exitCodeOf, takePart } from "./take-part.ts";

const LOOK_MS = 250;

export interface AgentOptions {
  runId: string;
  /** From 0; undefined = the first that is free. */
  index: number | undefined;
  target: string | undefined;
  dataset: string | undefined;
  /** How long to wait for the run. */
  joinMs: number;
}

/**
 * Serves one run to its end.
 * @returns 0 when it has done its share, else what it was ended by: 143 after SIGTERM, 130 after SIGINT
 * @throws BenchError: no such run, place taken (exit 4), another version, dataset or target, cut off, called off
 */
export async function serveRun(bus: RunBus, options: AgentOptions, agent: AgentWorld): Promise<ExitCode> {
  const { world } = agent;
  const text = await waitForRun(bus, options, agent);
  if (typeof text !== "string") return exitCodeOf(text.told);
  const job = readRemoteJob(text, world.root);
  const index = await claim(bus, options.index, job, world.clock);
  agent.tell(`worker ${index + 1} of ${job.workers} (index ${index}) of run ${job.runId}`);
  const folder = await mkdtemp(join(tmpdir(), "riva-bench-worker-"));
  const { target, dataset } = options;
  return takePart(bus, { job, index, target, dataset, folder }, agent);
}

/** The job of the run, or what told this process to end before there was one. @throws BenchError when none comes in time */
async function waitForRun(
  bus: RunBus,
  { runId, joinMs }: AgentOptions,
  { world: { clock, onInterrupt }, tell }: AgentWorld,
): Promise<string | { told: Interrupt }> {
  const told: Interrupt[] = [];
  const forgetInterrupts = onInterrupt((why) => told.push(why));
  try {
    const endMs = clock.nowMs() + joinMs;
    for (let looked = 0; ; looked++) {
      const job = await bus.get("job").catch(() => undefined);
      const [why] = told;
      if (why !== undefined) return { told: why };
      if (job !== undefined) return job;
      if (looked === 0) tell(`waiting for run ${runId}`);
      if (clock.nowMs() >= endMs) {
        throw new BenchError(`no run ${runId} was on the broker within ${formatDuration(joinMs)}`, {
          hint: "It has not begun, or is over. Start it with `bench run --nats URL --run ID`, or wait longer with --join-timeout.",
        });
      }
      await pause(clock, LOOK_MS);
    }
  } finally {
    forgetInterrupts();
  }
}

/** @throws BenchError (exit 4) when the place is taken, or all are */
async function claim(
  bus: RunBus,
  wanted: number | undefined,
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
  for (const index of wanted === undefined ? Array.from({ length: workers }).keys() : [wanted]) {
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
