/** The share of a worker on another machine, from its claim to its last record. */
import { rm } from "node:fs/promises";
import { hostname } from "node:os";
import { defined } from "../../base/defined.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import type { ExitCode } from "../../base/errors.ts";
import { formatDuration } from "../../base/duration.ts";
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import type { Interrupt, World } from "../../base/process/world.ts";
import { hideSecrets } from "../../base/text/redact.ts";
import type { WorkerHandle } from "../../loadgen/workers/member.ts";
import type { Addressed, FromWorker, WorkerJob } from "../../loadgen/workers/protocol.ts";
import type { ClockReading } from "./clock-offset.ts";
import { readClockOffset } from "./clock-offset.ts";
import { findDataset } from "./dataset-share.ts";
import type { Alive, Order, RemoteJob, Said, Told } from "./messages.ts";
import { ENVELOPE_BYTES, SILENCE_MS } from "./messages.ts";
import type { Outbox } from "./outbox.ts";
import { createOutbox } from "./outbox.ts";
import { launchGroup } from "../worker-group.ts";
import { createRecordRelay } from "./record-relay.ts";
import { jobsByWeight, localJob, readWeights, shareOfWorker } from "./remote-job.ts";
import type { RunBus } from "./run-bus.ts";

const WATCH_MS = 500;
const BEAT_MS = 1000;
/** A worker that is ended has so long for its last words. */
const LAST_WORDS_MS = 2000;
/** One that is told to end has longer: Kubernetes gives a pod 30 s. */
const LAST_WORDS_OF_TOLD_MS = 15_000;
const CLOCK_LIMIT_MS = 5000;
/** The order to start comes some 1.5 s before T0: the last reading of the clock must leave time. */
const LATE_CLOCK_LIMIT_MS = 500;
/** T0 is told from so many beats of the worker process, the earliest counts. */
const START_BEATS = 3;
/** Two machines' clocks drift apart by this share at most: a hundred parts in a million. */
const DRIFT = 1e-4;
/** A coordinator that takes nothing in for so long does not come to it any more. */
const READ_LIMIT_MS = 30_000;
/** Half of what a NATS server takes in one message by default. */
const MOST_RECORD_BYTES = 512 * 1024 - 1;

export interface Part {
  job: RemoteJob;
  /** Its place, from 0. */
  index: number;
  targets: readonly string[];
  dataset: string | undefined;
  /** Its share of the load is to those of the others as this to theirs. */
  weight: number;
  /** Processes that make the load: "auto" or a number. */
  processes: string;
  /** For this run's records, until they are on the broker: then it is removed. */
  folder: string;
}

/** Needs of a worker besides the broker. */
export interface AgentWorld {
  world: World;
  launch(job: WorkerJob): WorkerHandle;
  /** One line about how it goes, for people. */
  tell(text: string): void;
}

/** Why a worker ends before its share is done. */
interface Ending {
  /** Goes on after "worker 2". */
  how: string;
  exitCode: ExitCode;
  /** Nobody waits for its records any more. */
  isUnwanted?: boolean;
}

/**
 * Takes part in a run, its place being claimed.
 * @returns 0 when the share is done, 143 or 130 when a signal ended it
 * @throws BenchError for all else that ended it
 */
