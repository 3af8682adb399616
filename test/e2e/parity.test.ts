/** Answers under load held to those without: measured first, taken from a stored run, or not to be had. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finished } from "../support/bench-process.ts";
import { bench, readLines, readRun, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { RunEvent } from "../../src/metrics/result/run-event.ts";

const CLIPS = ["asterisk-conf-extended", "asterisk-check-number-dial-again"];
const folder = tempFolder();
const out = (name: string): string => join(folder, name);

interface Asked {
  clips?: readonly string[];
  streams?: number;
  language?: string;
  parity: string;
}

/** A run of three seconds in `folder`/`name`. */
async function run(name: string, asked: Asked, server = emulator): Promise<Finished> {
  const { clips = CLIPS, streams = 3, language = "en-US", parity } = asked;
  const path = out(`${name}.yaml`);
  writeFileSync(
    path,
    `name: ${name}
load: { model: concurrency, streams: ${streams} }
duration: { warmup: 0s, steady: 3s }
audio: { clips: { only: [${clips.join(", ")}] } }
recognition: { language: ${language} }
scoring: { parity: ${parity} }
`,
  );
  const target = `grpc://127.0.0.1:${server.port}`;
  return bench(["--scenario", path, "--target", target, "--out", out(name), "--quiet"]);
}

const parityOf = (name: string): number | undefined =>
  readRun(out(name)).result.metrics["transcript_parity"]?.value;
const told = (name: string): string[] =>
  readLines<RunEvent>(join(out(name), "events.ndjson")).flatMap(({ type, message }) =>
    type === "unloaded" ? [message] : [],
  );

let emulator: RunningEmulator;
beforeAll(async () => {
  // Wrong in the same way whenever it hears a clip.
  emulator = await startEmulatorProcess(["--wer", "30%"]);
  await run("measured", { parity: "measure" });
  await run("alone", { parity: "off", streams: 1 });
});
afterAll(() => emulator.stop());

describe("answers of a stored run", () => {
  it.each([
    ["that measured them without load", "measured"],
    ["that had one stream", "alone"],
  ])("%s are those that the answers under load are held to", async (_, stored) => {
    const name = `from-${stored}`;
    await run(name, { parity: `{ run: ${stored} }` });
    expect(parityOf(name)).toBe(1);
    expect(told(name)).toEqual([`answers without load to 2 of 2 clips come from ${out(stored)}`]);
    const clips = readFileSync(join(out(name), "clips.ndjson"), "utf8");
    expect(clips).toBe(readFileSync(join(out("measured"), "clips.ndjson"), "utf8"));
  });

  it("leave out clips that it has none for, by name", async () => {
    await run("more", { parity: "{ run: measured }", clips: [...CLIPS, "ps-goforward"] });
    expect(parityOf("more")).toBe(1);
    expect(told("more").at(-1)).toBe(
      "clips without a stored answer are left out of transcript_parity: ps-goforward",
    );
  });

  it.each([
    ["under load", { parity: "{ run: loaded }" }, "had up to 3 streams at once, and measured no answers"],
    [
      "with other recognition",
      { parity: "{ run: measured }", language: "en-GB" },
      'differs in recognition ({"language":"en-US"',
    ],
    [
      "with other clips",
      { parity: "{ run: measured }", clips: ["ps-goforward"] },
      "has no answer to any of the clips",
    ],
    ["that is not there", { parity: "{ run: nowhere }" }, "nowhere holds no run"],
  ])("%s are refused before the load", async (what, asked, problem) => {
    if (what === "under load") await run("loaded", { parity: "off" });
    const { code, stderr } = await run("refused", asked);
    expect(stderr).toContain(problem);
    expect(code).toBe(2);
  });

  it("of another server are refused", async () => {
    const other = await startEmulatorProcess([]);
    const { code, stderr } = await run("elsewhere", { parity: "{ run: measured }" }, other);
    await other.stop();
    expect(stderr).toMatch(/the run in .*measured is of another server: grpc:\S+, not grpc:/);
    expect(code).toBe(2);
  });
});

it("a target that refuses the language ends the run before the load, with exit code 7", async () => {
  const { code, stderr } = await run("language", { parity: "measure", language: "de-DE" });
  expect(stderr).toMatch(/answers no clip without load \(scoring\.parity\): .*language_code=de/);
  expect(stderr).toContain("Check model, language and sample rate");
  expect(code).toBe(7);
});
