import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { decodeWav } from "../base/audio/audio.ts";
import { loadDataset, openDataset } from "../base/dataset/dataset.ts";
import { flacFile } from "../../test/support/coded-audio.ts";
import type { Heard } from "../../test/support/fake-world.ts";
import { runBench } from "../../test/support/fake-world.ts";
import { pcm16, toneBetweenSilence, wavFile } from "../../test/support/wav.ts";
import { importDataset } from "./import-dataset.ts";
import { importerFor } from "./import/importers.ts";

const root = mkdtempSync(join(tmpdir(), "bench-import-"));
afterAll(() => rmSync(root, { recursive: true }));

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(root, "case-"));
});

function put(files: Record<string, string | Uint8Array>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), content);
  }
}

const bench = (...args: string[]): Promise<Heard> => runBench(["dataset", ...args], { cwd });
const read = (name: string): string => readFileSync(join(cwd, name), "utf8");
const lines = (): Record<string, unknown>[] =>
  read("out/manifest.jsonl")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const TONE = toneBetweenSilence(300, 500, 200);
/** A second of 8 kHz, left and right different. */
const STEREO = wavFile(
  pcm16(Array.from({ length: 16_000 }, (_, i) => (i % 2 === 0 ? 1000 + (i >> 1) : -7))),
  {
    sampleRateHz: 8000,
    channels: 2,
  },
);

