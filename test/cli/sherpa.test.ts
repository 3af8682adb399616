/** `bench emulator --engine sherpa`: the real sherpa-onnx behind the Riva service, with models of some hundred bytes. */
import { spawnSync } from "node:child_process";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { hasSherpa } from "../support/sherpa.ts";
import { TOY_WORDS, toySound, writeToyTransducer } from "../support/sherpa-toys.ts";
import { pcm16, wavFile } from "../support/wav.ts";

const root = mkdtempSync(join(tmpdir(), "riva-bench-sherpa-"));
afterAll(() => rmSync(root, { recursive: true }));
const above = join(root, "above");
const toy = join(above, "toy-en");
writeToyTransducer(toy);

const WORD = "stand-in: sherpa-onnx toy-en, CPU";
const FLAGS = ["--engine", "sherpa", "--model", toy];

/** A recording with five words and a pause, at that rate. */
function recording(sampleRateHz: number): string {
  const path = join(root, `${sampleRateHz}.wav`);
  const samples = [...toySound([-640, 960, -1600, 480, -1600], sampleRateHz)];
  writeFileSync(path, wavFile(pcm16(samples), { sampleRateHz }));
  return path;
}
const TEXT = "alpha bravo charlie delta alpha bravo";
/** Times of the first four words. */
const TIMES = [
  [640, 680],
  [800, 1000],
  [1120, 1160],
  [1280, 1480],
];

