/**
 * The cost of a set of 10,000 clips and 20 hours: it is synthesised, imported, planned and played by 200 streams, and deleted again.
 *
 *     npm run build && node --import tsx perf/large-dataset.ts [--streams 200] [--seconds 60] [--folder DIR]
 *
 * Needs 5 GB of disk. Prints the time of each step and the most memory that all its processes held together.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { loadDataset } from "../src/base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import { startDelayServer } from "../test/support/delay-server.ts";
import { wavFile } from "../test/support/wav.ts";

const RATE_HZ = 16_000;
const RECORDINGS = 20;
const CLIPS = 10_000;
const CLIP_S = 7.2;

const { values } = parseArgs({
  options: {
    streams: { type: "string", default: "200" },
    seconds: { type: "string", default: "60" },
    folder: { type: "string", default: tmpdir() },
  },
});
const folder = mkdtempSync(join(values.folder, "bench-large-"));
const server = await startDelayServer({ partialMs: 30, finalMs: 80, text: "hello there" });
try {
  const manifest = await synthesise();
  await step("import", "dataset", "import", manifest, "--out", join(folder, "set"));
  await step("import again", "dataset", "import", manifest, "--out", join(folder, "set"));
  await step("check", "dataset", "check", join(folder, "set"));
  const scenario = join(folder, "large.yaml");
  writeFileSync(
    scenario,
    `name: large
load: { model: concurrency, streams: ${values.streams} }
audio: { dataset: set }
duration: { warmup: 10s, steady: ${values.seconds}s }
`,
  );
  await step("plan", "plan", "--scenario", scenario);
  await step(
    "run",
    "run",
    "--scenario",
    scenario,
    "--target",
    `grpc://${server.address}`,
    "--out",
    join(folder, "run"),
  );
} finally {
  server.close();
  rmSync(folder, { recursive: true });
}

/** An hour a file, of the speech that comes with the package, and a NeMo manifest of parts of them. */
async function synthesise(): Promise<string> {
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

/** Runs the built command line and prints what it took. */
async function step(name: string, ...args: string[]): Promise<void> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, "dist/cli/main.js"), ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (data: Buffer) => (said += data.toString()));
  let mostBytes = 0;
  const watch = setInterval(() => (mostBytes = Math.max(mostBytes, residentBytes(child.pid ?? 0))), 200);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearInterval(watch);
  const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
  process.stdout.write(
    `${name}: ${seconds} s, at most ${Math.round(mostBytes / 2 ** 20)} MB, exit ${code}\n`,
  );
  const told = name === "run" ? said : said.split("\n").slice(-12).join("\n");
  process.stdout.write(`${told.replaceAll(/^/gm, "    ")}\n`);
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
