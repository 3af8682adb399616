/** A series of runs whose workers are started by the test, as they would be on other machines. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench, startBench, tempFolder } from "./bench-process.ts";
import type { NatsServer } from "./nats-server.ts";
import { newRunId } from "./remote-run.ts";

const WORKERS = 2;
const SCENARIO = `name: brief
load: { model: concurrency, streams: 4 }
duration: { warmup: 1s, steady: 3s }
audio: { clips: { max: 3s } }
slo: ["final_from_close p95 < 5s", "error_ratio < 50%"]
`;

/** Makes a series with two workers, and holds that they keep their places and end with it. */
export async function remoteSeries(
  broker: NatsServer,
  command: readonly string[],
): Promise<{ code: number | null; said: string; runs: RunResult[] }> {
  const [out, scenario] = [join(tempFolder(), "series"), join(tempFolder(), "brief.yaml")];
  writeFileSync(scenario, SCENARIO);
  const place = ["--nats", broker.url, "--run", newRunId()];
  const workers = Array.from({ length: WORKERS }, () => startBench(["worker", ...place]));
  const maker = await bench([
    ...command,
    "--scenario",
    scenario,
    ...place,
    "--expect-workers",
    `${WORKERS}`,
    "--out",
    out,
  ]);
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