describe("what is written", () => {
  it("mono 16-bit WAV at the rate of the source, with hash, speech and text; nobody else may read it", async () => {
    put({ "in/a.wav": wavFile(TONE), "in/a.txt": "Hello" });
    const { out, exitCode } = await bench("import", "in", "--out", "out", "--language", "en-US");
    expect(exitCode).toBe(0);
    const wav = readFileSync(join(cwd, "out/wav/a.wav"));
    expect(Buffer.from(decodeWav(wav, "a").pcm).equals(TONE)).toBe(true);
    const [line] = lines();
    expect(line).toEqual({
      ...{
        id: "a",
        file: "wav/a.wav",
        text: "Hello",
        language: "en-US",
        duration_s: 1,
        sample_rate_hz: 16_000,
      },
      speech_start_s: expect.closeTo(0.29, 1) as number,
      speech_end_s: expect.closeTo(0.81, 1) as number,
      ...{ sha256: sha256(wav), from: "a.wav" },
    });
    expect(JSON.parse(read("out/summary.json"))).toEqual({
      ...{ schema: "riva-bench/dataset-summary@1", source: join(cwd, "in"), format: "folder", clips: 1 },
      ...{ hours: 1 / 3600, duration: { min: 1, median: 1, max: 1 }, rates: { "16000": 1 } },
      ...{ speakers: 0, withoutText: 0, refused: { count: 0, lines: [] } },
    });
    expect(out).toMatch(/clips +1, 1\.0 s\n.*\nsample rates +16000 Hz \(1\)/);
    for (const name of ["out/manifest.jsonl", "out/summary.json", "out/import.jsonl", "out/wav/a.wav"])
      expect(statSync(join(cwd, name)).mode & 0o777, name).toBe(0o600);
    for (const name of ["out", "out/wav"]) expect(statSync(join(cwd, name)).mode & 0o777, name).toBe(0o700);
    expect((await bench("check", "out")).exitCode).toBe(0);
    const [opened, loaded] = [await openDataset(join(cwd, "out")), await loadDataset(join(cwd, "out"))];
    const { pcm, ...info } = loaded.clips[0]!;
    expect(pcm.length).toBeGreaterThan(0);
    expect(opened.clips).toEqual([info]);
    expect(opened.sha256).toBe(loaded.sha256);
  });

  it("parts of a long recording, to the sample", async () => {
    const samples = Array.from({ length: 24_000 }, (_, i) => i);
    put({
      "rec.wav": wavFile(pcm16(samples.map((i) => i % 30_000)), { sampleRateHz: 8000 }),
      "m.jsonl": [
        '{"audio_filepath":"rec.wav","offset":0.5,"duration":1,"text":"one"}',
        '{"audio_filepath":"rec.wav","offset":2,"text":"two"}',
      ].join("\n"),
    });
    expect((await bench("import", "m.jsonl", "--out", "out")).exitCode).toBe(0);
    const [one, two] = lines();
    expect([one?.["id"], one?.["file"], two?.["id"]]).toEqual([
      "rec-0.500-1.500",
      "wav/rec-0.500-1.500.wav",
      "rec-2.000-end",
    ]);
    const samplesOf = (line: Record<string, unknown> | undefined): Int16Array =>
      new Int16Array(
        Uint8Array.from(decodeWav(readFileSync(join(cwd, "out", String(line?.["file"]))), "x").pcm).buffer,
      );
    expect([...samplesOf(one)]).toEqual(samples.slice(4000, 12_000));
    expect([...samplesOf(two)]).toEqual(samples.slice(16_000));
  });

  it("names of their own for clips of one name, whatever is in it", async () => {
    const names = ["x/a.wav", "y/a.wav", "z/A.wav"];
    put(Object.fromEntries(names.map((name, i) => [name, wavFile(toneBetweenSilence(50, 200 + i, 50))])));
    const rows = [
      ...names.map((name) => ({ file: name, text: "x" })),
      { file: "x/a.wav", id: "../é/b?", text: "x" },
    ];
    put({ "m.jsonl": rows.map((row) => JSON.stringify(row)).join("\n") });
    expect((await bench("import", "m.jsonl", "--out", "out")).exitCode).toBe(0);
    expect(lines().map(({ id, file }) => [id, file])).toEqual([
      ["a", "wav/a.wav"],
      ["a-2", "wav/a-2.wav"],
      ["A", "wav/A-3.wav"],
      ["../é/b?", "wav/_._é_b_.wav"],
    ]);
    expect((await bench("check", "out")).exitCode).toBe(0);
  });

  it("no reference for sound that nobody transcribed; none is claimed for silence without text", async () => {
    put({
      "a.wav": wavFile(TONE),
      "s.wav": wavFile(Buffer.alloc(16_000)),
      "m.csv": "path,text,id\na.wav,,noise\ns.wav,,silence\ns.wav,hello,whisper\n",
    });
    await bench("import", "m.csv", "--out", "out");
    const { clips } = await openDataset(join(cwd, "out"));
    expect(clips.map(({ id, text, onsetMs, speechEndMs }) => [id, text, onsetMs, speechEndMs])).toEqual([
      ["noise", undefined, expect.closeTo(290, -2), expect.closeTo(810, -2)],
      ["silence", "", 0, 500],
      ["whisper", "hello", 0, 500],
    ]);
  });
});

describe("stereo calls", () => {
  const manifest = '{"audio_filepath":"call.wav","text":"all of it"}\n';

  it("need to be told which channel", async () => {
    put({ "call.wav": STEREO, "m.jsonl": manifest });
    const { err, exitCode } = await bench("import", "m.jsonl", "--out", "out");
    expect(exitCode).toBe(2);
    expect(err).toContain("m.jsonl:1: ");
    expect(err).toContain("call.wav: has 2 channels: --channel left, right or both");
  });

  it.each([
    ["left", 1000],
    ["right", -7],
  ])("%s", async (channel, first) => {
    put({ "call.wav": STEREO, "m.jsonl": manifest });
    await bench("import", "m.jsonl", "--out", "out", "--channel", channel);
    expect(lines()).toMatchObject([{ id: "call", text: "all of it", sample_rate_hz: 8000, duration_s: 1 }]);
    const { pcm } = decodeWav(readFileSync(join(cwd, "out/wav/call.wav")), "call");
    expect(Buffer.from(pcm).readInt16LE(0)).toBe(first);
  });

  it("both: a clip each; the transcript of the whole call is that of neither", async () => {
    const parts = '{"audio_filepath":"call.wav","id":"p","text_left":"yes","text_right":"no"}\n';
    put({ "call.wav": STEREO, "m.jsonl": manifest + parts });
    await bench("import", "m.jsonl", "--out", "out", "--channel", "both");
    expect(lines().map(({ id, file, text }) => [id, file, text])).toEqual([
      ["call-left", "wav/call-left.wav", undefined],
      ["call-right", "wav/call-right.wav", undefined],
      ["p-left", "wav/p-left.wav", "yes"],
      ["p-right", "wav/p-right.wav", "no"],
    ]);
  });
});