export async function takePart(bus: RunBus, part: Part, agent: AgentWorld): Promise<ExitCode> {
  const { index, job, folder } = part;
  const { world, launch, tell } = agent;
  const { clock } = world;
  const place = `${index}.${job.incarnation}`;
  const outbox = createOutbox(bus, place, clock);
  const mostBytes = Math.min(MOST_RECORD_BYTES, bus.mostBytes() - ENVELOPE_BYTES);
  const relay = createRecordRelay(folder, { outbox, mostBytes, clock });
  const say = (said: Said): Promise<number | undefined> =>
    outbox.send("said", Buffer.from(JSON.stringify(said)));
  let child: WorkerHandle | undefined;
  let secrets: readonly string[] = [];
  let reading: ClockReading | undefined;
  let readAtMs = 0;
  /** T0 on the coordinator's clock. */
  let startMs: number | undefined;
  const startedAtMs: number[] = [];
  /** How long after T0 the order to start came. */
  let lateMs = 0;
  let lastHealth: Addressed<FromWorker> | undefined;
  let snapshots = 0;
  let isOver = false;
  const hasEnded = (): boolean => isOver;
  let lastWord: "done" | "failed" | undefined;
  /** The broker has its last word. */
  let isDone = false;
  let end: (ending?: Ending) => void = () => undefined;
  const ended = new Promise<Ending | undefined>((resolve) => (end = resolve));
  let deal: (weights: unknown) => void = () => undefined;
  /** The weights of all workers, once all places are claimed. */
  const dealt = new Promise<unknown>((resolve) => (deal = resolve));
  const fail = (how: string, exitCode: ExitCode = EXIT.ourError): void => end({ how, exitCode });
  const letGo = (how: string): void => end({ how, exitCode: EXIT.ourError, isUnwanted: true });

  const readClock = (limitMs: number): Promise<ClockReading> =>
    readClockOffset((answerMs) => bus.ask(`clock.${job.incarnation}`, answerMs), clock, limitMs);

  /** From what the worker process says of its own time, in the moment in which it says so. */
  function noteStart(atMs: number): void {
    if (startMs === undefined || reading === undefined || startedAtMs.length >= START_BEATS) return;
    startedAtMs.push(clock.machineMs() + reading.offsetMs - atMs - startMs);
    if (startedAtMs.length === START_BEATS)
      void say({ type: "clock", reading, startedAtMs: lateMs + Math.min(...startedAtMs) });
  }

  async function hear(heard: Addressed<FromWorker>): Promise<void> {
    const message =
      "message" in heard
        ? {
            ...heard,
            message: hideSecrets(heard.message, secrets),
            ...defined({ hint: heard.hint && hideSecrets(heard.hint, secrets) }),
          }
        : heard;
    if (message.type === "done" || message.type === "failed") lastWord = message.type;
    switch (message.type) {
      case "snapshot":
      case "health":
        if (message.type === "snapshot") snapshots++;
        else {
          lastHealth = message;
          noteStart(message.health.atMs);
        }
        bus.publish(`from.${place}`, JSON.stringify({ snapshots, message } satisfies Told));
        break;
      default:
        if (message.type === "done") beatOn();
        await tellInOrder(message);
    }
  }

  /** A word that rests on records: they are stored before it. */
  async function tellInOrder(message: Addressed<FromWorker>): Promise<void> {
    await relay.flush();
    const seq = await say({ type: "message", message, snapshots });
    if (message.type === "failed") fail(`can't begin: ${message.message}`, message.exitCode);
    if (message.type !== "done") return;
    // Until then it is silent to a coordinator that is behind with its reading, and would be taken for lost.
    isDone = seq !== undefined;
    if (await followed.whenRead(seq ?? 0)) end();
    else fail("has done its share, and the coordinator reads nothing from the broker any more");
  }

  /** The process has ended its beats; what it has written is still on its way, which is not silence. */
  function beatOn(): void {
    if (isOver) return;
    if (lastHealth !== undefined)
      bus.publish(`from.${place}`, JSON.stringify({ snapshots, message: lastHealth } satisfies Told));
    clock.wakeAt(clock.nowMs() + BEAT_MS, beatOn);
  }

  async function obey(order: Order): Promise<void> {
    switch (order.type) {
      case "deal":
        deal(order.weights);
        break;
      case "fence":
        if (order.index === index) letGo("was taken for lost by the coordinator");
        break;
      case "start":
        // Monotonic clocks drift apart while workers wait for each other.
        if (!Number.isFinite(order.atMachineMs)) return;
        reading = better(reading, await readClock(LATE_CLOCK_LIMIT_MS).catch(() => undefined));
        startMs = order.atMachineMs;
        lateMs = Math.max(0, clock.machineMs() + (reading?.offsetMs ?? 0) - startMs);
        // The order came after T0: this worker stood still until now, which counts where it reaches into the window.
        if (lateMs > 0) {
          const message = { type: "stall", gapMs: lateMs, atMs: lateMs, runId: job.runId } as const;
          void say({ type: "message", message, snapshots });
        }
        child?.channel.send({ ...order, atMachineMs: startMs - (reading?.offsetMs ?? 0) });
        break;
      case "extend":
        if (Number.isFinite(order.windowEndMs)) child?.channel.send(order);
        break;
      case "settle":
      case "stop":
      case "abort":
        child?.channel.send(order);
        break;
      case "prepare":
        // Its job is the one that it read and checked.
        break;
    }
  }

  /** All workers ask at once when the start is ordered: a reading that was worse for it takes no better one's place. */
  function better(old: ClockReading | undefined, fresh: ClockReading | undefined): ClockReading | undefined {
    if (old === undefined || fresh === undefined) return fresh ?? old;
    const ageMs = clock.nowMs() - readAtMs;
    const driftedMs = old.uncertaintyMs + DRIFT * ageMs;
    return fresh.uncertaintyMs <= driftedMs ? fresh : { ...old, uncertaintyMs: driftedMs };
  }

  async function begin(): Promise<void> {
    await say({ type: "claimed", host: hostname(), weight: part.weight });
    const datasetPath = await findDataset(bus, job.dataset, part.dataset, world);
    const local = await localJob(job, { index, datasetPath, targets: part.targets, folder }, world);
    ({ secrets } = local.target);
    reading = await readClock(CLOCK_LIMIT_MS);
    readAtMs = clock.nowMs();
    await say({ type: "clock", reading });
    const weights = readWeights(await dealt, job);
    const jobs = jobsByWeight(job, local, weights, part.processes);
    const [first] = jobs;
    if (isOver || first === undefined) return;
    await say({ type: "share", share: shareOfWorker(job, index, weights), processes: jobs.length });
    // It may be over by now, and nobody would end the processes.
    if (hasEnded()) return;
    child = launchGroup(jobs, launch);
    child.channel.onMessage((message) => {
      hear(message).catch((error: unknown) => fail(`can't go on: ${messageOf(error)}`));
    });
    child.channel.onClose(() => {
      if (lastWord === undefined) fail("ended before its sessions did");
    });
    child.channel.send({ type: "prepare", job: first, runId: job.runId });
    await relay.keepOn();
  }

  const followed = followOrders(bus, job, clock, obey, (why) => {
    // The coordinator may know that all is done before this process knows that it does.
    if (lastWord === "done") end();
    else letGo(`was let go: ${why}`);
  });
  const endWatch = watchSilence(clock, bus, outbox, followed, (how) => (isDone ? end() : fail(how)));
  const forgetInterrupts = world.onInterrupt((why) => fail(`was told to end (${why})`, exitCodeOf(why)));
  begin().catch((error: unknown) => {
    const known = error instanceof BenchError ? error : new BenchError(messageOf(error), { cause: error });
    const { message, hint, exitCode } = known;
    hear({ type: "failed", message, exitCode, runId: job.runId, ...defined({ hint }) }).catch(
      (failure: unknown) => fail(`can't go on: ${messageOf(failure)}`),
    );
  });

  const ending = await ended;
  isOver = true;
  endWatch();
  followed.end();
  forgetInterrupts();
  relay.stop();
  let isAllStored = true;
  if (ending !== undefined) {
    child?.kill();
    // What the worker process has written is worth having, when it can be had.
    const lastWords = relay.flush().then(() => say({ type: "gone", why: ending.how }));
    const isStored = lastWords.then(
      () => true,
      () => false,
    );
    const limitMs = isTold(ending) ? LAST_WORDS_OF_TOLD_MS : LAST_WORDS_MS;
    isAllStored = (await Promise.race([isStored, pause(clock, limitMs)])) === true;
    if (!isAllStored) bus.publish(`from.${place}`, JSON.stringify({ gone: ending.how } satisfies Told));
  }
  outbox.close();
  await relay.close();
  if (isAllStored || ending?.isUnwanted === true) await rm(folder, { recursive: true, force: true });
  else tell(`records that the broker did not take stay in ${folder}`);
  if (ending === undefined) return EXIT.passed;
  const { how, exitCode } = ending;
  const said = `worker ${index + 1} of run ${job.runId} ${how}`;
  if (!isTold(ending)) throw new BenchError(said, { exitCode });
  tell(said);
  return exitCode;
}

