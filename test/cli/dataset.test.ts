/** `bench dataset` as it is built: every format in, checked, planned and played. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { bench } from "../support/bench-process.ts";
import { flacFile, mp3File } from "../support/coded-audio.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { wavFile } from "../support/wav.ts";

const IDS = ["ps-goforward", "librivox-sense-0880"];

let cwd: string;
const sources: Record<string, string> = {};

function put(name: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), content);
}

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "bench-dataset-cli-"));
  const { clips } = await loadDataset("default");
  const [one, two] = IDS.map((id) => clips.find((clip) => clip.id === id));
  if (one === undefined || two === undefined) throw new Error("the core set has changed");
  const samples = (pcm: Uint8Array): number[] => [...new Int16Array(Uint8Array.from(pcm).buffer)];
  const wav = [one, two].map(({ pcm }) => wavFile(pcm));
  for (const [index, bytes] of wav.entries()) put(`wav/${index}.wav`, bytes);
  const texts = [one.text ?? "", two.text ?? ""];

  put(
    "nemo.jsonl",
    texts.map((text, i) => JSON.stringify({ audio_filepath: `wav/${i}.wav`, text })).join("\n"),
  );
  put("table.csv", `path,text\n${texts.map((text, i) => `wav/${i}.wav,"${text}"`).join("\n")}\n`);
  put("kaldi/wav.scp", `u0 ../wav/0.wav\nu1 ../wav/1.wav\n`);
  put("kaldi/text", texts.map((text, i) => `u${i} ${text}`).join("\n"));
  put("libri/1/2/1-2-0000.flac", await flacFile([samples(one.pcm)], 16_000));
  put("libri/1/2/1-2-0001.flac", await flacFile([samples(two.pcm)], 16_000));
  put("libri/1/2/1-2.trans.txt", texts.map((text, i) => `1-2-000${i} ${text.toUpperCase()}`).join("\n"));
  const floats = (pcm: Uint8Array): Float32Array => Float32Array.from(samples(pcm), (x) => x / 32_768);
  put("cv/clips/a.mp3", await mp3File([floats(one.pcm)], 16_000));
  put("cv/clips/b.mp3", await mp3File([floats(two.pcm)], 16_000));
  put("cv/test.tsv", `path\tsentence\na.mp3\t${texts[0]}\nb.mp3\t${texts[1]}\n`);
  for (const [index, text] of texts.entries()) {
    put(`folder/${index}.wav`, wav[index] ?? "");
    put(`folder/${index}.txt`, text);
  }
  Object.assign(sources, {
    nemo: "nemo.jsonl",
    csv: "table.csv",
    kaldi: "kaldi",
    librispeech: "libri",
    "common-voice": "cv",
    folder: "folder",
  });
});
afterAll(() => rmSync(cwd, { recursive: true }));

describe.each(["nemo", "csv", "kaldi", "librispeech", "common-voice", "folder"])("%s", (format) => {
  it("is imported, found whole, and planned", async () => {
    const out = `set-${format}`;
    const imported = await bench(["dataset", "import", sources[format] ?? "", "--out", out], { cwd });
    expect(imported).toMatchObject({ code: 0, stderr: "" });
    // MP3 adds the delay of its encoder.
    expect(imported.stdout).toMatch(
      new RegExp(`clips +2, (?:5\\.[78]|6\\.0) s\\n[^]*format +${format}\\nrefused +0\\n$`),
    );
    expect(await bench(["dataset", "check", out], { cwd })).toMatchObject({ code: 0, stderr: "" });
    put(`${format}.yaml`, scenario(out));
    const plan = await bench(["plan", "--scenario", `${format}.yaml`], { cwd });
    expect(plan).toMatchObject({ code: 0, stderr: "" });
  });
});

it("an imported set is played as any other", async () => {
  await bench(["dataset", "import", "libri", "--out", "played"], { cwd });
  put("played.yaml", scenario("played"));
  const server = await startDelayServer({ partialMs: 20, finalMs: 40, text: "hello" });
  try {
    const { code, stdout, stderr } = await bench(
      ["run", "--scenario", "played.yaml", "--target", `grpc://${server.address}`, "--out", "run"],
      { cwd },
    );
    // Other tests run beside this one: what it tells of the load generator is not asked for.
    expect([0, 5], `${stdout}${stderr}`).toContain(code);
    const result = JSON.parse(readFileSync(join(cwd, "run/result.json"), "utf8")) as RunResult;
    expect(result.dataset).toMatchObject({ name: "played", clips: 2 });
    const clips = readFileSync(join(cwd, "run/clips.ndjson"), "utf8").trim().split("\n");
    expect(clips.map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(["1-2-0000", "1-2-0001"]);
    expect(readFileSync(join(cwd, "run/sessions.ndjson"), "utf8")).toContain('"1-2-0000"');
  } finally {
    server.close();
  }
});

it("what is broken is named on standard error, and nothing is written", async () => {
  put("broken.jsonl", `{nope\n{"audio_filepath":"gone.wav","text":"x"}\n`);
  const { code, stdout, stderr } = await bench(["dataset", "import", "broken.jsonl", "--out", "broken"], {
    cwd,
  });
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toMatch(
    /2 lines can't be imported\n.*broken\.jsonl:1: not JSON.*\n.*broken\.jsonl:2: audio: no such/,
  );
});

function scenario(dataset: string): string {
  return `name: imported
load: { model: concurrency, streams: 2 }
audio: { dataset: ${dataset} }
duration: { warmup: 1s, steady: 4s }
`;
}
