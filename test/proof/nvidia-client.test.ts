/**
 * `bench --scenario nvidia-table` beside NVIDIA's own client, or a stand-in for it, in turns on one emulator.
 *
 * One trial has 48 finals, and how far apart a client's threads begin its streams decides how the emulated server batches them:
 * the client's own means of three trials differ by more than the limit. So the means of six trials of each are compared, and the
 * interval of their difference is printed with them: how sure that is.
 *
 * With NVIDIA's client at hand, name it: RIVA_STREAMING_ASR_CLIENT=/path/to/riva_streaming_asr_client npm run test:proof
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { inferFromPairs, mean } from "../../src/metrics/stats/paired.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { NvidiaFigures, NvidiaTable } from "../support/nvidia-table.ts";
import { FIGURE_NAMES, printedTable } from "../support/nvidia-table.ts";

const run = promisify(execFile);
const STREAMS = 16;
/** What `scenarios/nvidia-table.yaml` says: NVIDIA's published procedure. */
const ITERATIONS = 3;
const CHUNK_MS = 160;
const CLIP = "asterisk-demo-nogo";
const WAV = join(PACKAGE_ROOT, `datasets/core/wav/${CLIP}.wav`);

/** Pairs of trials: the fewest that have an interval of 95 %. */
const PAIRS = 6;

function asText(values: readonly number[]): string {
  return values.map((value) => value.toFixed(1)).join(", ");
}

async function ours(address: string): Promise<NvidiaTable> {
  const { result } = await undisturbed(async () => {
    const out = join(tempFolder(), "run");
    const target = ["--target", `grpc://${address}`];
    const scenario = ["--scenario", "nvidia-table", "--streams", String(STREAMS)];
    await bench([...scenario, ...target, "--out", out, "--quiet"]);
    return readRun(out);
  });
  const figures = (name: string): NvidiaFigures => {
    const {
      count = NaN,
      p50 = NaN,
      p90 = NaN,
      p95 = NaN,
      p99 = NaN,
      mean = NaN,
    } = result.metrics[name] ?? {};
    return { count, p50, p90, p95, p99, mean };
  };
  return {
    latencies: figures("nvidia_compat_latency"),
    intermediate: figures("nvidia_compat_intermediate"),
    final: figures("nvidia_compat_final"),
  };
}

async function theirs(address: string): Promise<NvidiaTable> {
  const client = process.env["RIVA_STREAMING_ASR_CLIENT"];
  const table = client === undefined ? await standIn(address) : await nvidiaClient(client, address);
  // No table would mean that the emulator breaks the response-count rule.
  if (table === undefined) throw new Error("no table: responses were not as many as chunks");
  return table;
}

async function standIn(address: string): Promise<NvidiaTable | undefined> {
  const client = join(PACKAGE_ROOT, "test/support/nvidia-client.ts");
  const load = [String(CHUNK_MS), String(STREAMS), String(ITERATIONS)];
  const { stdout } = await run(process.execPath, ["--import", "tsx", client, address, WAV, ...load], {
    cwd: PACKAGE_ROOT,
  });
  return (JSON.parse(stdout) as NvidiaTable | null) ?? undefined;
}

/** With the flags of NVIDIA's published procedure. */
async function nvidiaClient(path: string, address: string): Promise<NvidiaTable | undefined> {
  const { stdout } = await run(path, [
    ...[`--riva_uri=${address}`, `--audio_file=${WAV}`, `--chunk_duration_ms=${CHUNK_MS}`],
    ...[`--num_parallel_requests=${STREAMS}`, `--num_iterations=${STREAMS * ITERATIONS}`],
    ...["--simulate_realtime=true", "--interim_results=false", "--print_transcripts=false"],
    ...["--automatic_punctuation=true", "--word_time_offsets=false"],
  ]);
  return printedTable(stdout);
}

it("their tables and nvidia_compat_* agree within 5 % or 2 ms, as means of six trials", async () => {
  const emulator = await startEmulatorProcess(["--profile", "nim"]);
  const address = `127.0.0.1:${emulator.port}`;
  try {
    // The emulator's first streams are its slowest.
    await theirs(address);
    const pairs: { theirs: NvidiaTable; ours: NvidiaTable }[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      // Whatever the machine or the emulator has become by then, neither client has the better turn.
      if (pair % 2 === 0) pairs.push({ theirs: await theirs(address), ours: await ours(address) });
      else pairs.push({ ours: await ours(address), theirs: await theirs(address) });
    }

    const beyond: string[] = [];
    for (const name of ["latencies", "intermediate", "final"] as const) {
      for (const pair of pairs)
        if (pair.theirs[name].count > 0) expect(pair.ours[name].count, name).toBe(pair.theirs[name].count);
      for (const figure of FIGURE_NAMES) {
        const [a, b] = [
          pairs.map(({ ours: table }) => table[name][figure]),
          pairs.map((pair) => pair.theirs[name][figure]),
        ];
        const limitMs = Math.max(2, 0.05 * mean(b));
        const [from, to] = inferFromPairs(a.map((value, i) => value - b[i]!)).interval(0.95)!;
        const line =
          `${name} ${figure}: ${mean(a).toFixed(2)} beside ${mean(b).toFixed(2)}, difference ${from.toFixed(2)} to ${to.toFixed(2)}, ` +
          `limit ${limitMs.toFixed(2)} (${asText(a)} beside ${asText(b)})`;
        console.log(line);
        if (!(Math.abs(mean(a) - mean(b)) <= limitMs)) beyond.push(line);
      }
    }
    expect(beyond).toEqual([]);
  } finally {
    await emulator.stop();
  }
}, 1_200_000);
