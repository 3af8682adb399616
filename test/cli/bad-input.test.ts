/** Wrong input gives one clear message, the right exit code, and no stack trace. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bench, tempFolder } from "../support/bench-process.ts";

function scenarioFile(body: string): string {
  const path = join(tempFolder(), "scenario.yaml");
  writeFileSync(path, body);
  return path;
}

const GOOD =
  "name: x\ndescription: y\nload: { model: concurrency, streams: 2 }\nduration: { warmup: 1s, steady: 2s }\n";

function datasetFolder(manifest: string, wav?: Uint8Array): string {
  const folder = tempFolder();
  writeFileSync(join(folder, "manifest.jsonl"), manifest);
  if (wav !== undefined) writeFileSync(join(folder, "a.wav"), wav);
  return folder;
}

describe("bad input", () => {
  it.each([
    [
      "an unknown scenario, with the nearest name",
      ["--scenario", "concurency-50"],
      /Did you mean "concurrency-50"/,
    ],
    [
      "an unknown target, with the nearest name",
      ["--target", "emulator-nimm"],
      /Did you mean "emulator-nim"/,
    ],
    ["an unknown command, with the nearest name", ["chekc"], /Did you mean "bench check"/],
    [
      "an unknown flag, with the nearest one",
      ["--scenario", "smoke", "--stream", "3"],
      /Unknown argument: stream\n {2}Did you mean --streams/,
    ],
    ["a flag without its value", ["run", "--seed"], /No value after --seed\n {2}See `bench run --help`/],
    ["a list without a member", ["--slo"], /No value after --slo/],
    ["an empty value: a variable that is not set", ["gate", "x", "--baseline", ""], /--baseline is empty/],
    ["text for a number", ["--metrics-linger", "long"], /--metrics-linger long: not a duration/],
    ["a flag given twice", ["--target", "nim", "--target", "nvcf"], /--target is given 2 times/],
    ["too few arguments", ["compare", "a"], /See `bench compare --help`/],
    ["a port that is none", ["--metrics-port", "99999"], /--metrics-port must be .*65535/],
    ["a scenario file that is not there", ["--scenario", "./none.yaml"], /none\.yaml can't be read/],
    ["a negative number", ["--streams", "-3"], /streams/],
    ["an absurd number", ["--streams", "1000000"], /streams/],
    ["a bad duration", ["--duration", "soon"], /duration/],
    ["a bad SLO, with its column", ["--slo", "first_partial_from_onset p95 < 800"], /column \d+.*unit/],
    [
      "an SLO on an unknown metric",
      ["--slo", "first_partial_from_onsett p95 < 800ms"],
      /did you mean first_partial_from_onset/,
    ],
    [
      "a coding of audio that the target's dialect has no name for",
      ["--scenario", scenarioFile(`${GOOD}audio: { encoding: MULAW }\n`), "--target", "ws://127.0.0.1:1"],
      /MULAW can't be sent to a target of kind nim-realtime/,
    ],
    [
      "the same, before the first run of a comparison",
      [
        ...["compare", "emulator-nim", "ws://127.0.0.1:1/v1/stream", "--quiet"],
        ...["--scenario", scenarioFile(`${GOOD}audio: { encoding: FLAC }\n`)],
      ],
      /FLAC can't be sent to a target of kind gateway/,
    ],
    ["a target that is no address", ["--target", "grpc://"], /not a server's address/],
    ["broken YAML, with line", ["--scenario", scenarioFile("name: [x\n")], /scenario\.yaml:\d+/],
    [
      "an unknown key, with line",
      ["--scenario", scenarioFile(GOOD + "steams: 3\n")],
      /scenario\.yaml:5.*steams/,
    ],
    [
      "an empty dataset",
      ["--scenario", scenarioFile(`${GOOD}audio: { dataset: ${datasetFolder("")} }\n`)],
      /dataset is empty/,
    ],
    [
      "a missing WAV, with line and field",
      ["--scenario", scenarioFile(`${GOOD}audio: { dataset: ${datasetFolder('{"file": "a.wav"}\n')} }\n`)],
      /manifest\.jsonl:1: file/,
    ],
    [
      "a broken WAV",
      [
        "--scenario",
        scenarioFile(
          `${GOOD}audio: { dataset: ${datasetFolder('{"file": "a.wav"}\n', Buffer.from("RIFFxx"))} }\n`,
        ),
      ],
      /a\.wav/,
    ],
    ["a run folder that can't be written", ["--out", "/proc/nowhere"], /run folder can't be written/],
    // Node's own recursive mkdir never comes back from there.
    [
      "a folder of boards that can't be made",
      ["dashboards", "--out", "/proc/nowhere/deeper"],
      /can't write to --out \/proc\/nowhere\/deeper/,
    ],
    [
      "a folder of deploy files that can't be made",
      ["init", "gitlab", "--dir", "/proc/nowhere/deeper"],
      /can't write to \/proc\/nowhere\/deeper/,
    ],
    [
      "a folder of comparisons that can't be made",
      ["compare", "emulator-nim", "emulator-legacy", "--scenario", "smoke", "--out", "/proc/nowhere/deeper"],
      /\/proc\/nowhere\/deeper can't be written/,
    ],
    [
      "a folder of a capacity search that can't be made",
      ["capacity", "--out", "/proc/nowhere/deeper"],
      /can't be written/,
    ],
  ])("%s", async (_, args, message) => {
    const { code, stdout, stderr } = await bench(args);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it("--debug shows where", async () => {
    expect((await bench(["--scenario", "none", "--debug"])).stderr).toMatch(/^\s+at /m);
  });

  it.each([
    ["grpc://127.0.0.1:9", "127.0.0.1:9"],
    ["ws://127.0.0.1:9", "127.0.0.1:9"],
    ["grpcs://127.0.0.1:9", "127.0.0.1:9"],
    ["grpc://no-such-host.invalid:1", "no-such-host.invalid can't be looked up"],
  ])("%s is found unreachable before any load: exit 7, and no run folder is left", async (target, named) => {
    const folder = tempFolder();
    writeFileSync(join(folder, "mine.txt"), "");
    const { code, stderr } = await bench(["--target", target, "--quiet", "--out", folder]);
    expect(stderr).toContain(named);
    expect(stderr.trim().split("\n")).toHaveLength(2);
    expect(code).toBe(7);
    expect(readdirSync(folder)).toEqual(["mine.txt"]);
  });

  it.each(["grpc", "grpcs", "ws", "wss"])(
    "%s:// at a web server of another kind: exit 7, one message with advice, no page for browsers",
    async (protocol) => {
      const web = createServer((request, response) => {
        request.resume();
        response.writeHead(501).end("<html>\n<p>Error response</p>\n</html>");
      });
      await new Promise<void>((resolve) => web.listen(0, "127.0.0.1", resolve));
      const { port } = web.address() as AddressInfo;
      const cwd = tempFolder();
      const target = `${protocol}://127.0.0.1:${port}`;
      const { code, stderr } = await bench(["--target", target, "--quiet"], { cwd });
      const check = await bench(["check", "--target", target]);
      web.close();
      expect(stderr).toMatch(/^bench: .*127\.0\.0\.1.*\n {2}(The port|Something else) .*\n$/);
      expect([code, check.code]).toEqual([7, 7]);
      expect(check.stdout).not.toMatch(/utterance|html/);
      expect(existsSync(join(cwd, "results")) ? readdirSync(join(cwd, "results")) : []).toEqual([]);
    },
  );

  it("a port in use: the emulator says so", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as AddressInfo;
    const { code, stderr } = await bench(["emulator", "--port", String(port)]);
    taken.close();
    expect(stderr).toMatch(new RegExp(`${port}`));
    expect(code).toBe(2);
  });

  it("a folder that already holds a run is not overwritten", async () => {
    const out = tempFolder();
    mkdirSync(out, { recursive: true });
    writeFileSync(join(out, "result.json"), "{}");
    const { code, stderr } = await bench(["--out", out]);
    expect(stderr).toContain("already holds a run");
    expect(code).toBe(2);
  });
});
