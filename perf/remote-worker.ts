/**
 * What NATS costs a worker: the built command line makes the same load with one local worker and with one over NATS, in turns, against an
 * emulator of fixed delays. Compared are the CPU of the process that makes the load, that of the agent beside it,
 * and how late they sent.
 */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BenchError } from "../src/base/errors.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import type { RunResult } from "../src/metrics/result/result.ts";
import { startNatsServer } from "../test/support/nats-server.ts";
import { freePort } from "../test/support/prometheus-servers.ts";
import { cpuSecondsOf } from "./fleet.ts";

/** One run. */
interface Turn {
  /** CPU of the process that makes the load, as a share of one core. */
  loadShare: number;
  /** CPU of the process that carries its messages and records to the broker; 0 in a local run. */
  agentShare: number;
  latenessP99Ms: number;
}

export interface RemoteWorkerCost {
  streams: number;
  local: Turn[];
  remote: Turn[];
}

const TURNS = 3;
const WARM_UP_MS = 8000;
const MEASURED_MS = 20_000;
const BEGIN_LIMIT_MS = 30_000;
const LOOK_MS = 50;
const MAIN = join(PACKAGE_ROOT, "dist/cli/main.js");

/** Makes a run of each kind, in turns. @throws BenchError when one of them does not come to its end */
export async function measureRemoteWorker(streams: number): Promise<RemoteWorkerCost> {
  const folder = mkdtempSync(join(tmpdir(), "bench-remote-"));
  const broker = await startNatsServer();
  const port = await freePort();
  const emulator = bench(["emulator", "--port", `${port}`, "--delays", "partial=30,final=80"], folder);
  writeFileSync(
    join(folder, "remote.yaml"),
    `name: remote
load: { model: concurrency, streams: ${streams} }
duration: { warmup: 3s, steady: ${(WARM_UP_MS + MEASURED_MS) / 1000}s, drain: 20s }
`,
  );
  const cost: RemoteWorkerCost = { streams, local: [], remote: [] };
  try {
    await within(BEGIN_LIMIT_MS, () => takesConnections(port), emulator);
    for (let turn = 0; turn < TURNS; turn++) {
      const both = [
        async () => void cost.local.push(await oneTurn(turn, undefined)),
        async () => void cost.remote.push(await oneTurn(turn, broker.url)),
      ];
      for (const one of turn % 2 === 0 ? both : both.reverse()) await one();
    }
    return cost;
  } finally {
    emulator.kill("SIGKILL");
    await broker.close();
    rmSync(folder, { recursive: true });
  }

  async function oneTurn(turn: number, url: string | undefined): Promise<Turn> {
    const out = join(folder, `${url === undefined ? "local" : "remote"}-${turn}`);
    const nats = ["--nats", url ?? "", "--run", `remote-${turn}`];
    const where = url === undefined ? ["--workers", "1"] : [...nats, "--expect-workers", "1"];
    const run = bench(
      ["-s", "remote.yaml", "-t", `grpc://127.0.0.1:${port}`, "--out", out, "--quiet", ...where],
      folder,
    );
    const agent = url === undefined ? undefined : bench(["worker", ...nats, "--workers", "1"], folder);
    const ended = once(run, "exit");
    try {
      return await measured();
    } finally {
      for (const child of [run, agent]) child?.kill("SIGKILL");
    }

    async function measured(): Promise<Turn> {
      await within(BEGIN_LIMIT_MS, () => existsSync(join(out, "run.json")), run);
      const [load] = childrenOf((agent ?? run).pid ?? 0);
      if (load === undefined) throw new BenchError("no process makes the load");
      await sleep(WARM_UP_MS);
      const used = (): [number, number] => [
        cpuSecondsOf(load),
        agent === undefined ? 0 : cpuSecondsOf(agent.pid ?? 0),
      ];
      const before = used();
      await sleep(MEASURED_MS);
      const [loadShare, agentShare] = used().map(
        (seconds, i) => (seconds - (before[i] ?? 0)) / (MEASURED_MS / 1000),
      );
      await ended;
      const result = JSON.parse(readFileSync(join(out, "result.json"), "utf8")) as RunResult;
      if (result.verdict === "void")
        throw new BenchError(`the run in ${out} is void: this machine is too busy to measure on`);
      return {
        loadShare: loadShare ?? NaN,
        agentShare: agentShare ?? NaN,
        latenessP99Ms: result.metrics["send_lateness"]?.p99 ?? NaN,
      };
    }
  }
}

/** The cost in words, by the median turn of each kind. */
export function renderRemoteWorker({ streams, local, remote }: RemoteWorkerCost): string {
  const median = (turns: readonly Turn[], of: (turn: Turn) => number): number =>
    turns.map(of).sort((a, b) => a - b)[Math.floor(turns.length / 2)] ?? NaN;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const [own, far] = [local, remote].map((turns) => median(turns, ({ loadShare }) => loadShare));
  const [ownMs, farMs] = [local, remote].map((turns) => median(turns, ({ latenessP99Ms }) => latenessP99Ms));
  return (
    `\na worker of ${streams} streams, in turns: local ${percent(own ?? NaN)} of a core, over NATS ${percent(far ?? NaN)} and ` +
    `${percent(median(remote, ({ agentShare }) => agentShare))} for what it says and records;\n` +
    `lateness p99 ${(ownMs ?? NaN).toFixed(2)} ms local, ${(farMs ?? NaN).toFixed(2)} ms over NATS\n`
  );
}

function bench(args: readonly string[], cwd: string): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { cwd, stdio: "ignore" });
}

/** Processes that it has started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")
    .trim()
    .split(" ")
    .filter(Boolean)
    .map(Number);
}

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** @throws BenchError when it is not so in time, or the process has ended */
async function within(
  limitMs: number,
  is: () => boolean | Promise<boolean>,
  child: ChildProcess,
): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!(await is())) {
    if (performance.now() > endMs || child.exitCode !== null)
      throw new BenchError(`${child.spawnargs.slice(2).join(" ")}: did not begin`);
    await sleep(LOOK_MS);
  }
}
