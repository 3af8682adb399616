/**
 * `bench --scenario nvidia-table` beside NVIDIA's own client, or a stand-in for it, in turns on one emulator.
 *
 * With NVIDIA's client at hand, name it: RIVA_STREAMING_ASR_CLIENT=/path/to/riva_streaming_asr_client npm run test:proof
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/package-root.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { NvidiaFigures, NvidiaTable } from "../support/nvidia-table.ts";
import { FIGURE_NAMES, meanTable, printedTable } from "../support/nvidia-table.ts";

const run = promisify(execFile);
const STREAMS = 16;
/** What `scenarios/nvidia-table.yaml` says: NVIDIA's published procedure. */
const ITERATIONS = 3;
const CHUNK_MS = 160;
const CLIP = "asterisk-demo-nogo";
const WAV = join(PACKAGE_ROOT, `datasets/core/wav/${CLIP}.wav`);

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

it("their tables and nvidia_compat_* agree within 5 % or 2 ms, as means of three trials", async () => {
  const emulator = await startEmulatorProcess(["--profile", "nim"]);
  const address = `127.0.0.1:${emulator.port}`;
  try {
    // Whatever the machine or the emulator has become by then, neither client has the better turn.
    const [a1, b1] = [await theirs(address), await ours(address)];
    const [b2, a2] = [await ours(address), await theirs(address)];
    const [a3, b3] = [await theirs(address), await ours(address)];
    const [theirMeans, ourMeans] = [meanTable([a1, a2, a3]), meanTable([b1, b2, b3])];

    const misses: string[] = [];
    for (const name of ["latencies", "intermediate", "final"] as const) {
      if (a1[name].count > 0) expect(b1[name].count, name).toBe(a1[name].count);
      for (const figure of FIGURE_NAMES) {
        const [a, b] = [ourMeans[name][figure], theirMeans[name][figure]];
        const trials = (tables: NvidiaTable[]): string =>
          tables.map((table) => table[name][figure].toFixed(1)).join(", ");
        const line = `${name} ${figure}: ${a.toFixed(2)} (${trials([b1, b2, b3])}) beside ${b.toFixed(2)} (${trials([a1, a2, a3])})`;
        console.log(line);
        if (!(Math.abs(a - b) <= Math.max(2, 0.05 * b))) misses.push(line);
      }
    }
    expect(misses).toEqual([]);
  } finally {
    await emulator.stop();
  }
}, 600_000);
