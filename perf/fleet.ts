/**
 * The cost of workers on other machines to their coordinator: the built command line against a real nats-server and simulated
 * workers, which send once a second what real ones send (health, a snapshot, the records of the sessions that ended).
 */
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { realClock } from "../src/base/clock.ts";
import { BenchError } from "../src/base/errors.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import type { FromWorker } from "../src/loadgen/workers/protocol.ts";
import { createRecorder } from "../src/metrics/record/recorder.ts";
import { sessionRecord } from "../src/metrics/result/session-record.ts";
import { connectBroker } from "../src/run/nats/broker.ts";
import type { Alive, RemoteJob, Said, Told } from "../src/run/nats/messages.ts";
import type { Outbox } from "../src/run/nats/outbox.ts";
import { createOutbox } from "../src/run/nats/outbox.ts";
import type { RunBus } from "../src/run/nats/run-bus.ts";
import { startDelayServer } from "../test/support/delay-server.ts";
import { startNatsServer } from "../test/support/nats-server.ts";
import { freePort } from "../test/support/prometheus-servers.ts";
import { fiveSeconds } from "./metrics-cost.ts";

export interface FleetCost {
  workers: number;
  /** CPU of the coordinator, as a share of one core. */
  cpuShare: number;
  /** The most memory that it held. */
  megabytes: number;
  /** From a worker's word to the first scrape that shows it, milliseconds; a scrape every 250 ms. */
  shownMs: { p50: number; p99: number; max: number };
  /** Records that came in a second. */
  recordBytesASecond: number;
}

/** Sessions that end in each worker: some 15 streams of five seconds. */
const SESSIONS_A_SECOND = 3;
const RUN = "fleet";
const SETTLE_MS = 5000;
const MEASURED_MS = 20_000;
const SCRAPE_MS = 250;
const JOIN_LIMIT_MS = 120_000;
/** Connections that are opened at once. */
const AT_ONCE = 20;
/** The unit of CPU time in /proc/PID/stat. */
const TICKS_A_SECOND = 100;

interface Simulated {
  index: number;
  bus: RunBus;
  outbox: Outbox;
  snapshots: number;
}

/**
 * Runs a coordinator with so many workers for half a minute.
 * @throws BenchError when it ends before that
 */