function isTold({ exitCode }: Ending): boolean {
  return exitCode === EXIT.terminated || exitCode === EXIT.interrupted;
}

/** The exit code of a worker that is told to end. */
export function exitCodeOf(why: Interrupt): ExitCode {
  return why === "SIGTERM" ? EXIT.terminated : EXIT.interrupted;
}

interface Followed {
  /** When the coordinator was last heard of. */
  heardMs(): number;
  /**
   * Resolves when the coordinator has taken in the message at this place of the stream: with true, or with false when it
   * beats and reads nothing for half a minute.
   */
  whenRead(seq: number): Promise<boolean>;
  end(): void;
}

/** Reads the coordinator's orders, one after the other: each beat says how many there are, so that a lost one costs a second. */
function followOrders(
  bus: RunBus,
  { incarnation }: RemoteJob,
  clock: Clock,
  obey: (order: Order) => Promise<void>,
  onEnd: (why: string) => void,
): Followed {
  let heardMs = clock.nowMs();
  let known = 0;
  let next = 1;
  let isOver = false;
  let reading: Promise<void> | undefined;
  let takenIn = 0;
  let takenInAtMs = heardMs;
  let waiting: { seq: number; tell: (isRead: boolean) => void }[] = [];

  function noteRead(readMs: number, read: number): void {
    if (read > takenIn) [takenIn, takenInAtMs] = [read, readMs];
    const isStuck = readMs - takenInAtMs > READ_LIMIT_MS;
    for (const { seq, tell } of waiting) if (seq <= takenIn || isStuck) tell(seq <= takenIn);
    waiting = isStuck ? [] : waiting.filter(({ seq }) => seq > takenIn);
  }

  async function read(): Promise<void> {
    while (next <= known && !isOver) {
      const text = await bus.get(`order.${next}`).catch(() => undefined);
      // Told again with the next beat.
      if (text === undefined) return;
      next++;
      await obey(JSON.parse(text) as Order);
    }
  }

  bus.listen("alive", (body) => {
    const alive = JSON.parse(body) as Alive;
    if (alive.incarnation !== incarnation) return;
    heardMs = clock.nowMs();
    known = alive.orders;
    noteRead(heardMs, alive.read);
    if (alive.ended !== undefined) onEnd(alive.ended);
    else
      reading ??= read()
        .catch(() => undefined)
        .finally(() => (reading = undefined));
  });
  return {
    heardMs: () => heardMs,
    whenRead(seq) {
      if (seq <= takenIn) return Promise.resolve(true);
      takenInAtMs = clock.nowMs();
      return new Promise((tell) => void waiting.push({ seq, tell }));
    },
    end: () => (isOver = true),
  };
}

