/** Workers over NATS make the same run as those of one machine, with a dataset that they get from the broker. */
import { cpSync, existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { parseScenario } from "../../src/scenario/scenario.ts";
import { parseSlo } from "../../src/metrics/judge/slo.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { rebuildTotals } from "../../src/store/rebuild.ts";
import { recordFiles } from "../../src/store/run-folder.ts";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { remoteRun } from "../support/remote-run.ts";
import { shortRun } from "../support/short-run.ts";

let broker: NatsServer;
beforeAll(async () => (broker = await startNatsServer(["--user", "bench", "--pass", "open-sesame"])));
afterAll(() => broker.close());

/** Five clips of the speech that comes with the package, in a folder that no worker has. */
function smallDataset(): string {
  const folder = tempFolder();
  const core = join(PACKAGE_ROOT, "datasets/core");
  const lines = readFileSync(join(core, "manifest.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && (JSON.parse(line) as { duration_s: number }).duration_s < 3)
    .slice(0, 5);
  for (const line of lines) {
    const { file } = JSON.parse(line) as { file: string };
    cpSync(join(core, file), join(folder, file), { recursive: true });
  }
  writeFileSync(join(folder, "manifest.jsonl"), `${lines.join("\n")}\n`);
  return folder;
}

/** Without the drain, which lasts as long as the last session of the window. */
const sequence = (sessions: readonly { seq: number; phase: string; clip: string }[]): string[] =>
  sessions
    .filter(({ phase }) => phase !== "drain")
    .map(({ seq, phase, clip }) => `${seq} ${phase} ${clip}`)
    .sort();

const counted = ({ sessionsByPhase: { warmup, steady } }: RunResult): unknown =>
  [warmup, steady].map(({ scheduled, started }) => ({ scheduled, started }));

it("one worker, four of this machine and four over NATS are one run for one seed", async () => {
  const scenario = `name: same
load: { model: poisson, rate: 5 }
duration: { warmup: 1s, steady: 6s }
audio: { dataset: ${smallDataset()} }
slo: ["error_ratio < 50%", "final_from_close p50 < 5s"]
`;
  const cache = tempFolder();
  const local = await Promise.all(
    [1, 4].map((workers) => shortRun(workers, { scenario, failEvery: Infinity })),
  );
  const [url, env] = [`nats://bench:open-sesame@${broker.address}`, { XDG_CACHE_HOME: cache }];
  const remote = await remoteRun(url, 4, { scenario, failEvery: Infinity, env });
  const ended = await Promise.all([
    ...local.map(({ args }) => bench(args)),
    remote.coordinator.finished,
    ...remote.workers.map(({ finished }) => finished),
  ]);
  const complaints = ended.map(({ stderr }) => /^bench:.*/m.exec(stderr)?.[0]);
  expect(complaints).toEqual(Array(7).fill(undefined));
  expect(ended.slice(3).map(({ code }) => code)).toEqual(Array(4).fill(0));
  expect(ended.map(({ stdout, stderr }) => stdout + stderr).join("")).not.toContain("open-sesame");
  const [one, four, over] = [...local, remote].map(({ out }) => readRun(out));
  for (const other of [four!, over!]) {
    expect(other.result.run.planHash).toBe(one!.result.run.planHash);
    expect(sequence(other.sessions)).toEqual(sequence(one!.sessions));
    expect(counted(other.result)).toEqual(counted(one!.result));
  }
  expect(one!.sessions.length).toBeGreaterThan(20);

  // Merged as they came, the histograms are those of the records.
  const settled = parseScenario(readFileSync(remote.file("scenario.yaml"), "utf8"), "scenario.yaml");
  const { totals } = await rebuildTotals({
    ...recordFiles(remote.out),
    window: { startMs: settled.warmupMs, endMs: settled.warmupMs + settled.steadyMs },
    slos: settled.slo.map((text) => parseSlo(text)),
    lost: [],
  });
  const rebuilt = totals.summaries();
  for (const metric of ["response_latency", "final_from_close", "send_lateness"]) {
    expect(over!.result.metrics[metric]?.count).toBeGreaterThan(0);
    expect(over!.result.metrics[metric]).toEqual(rebuilt[metric]);
  }

  const facts = over!.result.run.remote!;
  expect(facts.workers.map(({ index }) => index)).toEqual([0, 1, 2, 3]);
  for (const { host, clockOffsetMs, clockUncertaintyMs, startedAtMs } of facts.workers) {
    expect(host).toBe(one!.result.run.host);
    // One machine, one clock: what is measured is off by no more than it says.
    expect(Math.abs(clockOffsetMs!)).toBeLessThanOrEqual(clockUncertaintyMs! + 1.5);
    expect(startedAtMs).toBeTypeOf("number");
  }
  expect(one!.result.run.remote).toBeUndefined();
  // The dataset came from the broker, once, and stays for the next run.
  const cached = join(cache, "riva-bench/datasets");
  expect(readdirSync(cached)).toEqual([over!.result.dataset.sha256]);
  expect(existsSync(join(cached, over!.result.dataset.sha256, "manifest.jsonl"))).toBe(true);
  for (const { server } of [...local, remote]) server.close();
});

it("workers of unequal size carry shares by their weights, in as many processes as they are told, and it is the same run", async () => {
  const scenario = `name: same
load: { model: poisson, rate: 6 }
duration: { warmup: 1s, steady: 8s }
audio: { dataset: ${smallDataset()} }
slo: ["error_ratio < 50%", "final_from_close p50 < 5s"]
`;
  const url = `nats://bench:open-sesame@${broker.address}`;
  const local = await shortRun(1, { scenario, failEvery: Infinity });
  const remote = await remoteRun(url, 2, {
    ...{ scenario, failEvery: Infinity },
    workerFlagsOf: (index) => (index === 0 ? ["--weight", "3", "--workers", "2"] : ["--weight", "1"]),
  });
  const ended = await Promise.all([
    bench(local.args),
    remote.coordinator.finished,
    ...remote.workers.map(({ finished }) => finished),
  ]);
  expect(ended.map(({ stderr }) => /^bench:.*/m.exec(stderr)?.[0])).toEqual(Array(4).fill(undefined));
  expect(ended.slice(2).map(({ code }) => code)).toEqual([0, 0]);
  const [one, over] = [local, remote].map(({ out }) => readRun(out));
  expect(over!.result.run.planHash).toBe(one!.result.run.planHash);
  expect(sequence(over!.sessions)).toEqual(sequence(one!.sessions));
  expect(counted(over!.result)).toEqual(counted(one!.result));
  const facts = over!.result.run.remote!.workers;
  expect(facts.map(({ weight }) => weight)).toEqual([3, 1]);
  const dealt = facts.map(({ load }) => load!.sessions);
  const planned = over!.result.sessionsByPhase.steady.scheduled;
  expect(dealt[0]! + dealt[1]!).toBe(planned);
  expect(Math.abs(dealt[0]! - 0.75 * planned)).toBeLessThanOrEqual(2);
  for (const { server } of [local, remote]) server.close();
});