export async function measureFleet(workers: number): Promise<FleetCost> {
  const folder = mkdtempSync(join(tmpdir(), "bench-fleet-"));
  const scenario = join(folder, "fleet.yaml");
  writeFileSync(
    scenario,
    `name: fleet
load: { model: concurrency, streams: ${workers * 15} }
duration: { warmup: 1s, steady: 2m }
`,
  );
  const broker = await startNatsServer();
  const server = await startDelayServer({ partialMs: 30, finalMs: 80, text: "hello there" });
  const port = await freePort();
  const args = ["--scenario", scenario, "--target", `grpc://${server.address}`, "--quiet"];
  const remote = ["--nats", broker.url, "--run", RUN, "--expect-workers", `${workers}`];
  const coordinator = spawn(
    process.execPath,
    [
      join(PACKAGE_ROOT, "dist/cli/main.js"),
      "run",
      ...args,
      ...remote,
      ...["--metrics-port", `${port}`, "--out", join(folder, "run")],
    ],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  let said = "";
  coordinator.stderr.on("data", (data: Buffer) => (said += data.toString()));
  const exited = new Promise<never>((_, reject) =>
    coordinator.once("exit", (code) => reject(new BenchError(`the coordinator ended with ${code}: ${said}`))),
  );
  exited.catch(() => undefined);
  const members: Simulated[] = [];
  try {
    return await Promise.race([exited, withWorkers(coordinator.pid ?? 0)]);
  } finally {
    coordinator.kill("SIGKILL");
    for (const { outbox } of members) outbox.close();
    await Promise.all(members.map(({ bus }) => bus.close()));
    await broker.close();
    server.close();
    rmSync(folder, { recursive: true });
  }

  async function withWorkers(pid: number): Promise<FleetCost> {
    const open = async (): Promise<RunBus> =>
      connectBroker({ servers: [broker.address], shown: broker.url }, RUN);
    for (let index = 0; index < workers; index += AT_ONCE) {
      const buses = await Promise.all(Array.from({ length: Math.min(AT_ONCE, workers - index) }, open));
      buses.forEach((bus, i) =>
        members.push({ index: index + i, bus, snapshots: 0, outbox: createOutbox(bus, "", realClock) }),
      );
    }
    const job = await jobOf(members[0]!.bus);
    const { runId, incarnation } = job;
    const say = (one: Simulated, what: Said): Promise<unknown> =>
      one.outbox.send("said", Buffer.from(JSON.stringify(what)));
    const { dealt, started } = ordersOf(members[0]!.bus, incarnation);
    for (const one of members) {
      one.outbox = createOutbox(one.bus, `${one.index}.${incarnation}`, realClock);
      const reading = { offsetMs: 0, uncertaintyMs: 0.1, wallOffsetMs: 0 };
      await say(one, { type: "claimed", host: `box-${one.index}`, weight: 1 });
      await say(one, { type: "clock", reading });
    }
    await dealt;
    for (const one of members) {
      await say(one, { type: "share", share: { of: workers, remainders: [one.index] }, processes: 1 });
      const ready = { type: "ready", planHash: "simulated", connections: 1, warmUpMs: 1, runId } as const;
      await say(one, { type: "message", message: ready, snapshots: 0 });
    }
    await started;
    await sleep(SETTLE_MS / 2);

    const { snapshot, records } = oneSecond();
    const t0Ms = performance.now();
    let sentMs = 0;
    const shown: number[] = [];
    const speak = (one: Simulated): void => {
      const atMs = performance.now() - t0Ms;
      const tell = (message: FromWorker): void =>
        one.bus.publish(
          `from.${one.index}.${incarnation}`,
          JSON.stringify({ snapshots: one.snapshots, message: { ...message, runId } } satisfies Told),
        );
      // The first worker's open sessions are the time at which it speaks.
      const open = one.index === 0 ? Math.round(atMs) : 15;
      if (one.index === 0) sentMs = open;
      tell({ type: "health", health: { atMs, open, cpuShare: 0.2, loopDelayMs: 2 } });
      one.snapshots++;
      tell({ type: "snapshot", snapshot: { ...snapshot, fromMs: atMs - 1000, toMs: atMs } });
      void one.outbox.send("sessions", records);
    };
    const timers = members.map(
      (one) =>
        [
          setTimeout(() => timers.push([setInterval(() => speak(one), 1000)]), (one.index / workers) * 1000),
        ] as NodeJS.Timeout[],
    );
    let lastShown = 0;
    const scrapes = setInterval(() => {
      void scraped(port).then((open) => {
        if (open === undefined || open <= lastShown || open > sentMs) return;
        lastShown = open;
        shown.push(performance.now() - t0Ms - open);
      });
    }, SCRAPE_MS);
    try {
      await sleep(SETTLE_MS);
      shown.length = 0;
      const before = cpuSecondsOf(pid);
      await sleep(MEASURED_MS);
      const cpuShare = (cpuSecondsOf(pid) - before) / (MEASURED_MS / 1000);
      const sorted = shown.sort((a, b) => a - b);
      const at = (share: number): number =>
        sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
      return {
        workers,
        cpuShare,
        megabytes: Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024,
        shownMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
        recordBytesASecond: records.length * workers,
      };
    } finally {
      clearInterval(scrapes);
      for (const timer of timers.flat()) clearInterval(timer);
    }
  }
}

export function renderFleet({
  workers,
  cpuShare,
  megabytes,
  shownMs,
  recordBytesASecond,
}: FleetCost): string {
  const ms = (value: number): string => `${Math.round(value)} ms`;
  return (
    `\n${workers} workers over NATS (simulated): the coordinator takes ${(cpuShare * 100).toFixed(1)} % of a core and at most ` +
    `${Math.round(megabytes)} MB,\nwith ${(recordBytesASecond / 1e6).toFixed(1)} MB of records a second; a worker's word is in /metrics after ` +
    `${ms(shownMs.p50)} (p50), ${ms(shownMs.p99)} (p99), ${ms(shownMs.max)} at most\n`
  );
}

/** The messages of a worker in one second. */
function oneSecond(): {
  snapshot: ReturnType<ReturnType<typeof createRecorder>["snapshot"]>;
  records: Buffer;
} {
  const recorder = createRecorder({ window: { startMs: 0, endMs: 120_000 }, slos: [] });
  const sessions = Array.from({ length: SESSIONS_A_SECOND }, (_, seq) => fiveSeconds(seq, 2000));
  for (const session of sessions) recorder.record(session);
  const lines = sessions.map((session) => `${JSON.stringify(sessionRecord(session))}\n`);
  return { snapshot: recorder.snapshot(7000, 8000), records: Buffer.from(lines.join("")) };
}

async function jobOf(bus: RunBus): Promise<RemoteJob> {
  const endMs = performance.now() + JOIN_LIMIT_MS;
  while (performance.now() < endMs) {
    const text = await bus.get("job").catch(() => undefined);
    if (text !== undefined) return JSON.parse(text) as RemoteJob;
    await sleep(200);
  }
  throw new BenchError("the coordinator put no run on the broker");
}

/** They resolve when the order that deals the plan is given, the first, and the one to start, the second. */
function ordersOf(bus: RunBus, incarnation: string): { dealt: Promise<void>; started: Promise<void> } {
  const given = (count: number): Promise<void> =>
    new Promise((resolve) =>
      bus.listen("alive", (body) => {
        const alive = JSON.parse(body) as Alive;
        if (alive.incarnation === incarnation && alive.orders >= count) resolve();
      }),
    );
  return { dealt: given(1), started: given(2) };
}

/** The open sessions of the first worker, as `/metrics` has them. */
async function scraped(port: number): Promise<number | undefined> {
  try {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const found = /^bench_worker_sessions_open\{[^}]*worker="1"[^}]*\} (\d+)/m.exec(text)?.[1];
    return found === undefined ? undefined : Number(found);
  } catch {
    return undefined;
  }
}

/** CPU that a process has used. */
export function cpuSecondsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