describe.skipIf(!hasSherpa())("with a model that streams", () => {
  let emulator: RunningEmulator;
  let target: string;
  beforeAll(async () => {
    emulator = await startEmulatorProcess([...FLAGS, "--http-port", "0"]);
    target = `grpc://127.0.0.1:${emulator.port}`;
  });
  afterAll(() => emulator.stop());

  it("has partials and finals of its own, and is called a stand-in in the table, the result and the page", async () => {
    const folder = join(tempFolder(), "run");
    const args = ["--scenario", "smoke", "--streams", "4", "--target", target, "--out", folder, "--quiet"];
    const { stdout } = await bench(args);
    const { result, sessions } = readRun(folder);
    expect(stdout).toContain(WORD);
    expect(stdout).not.toContain("emulated");
    expect(result.target).toMatchObject({ emulated: false, standIn: "sherpa-onnx toy-en, CPU" });
    expect(result.target.server).toMatchObject({
      recognizer: expect.stringMatching(/^sherpa-onnx 1\.\d+\.\d+$/) as string,
      ...{ model_type: "lstm", files: "encoder.onnx, decoder.onnx, joiner.onnx", step_ms: "320", batch: "8" },
    });
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain(WORD.toUpperCase());

    const heard = sessions.filter(({ ok, cutShort }) => ok && cutShort === undefined);
    expect(heard.length).toBeGreaterThan(3);
    const textsOf = (isFinal: boolean): string[][] =>
      heard.map(({ responses }) =>
        responses.flatMap(({ final, text }) => (final === isFinal && text !== "" ? [text.trim()] : [])),
      );
    expect(textsOf(false).filter((texts) => new Set(texts).size > 1).length).toBeGreaterThan(
      heard.length / 2,
    );
    const finals = textsOf(true).flat();
    expect(finals.length).toBeGreaterThanOrEqual(heard.length / 2);
    for (const text of finals) {
      // Its words come in their order, whatever is said; the last one may be half of one.
      const whole = text.split(" ").slice(0, -1);
      expect(whole).toEqual(whole.map((_word, at) => TOY_WORDS[at % TOY_WORDS.length]));
    }
    // The model knows nothing of what is said.
    expect(result.metrics["wer"]!.value).toBeGreaterThan(0.9);
  });

  it.each([8000, 16_000, 48_000])("transcribes at %i Hz, streamed and whole", async (sampleRateHz) => {
    const path = recording(sampleRateHz);
    for (const how of [[], ["--offline"]]) {
      const { stdout } = await bench(["transcribe", "--target", target, "--pace", "0", ...how, path]);
      expect(stdout).toBe(`${TEXT}\n`);
    }
  });

  it("says when each word was spoken", async () => {
    const { stdout } = await bench(["transcribe", "--target", target, "--json", recording(16_000)]);
    const { words, finals, firstPartialMs } = JSON.parse(stdout) as {
      words: { word: string; startMs: number; endMs: number }[];
      finals: { text: string; atMs: number }[];
      firstPartialMs: number;
    };
    expect(words.map(({ word }) => word).join(" ")).toBe(TEXT);
    expect(words.slice(0, 4).map(({ startMs, endMs }) => [startMs, endMs])).toEqual(TIMES);
    const times = words.flatMap(({ startMs, endMs }) => [startMs, endMs]);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(words[4]!.startMs).toBeCloseTo(3240, -1);
    // Not before the step of the model that hears it; the pause of 800 ms ends at 2400.
    expect(firstPartialMs).toBeGreaterThan(960);
    expect(finals[0]!.atMs).toBeGreaterThan(2400);
  });

  it("says so beside the metrics of the server, and counts what it did", async () => {
    const text = await (await fetch(`http://127.0.0.1:${emulator.httpPort}/metrics`)).text();
    expect(text).toContain('riva_bench_stand_in{engine="sherpa-onnx toy-en, CPU"} 1');
    expect(text).toMatch(/nv_inference_request_success\{[^}]*model="toy-en[^}]*\} [1-9]/);
  });

  it("survives the death of its process: the stream ends with UNAVAILABLE, the next is recognised", async () => {
    const flags = ["--port", "0", "--http-port", "0", "--json", ...FLAGS];
    const { child, finished, sees } = startBench(["emulator", ...flags]);
    const { port, httpPort } = await new Promise<{ port: number; httpPort: number }>((resolve) =>
      child.stdout!.once("data", (line: Buffer) => resolve(JSON.parse(String(line)) as never)),
    );
    const transcribe = (): ReturnType<typeof bench> =>
      bench(["transcribe", "--target", `grpc://127.0.0.1:${port}`, recording(16_000)]);
    const chunks = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${httpPort}/metrics`)).text();
      return Number(/nv_inference_count\{model="toy-en",[^}]*\} (\d+)/.exec(text)?.[1]);
    };
    try {
      const during = transcribe();
      const children = readFileSync(`/proc/${child.pid!}/task/${child.pid!}/children`, "utf8").trim();
      expect(children).toMatch(/^\d+$/);
      // Of some 53: in the middle of the stream.
      await expect.poll(chunks, { timeout: 30_000 }).toBeGreaterThan(10);
      process.kill(Number(children), "SIGABRT");
      expect((await during).stderr).toContain("the process of sherpa-onnx ended (SIGABRT)");
      await sees(/started again/);
      await expect.poll(async () => (await transcribe()).stdout, { timeout: 60_000 }).toBe(`${TEXT}\n`);
    } finally {
      child.kill("SIGINT");
      await finished;
    }
  });

  it.each([
    ["weights that are damaged end the process natively", "encoder.onnx"],
    ["so do those of the joiner", "joiner.onnx"],
  ])("a broken model ends the start: %s", async (_what, file) => {
    const broken = mkdtempSync(join(root, "broken-"));
    cpSync(toy, broken, { recursive: true });
    const bytes = readFileSync(join(broken, file));
    // Names of operators: the file is whole, the graph means nothing.
    writeFileSync(join(broken, file), bytes.toString("latin1").replaceAll("Add", "Axd"), "latin1");
    const { code, stderr } = await bench([
      "emulator",
      "--port",
      "0",
      "--engine",
      "sherpa",
      "--model",
      broken,
    ]);
    expect(stderr).toMatch(/process of sherpa-onnx ended while it loaded its models \(SIGABRT\)[^]*broken/);
    expect(code).toBe(2);
  });
});

describe("what is missing is named at the start, with what to do", () => {
  it.each([
    [["--engine", "sherpa"], /--engine sherpa needs --model/],
    [["--engine", "shepra"], /Did you mean "sherpa"/],
    [["--model", toy], /--model says nothing to --engine emulated[^]*pocketsphinx or sherpa/],
    [[...FLAGS, "--search", "fast"], /--search says nothing to --engine sherpa[^]*--engine pocketsphinx/],
    [[...FLAGS, "--batch", "0"], /--batch must be a whole number from 1/],
    [["--engine", "pocketsphinx", "--batch", "4"], /--batch says nothing to --engine pocketsphinx/],
    [[...FLAGS, "--wer", "5%"], /--wer says nothing to --engine sherpa/],
    [["--engine", "sherpa", "--model", above], /no ONNX model in [^]*Did you mean .*above\/toy-en\?/],
    [["--engine", "sherpa", "--model", "nowhere"], /there is no folder .*nowhere/],
  ])("%j", async (flags, message) => {
    const { code, stderr, stdout } = await bench(["emulator", "--port", "0", ...flags]);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("without the package", () => {
  /** An installation of the built program, with links to all packages but those of sherpa-onnx. */
  function installed(): string {
    const at = mkdtempSync(join(root, "installed-"));
    mkdirSync(join(at, "node_modules"));
    cpSync(join(PACKAGE_ROOT, "dist"), join(at, "dist"), { recursive: true });
    for (const name of ["package.json", "datasets", "protos", "scenarios"]) {
      symlinkSync(join(PACKAGE_ROOT, name), join(at, name));
    }
    for (const name of readdirSync(join(PACKAGE_ROOT, "node_modules"))) {
      if (name.startsWith("sherpa-onnx")) continue;
      symlinkSync(join(PACKAGE_ROOT, "node_modules", name), join(at, "node_modules", name));
    }
    return at;
  }

  it.each([
    ["none of it", [], /the package sherpa-onnx-node is not installed/],
    [
      "its native part (--omit=optional)",
      ["sherpa-onnx-node"],
      /sherpa-onnx-node can't be loaded: Could not find/,
    ],
  ])("says how to install %s", (_what, present, message) => {
    const at = installed();
    for (const name of present) {
      cpSync(join(PACKAGE_ROOT, "node_modules", name), join(at, "node_modules", name), { recursive: true });
    }
    const args = [join(at, "dist/cli/main.js"), "emulator", "--port", "0", ...FLAGS];
    const { status, stderr, stdout } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect(stderr).toMatch(message);
    expect(stderr).toContain("npm install sherpa-onnx-node@1.13");
    expect(stdout).toBe("");
    expect(status).toBe(2);
  });
});