describe("what is wrong", () => {
  it("of 100,000 lines the three broken ones are named, and nothing is written", async () => {
    put({ "t.wav": wavFile(toneBetweenSilence(20, 60, 20, 8000), { sampleRateHz: 8000 }) });
    const rows = Array.from({ length: 100_000 }, (_, i) => `{"audio_filepath":"t.wav","id":${i},"text":"x"}`);
    rows[7] = "{nope";
    rows[50_000] = '{"audio_filepath":"gone.wav","text":"x"}';
    rows[99_999] = '{"audio_filepath":"t.wav","id":3,"text":"x"}';
    put({ "m.jsonl": rows.join("\n") });
    const { err, exitCode } = await bench("import", "m.jsonl", "--out", "out");
    expect(exitCode).toBe(2);
    const named = [...err.matchAll(/m\.jsonl:(\d+): (.{6})/g)].map(([, line, what]) => [line, what]);
    expect(named).toEqual([
      ["8", "not JS"],
      ["50001", "audio:"],
      ["100000", 'id: "3'],
    ]);
    expect(err).toMatch(/3 lines can't be imported/);
    expect(readdirSync(cwd)).not.toContain("out");
  });

  it("with --skip-bad the rest is imported, and what is left out is counted and named", async () => {
    put({
      "a.wav": wavFile(TONE),
      "cut.wav": wavFile(TONE).subarray(0, 5000),
      "short.flac": await flacFile([[1, 2, 3]], 16_000),
      "m.jsonl": [
        '{"audio_filepath":"a.wav","text":"fine"}',
        "{nope",
        '{"audio_filepath":"cut.wav"}',
        '{"audio_filepath":"a.wav","offset":0.9,"duration":0.5}',
        '{"audio_filepath":"a.wav","duration":3}',
        '{"audio_filepath":"gone.wav"}',
        '{"audio_filepath":"m.jsonl"}',
        '{"audio_filepath":"."}',
        '{"audio_filepath":"short.flac","text":"three samples"}',
      ].join("\n"),
    });
    const refused = await bench("import", "m.jsonl", "--out", "out");
    expect(refused.exitCode).toBe(2);
    // Found by looking at lines and names alone.
    expect(refused.err).toMatch(/3 lines can't be imported/);
    const { out, err, exitCode } = await bench("import", "m.jsonl", "--out", "out", "--skip-bad");
    expect(exitCode).toBe(0);
    expect(out).toMatch(/refused +7\n/);
    expect(lines().map(({ id }) => id)).toEqual(["a", "short"]);
    const { refused: listed } = JSON.parse(read("out/summary.json")) as {
      refused: { count: number; lines: { where: string; reason: string }[] };
    };
    expect(listed.count).toBe(7);
    expect(
      listed.lines.map(({ where, reason }) => [where.replace(/.*:/, ""), reason.replaceAll(cwd, "")]),
    ).toEqual([
      ["2", expect.stringMatching(/^not JSON/)],
      ["3", "/cut.wav: truncated: its header declares 32000 bytes of audio, 4956 are present"],
      ["4", "0.9 to 1.4 s is outside of /a.wav, which lasts 1.000 s"],
      ["5", "duration: says 3 s, /a.wav lasts 1.000 s"],
      ["6", "audio: no such file: /gone.wav"],
      ["7", expect.stringMatching(/m\.jsonl: no sound file; WAV, FLAC/)],
      ["8", "audio:  is not a file"],
    ]);
    expect(err).toContain("m.jsonl:2: not JSON");
  });

  it("lists no more than fifty lines, and counts the others", async () => {
    put({ "m.jsonl": Array.from({ length: 75 }, () => "{").join("\n") });
    const { err } = await bench("import", "m.jsonl", "--out", "out");
    expect(err.match(/m\.jsonl:\d+: /g)).toHaveLength(50);
    expect(err).toMatch(/75 lines can't be imported[^]*and 25 more/);
  });

  it("a source of which nothing is left", async () => {
    put({ "m.jsonl": "{\n" });
    const { err, exitCode } = await bench("import", "m.jsonl", "--out", "out", "--skip-bad");
    expect([exitCode, err]).toEqual([2, expect.stringMatching(/holds no clip that can be used/)]);
  });

  it.each([
    [["import", "in"], /--out is missing/],
    [["import"], /the source is missing/],
    [["import", "nowhere", "--out", "out"], /nowhere can't be read/],
    [["import", "in", "--out", "in"], /in is not empty, and no import was begun in it/],
    [["check", "nowhere"], /no manifest at/],
    [["check", "in", "--skip-bad"], /takes no --skip-bad/],
    [["list", "in"], /no dataset in/],
    [["import", "in", "--out", "out", "--format", "kaldi"], /wav\.scp can't be read: no such file/],
  ])("%j is refused", async (args, message) => {
    put({ "in/a.wav": wavFile(TONE), "in/a.txt": "x" });
    const { err, exitCode } = await bench(...args);
    expect([exitCode, err]).toEqual([2, expect.stringMatching(message)]);
  });

  it("check names what was changed, cut or lost, and exits with 2", async () => {
    put({ "in/a.wav": wavFile(TONE), "in/a.txt": "x", "in/b.wav": wavFile(TONE), "in/b.txt": "y" });
    put({ "in/c.wav": wavFile(TONE), "in/c.txt": "z" });
    await bench("import", "in", "--out", "out");
    const changed = readFileSync(join(cwd, "out/wav/a.wav"));
    changed.writeInt16LE(99, 100);
    writeFileSync(join(cwd, "out/wav/a.wav"), changed);
    rmSync(join(cwd, "out/wav/c.wav"));
    const { err, exitCode } = await bench("check", "out");
    expect(exitCode).toBe(2);
    expect(err).toMatch(/2 of its clips can't be used/);
    expect(err).toMatch(/manifest\.jsonl:1: sha256: .*a\.wav is not the file that was imported/);
    expect(err).toMatch(/manifest\.jsonl:3: file: can't be read \(no such file .*c\.wav\)/);
  });
});

describe("going on", () => {
  const many = (): void =>
    put(
      Object.fromEntries(
        ["a", "b", "c", "d"].flatMap((name, i): [string, string | Uint8Array][] => [
          [`in/${name}.wav`, wavFile(toneBetweenSilence(50, 200 + i, 50))],
          [`in/${name}.txt`, name],
        ]),
      ),
    );
  const mtimes = (): number[] =>
    readdirSync(join(cwd, "out/wav"))
      .sort()
      .map((name) => statSync(join(cwd, "out/wav", name)).mtimeMs);

  it("an interrupted import goes on where it was: what is done and whole is not touched", async () => {
    many();
    const [source, out] = [join(cwd, "in"), join(cwd, "out")];
    const stop = new AbortController();
    const interrupted = await importDataset({
      ...{ source, out, importer: importerFor(source, "auto"), skipBad: false, signal: stop.signal },
      onProgress: ({ clips }) => {
        if (clips === 2) stop.abort();
      },
    });
    expect(interrupted).toBeUndefined();
    expect(readdirSync(out)).toEqual(["import.jsonl", "wav"]);
    // A kill leaves half a line and half a file.
    writeFileSync(join(out, "import.jsonl"), '{"key":"half', { flag: "a" });
    writeFileSync(join(out, "wav", "c.wav.part"), "RIFF");
    const before = mtimes().slice(0, 2);
    const { out: text } = await bench("import", "in", "--out", "out");
    expect(text).toMatch(/done before +2\n/);
    expect(mtimes().slice(0, 2)).toEqual(before);
    expect(lines().map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
    expect(readdirSync(join(out, "wav")).sort()).toEqual(["a.wav", "b.wav", "c.wav", "d.wav"]);
  });

  it("an import that is under way keeps others out; the lock of one that was killed is taken over", async () => {
    many();
    const [source, out] = [join(cwd, "in"), join(cwd, "out")];
    let second: Promise<Heard> | undefined;
    await importDataset({
      ...{ source, out, importer: importerFor(source, "auto"), skipBad: false },
      signal: new AbortController().signal,
      onProgress() {
        second ??= bench("import", "in", "--out", "out");
      },
    });
    expect(await second).toMatchObject({
      exitCode: 2,
      err: expect.stringMatching(
        /an import into .*out is already in progress: process \d+ on .*import\.lock/,
      ) as string,
    });
    expect(readdirSync(out)).not.toContain("import.lock");
    const { pid } = spawnSync("true");
    writeFileSync(join(out, "import.lock"), `${pid} ${hostname()}\n`);
    expect((await bench("import", "in", "--out", "out")).exitCode).toBe(0);
    writeFileSync(join(out, "import.lock"), "1 another-machine\n");
    expect((await bench("import", "in", "--out", "out")).err).toContain("process 1 on another-machine");
  });

  it("a set whose import is not finished is called that", async () => {
    many();
    put({ "out/import.jsonl": "{}\n" });
    for (const action of ["check", "show"]) {
      const { err, exitCode } = await bench(action, "out");
      expect(exitCode).toBe(2);
      expect(err).toMatch(/out: its import is not finished\n.*bench dataset import SOURCE --out \S*out/);
    }
  });

  it("a file that was damaged is made again; texts are read again; a source that was changed is cut again", async () => {
    many();
    await bench("import", "in", "--out", "out");
    const before = mtimes();
    writeFileSync(join(cwd, "out/wav/b.wav"), "damaged");
    put({ "in/c.txt": "another text", "in/d.wav": wavFile(toneBetweenSilence(50, 400, 50)) });
    const { out } = await bench("import", "in", "--out", "out");
    expect(out).toMatch(/done before +2\n/);
    expect(mtimes()[0]).toBe(before[0]);
    expect(lines().map(({ text, duration_s }) => [text, duration_s])).toEqual([
      ["a", 0.3],
      ["b", 0.301],
      ["another text", 0.302],
      ["d", 0.5],
    ]);
    expect((await bench("check", "out")).exitCode).toBe(0);
  });

  it("refuses the folder of another import", async () => {
    many();
    await bench("import", "in", "--out", "out");
    put({ "other/x.wav": wavFile(TONE), "other/x.txt": "x" });
    const { err, exitCode } = await bench("import", "other", "--out", "out");
    expect([exitCode, err]).toEqual([
      2,
      expect.stringMatching(/belongs to the import of .*\/in, not of .*\/other/),
    ]);
  });
});

it("list and show print what is there", async () => {
  put({ "in/a.wav": wavFile(TONE), "in/a.txt": "hello\tthere" });
  await bench("import", "in", "--out", "datasets/mine");
  const list = await bench("list");
  expect(list.out).toMatch(/core +29 +0\.05 +16000/);
  expect(list.out).toMatch(/mine +1 +0\.00 +16000 .*datasets\/mine/);
  const show = await bench("show", "datasets/mine");
  expect(show.out).toMatch(/a +1\.00 +16000 +0\.\d+ to 0\.\d+ +- +hello there/);
  const json = JSON.parse((await bench("show", "datasets/mine", "--json")).out) as { clips: number };
  expect(json.clips).toBe(1);
});