/** The coordinator's beats come through the broker: without them, one of the two is gone. @returns what ends the watch */
function watchSilence(
  clock: Clock,
  bus: RunBus,
  outbox: Outbox,
  followed: Followed,
  onSilence: (how: string) => void,
): () => void {
  const limit = formatDuration(SILENCE_MS);
  let lastMs = clock.nowMs();
  /** After a standstill of this process, what came meanwhile is still to be read. */
  let sinceMs = lastMs;
  let cancel = clock.wakeAt(lastMs + WATCH_MS, check);
  function check(): void {
    const nowMs = clock.nowMs();
    if (nowMs - lastMs > 2 * WATCH_MS) sinceMs = nowMs;
    lastMs = nowMs;
    cancel = clock.wakeAt(nowMs + WATCH_MS, check);
    const stuck = outbox.stuck();
    if (nowMs - Math.max(followed.heardMs(), sinceMs) > SILENCE_MS)
      onSilence(
        bus.isConnected()
          ? `heard nothing from the coordinator for ${limit}`
          : `was cut off from the broker for ${limit}`,
      );
    else if (stuck !== undefined && nowMs - Math.max(stuck.sinceMs, sinceMs) > SILENCE_MS)
      onSilence(`could store nothing on the broker for ${limit} (${stuck.why})`);
  }
  return () => cancel();
}
