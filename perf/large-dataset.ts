/**
 * The cost of a set of 10,000 clips and 20 hours: it is synthesised, imported, planned and played by many streams beside the set of
 * the package, which fits in memory. Its folder is deleted again.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { loadDataset } from "../src/base/dataset/dataset.ts";
import { BenchError } from "../src/base/errors.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import type { RunVerdict } from "../src/metrics/result/result.ts";
import { parseRunResult } from "../src/metrics/result/read-result.ts";
import { startDelayServer } from "../test/support/delay-server.ts";
import { wavFile } from "../test/support/wav.ts";

const RATE_HZ = 16_000;
const RECORDINGS = 20;
const CLIPS = 10_000;
const CLIP_S = 7.2;
const WINDOW_S = 60;
/** Twice the audio, as recordings and as clips, and room for the records. */
const NEEDED_BYTES = 5.5e9;

/** A command and what it took. */
export interface LargeStep {
  name: string;
  seconds: number;
  /** The most memory that all its processes held together. */
  megabytes: number;
  /** Absent for a step that is no run. */
  latenessP99Ms?: number;
  /** Absent for a step that is no run. */
  verdict?: RunVerdict;
}

/**
 * Imports, plans and plays the set, and the package's own beside it.
 * @param streams of each run
 * @param onStep called before each command
 * @throws BenchError where the disk has no room for it, or a command fails
 */
export async function measureLargeDataset(
  streams: number,
  onStep: (name: string) => void,
): Promise<LargeStep[]> {
  const { bavail, bsize } = statfsSync(tmpdir());
  if (bavail * bsize < NEEDED_BYTES) {
    const hint = "Set TMPDIR to a folder with room, or leave it out with --large-dataset 0.";
    throw new BenchError(`the set of 20 hours takes ${NEEDED_BYTES / 1e9} GB in ${tmpdir()}`, { hint });
  }
  const folder = mkdtempSync(join(tmpdir(), "bench-large-"));
  const server = await startDelayServer({ partialMs: 30, finalMs: 80, text: "hello there" });
  const took = async (name: string, ...args: string[]): Promise<LargeStep> => {
    onStep(`20 hours of speech: ${name}`);
    return step(folder, name, args);
  };
  const scenario = (dataset: string): string => {
    const file = join(folder, `of-${dataset}.yaml`);
    writeFileSync(
      file,
      `name: of-${dataset}
load: { model: concurrency, streams: ${streams} }
audio: { dataset: ${dataset} }
duration: { warmup: 10s, steady: ${WINDOW_S}s }
`,
    );
    return file;
  };
  const target = ["--target", `grpc://${server.address}`, "--quiet"];
  try {
    onStep("20 hours of speech: synthesised");
    const manifest = await synthesise(folder);
    return [
      await took("import", "dataset", "import", manifest, "--out", join(folder, "set")),
      await took("plan", "plan", "--scenario", scenario("set")),
      await took(
        `${streams} streams`,
        ...["run", "--scenario", scenario("set"), "--out", join(folder, "large"), ...target],
      ),
      await took(
        `${streams} streams of the core set`,
        ...["run", "--scenario", scenario("default"), "--out", join(folder, "core"), ...target],
      ),
    ];
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** The steps as `npm run perf` prints them. */
export function renderLargeDataset(steps: readonly LargeStep[]): string {
  const lines = steps.map(({ name, seconds, megabytes, latenessP99Ms, verdict }) => {
    const lateness =
      latenessP99Ms === undefined
        ? ""
        : `, send lateness p99 ${latenessP99Ms.toFixed(2)} ms, ${verdict ?? ""}`;
    return `  ${name}: ${seconds.toFixed(1)} s, at most ${Math.round(megabytes)} MB in all processes${lateness}\n`;
  });
  return `\na set of ${CLIPS} clips and 20 hours\n${lines.join("")}`;
}

/** An hour a file, of the speech that comes with the package, and a NeMo manifest of parts of them. */
async function synthesise(folder: string): Promise<string> {
  const { clips } = await loadDataset("default");
  const perRecording = CLIPS / RECORDINGS;
  const bytes = perRecording * CLIP_S * RATE_HZ * 2;
  for (let recording = 0; recording < RECORDINGS; recording++) {
    const file = createWriteStream(join(folder, `recording-${recording}.wav`));
    file.write(wavFile(Buffer.alloc(0), { declaredBytes: bytes }));
    for (let at = 0, next = recording; at < bytes; next++) {
      const pcm = clips[next % clips.length]?.pcm ?? new Uint8Array();
      const piece = pcm.subarray(0, bytes - at);
      if (!file.write(piece)) await once(file, "drain");
      at += piece.length;
    }
    file.end();
    await finished(file);
  }
  const lines = Array.from({ length: CLIPS }, (_, clip) => {
    const audio_filepath = `recording-${Math.floor(clip / perRecording)}.wav`;
    const offset = (clip % perRecording) * CLIP_S;
    return JSON.stringify({
      audio_filepath,
      offset,
      duration: CLIP_S,
      text: "hello there",
      id: `clip-${clip}`,
    });
  });
  const manifest = join(folder, "large.jsonl");
  writeFileSync(manifest, lines.join("\n"));
  return manifest;
}

/** Runs the built command line. @throws BenchError when it fails */
async function step(folder: string, name: string, args: readonly string[]): Promise<LargeStep> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, "dist/cli/main.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (data: Buffer) => (said += data.toString()));
  let mostBytes = 0;
  const watch = setInterval(() => (mostBytes = Math.max(mostBytes, residentBytes(child.pid ?? 0))), 200);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  const took = { name, seconds: (performance.now() - startedMs) / 1000, megabytes: mostBytes / 2 ** 20 };
  const out = args.indexOf("--out");
  if (args[0] !== "run") {
    if (code !== 0) throw new BenchError(`${name} ended with ${code}: ${said}`);
    return took;
  }
  const path = join(args[out + 1] ?? "", "result.json");
  const { metrics, verdict } = parseRunResult(readFileSync(path, "utf8"), path);
  return { ...took, latenessP99Ms: metrics["send_lateness"]?.p99 ?? NaN, verdict };
}

/** Memory of a process and of all below it. */
function residentBytes(pid: number): number {
  let bytes = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const status = readFileSync(`/proc/${name}/status`, "utf8");
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      if (Number(name) === pid) bytes += 1024 * Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
      else if (parent === pid && statSync(`/proc/${name}`).isDirectory())
        bytes += residentBytes(Number(name));
    } catch {
      // It has ended.
    }
  }
  return bytes;
}
