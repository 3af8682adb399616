/** Series of runs over NATS: the workers stay for all of them, keep their places, and end with the series. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, startBench, tempFolder } from "../support/bench-process.ts";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { newRunId } from "../support/remote-run.ts";

let broker: NatsServer;
beforeAll(async () => (broker = await startNatsServer()));
afterAll(() => broker.close());

const WORKERS = 2;
/** A void run, of a machine that is busy, is made again. */
const LIMIT_MS = 300_000;

/** Makes a series with two workers. */
async function series(
  command: readonly string[],
): Promise<{ code: number | null; said: string; runs: RunResult[] }> {
  const out = join(tempFolder(), "series");
  const place = ["--nats", broker.url, "--run", newRunId()];
  const workers = Array.from({ length: WORKERS }, () => startBench(["worker", ...place]));
  const maker = await bench([...command, ...place, "--expect-workers", `${WORKERS}`, "--out", out]);
  for (const { finished } of workers) {
    const { code, stderr } = await finished;
    expect(code, stderr).toBe(0);
    const places = [...stderr.matchAll(/\(index (\d)\)/g)].map(([, index]) => index);
    expect(new Set(places).size).toBe(1);
  }
  const runs = readdirSync(out, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? [JSON.parse(readFileSync(join(out, entry.name, "result.json"), "utf8")) as RunResult]
      : [],
  );
  for (const { run } of runs) expect(run.remote?.workers).toHaveLength(WORKERS);
  return { code: maker.code, said: maker.stdout + maker.stderr, runs };
}

it(
  "a comparison",
  async () => {
    const { said, runs } = await series([
      ...["compare", "emulator-nim", "emulator-nim", "--pairs", "1", "--streams", "4"],
      ...["--duration", "4s", "--warmup", "1s", "--metric", "first_partial_from_onset p50"],
    ]);
    expect(said).toMatch(/first_partial_from_onset p50/);
    expect(runs.length).toBeGreaterThanOrEqual(2);
  },
  LIMIT_MS,
);

it(
  "a search for the capacity, its levels also below the number of workers",
  async () => {
    const { code, said, runs } = await series([
      ...["capacity", "--max", "1", "--probe", "2s", "--budget", "1m", "--replicates", "1"],
    ]);
    expect([0, 5, 6], said).toContain(code);
    expect(runs.length).toBeGreaterThanOrEqual(1);
  },
  LIMIT_MS,
);

it("that its maker can't begin lets the workers go", async () => {
  const place = ["--nats", broker.url, "--run", newRunId()];
  const worker = startBench(["worker", ...place]);
  const maker = await bench([
    ...["compare", "grpc://127.0.0.1:9", "grpc://127.0.0.1:9", "--pairs", "1", "--expect-workers", "1"],
    ...[...place, "--out", join(tempFolder(), "series")],
  ]);
  expect(maker.code).toBe(7);
  expect((await worker.finished).code).toBe(0);
});
