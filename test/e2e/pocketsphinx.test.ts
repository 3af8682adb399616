/** A run against a recogniser that really listens: its own partials, its own errors, and the word that it is a stand-in. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { hasPocketSphinx } from "../support/pocketsphinx.ts";
import { wordErrors } from "../support/word-errors.ts";

const FLAGS = [
  ...["--engine", "pocketsphinx", "--language-model", "closed-domain", "--search", "fastest"],
  ...["--recognizers", "1"],
];
const WORD = "stand-in: PocketSphinx, CPU, closed-domain";

describe.skipIf(!hasPocketSphinx())("a run against PocketSphinx", () => {
  let emulator: RunningEmulator;
  beforeAll(async () => {
    emulator = await startEmulatorProcess(FLAGS);
  });
  afterAll(() => emulator.stop());

  it("has real partials and finals, and is called a stand-in in the table, the result and the page", async () => {
    const folder = join(tempFolder(), "run");
    const target = `grpc://127.0.0.1:${emulator.port}`;
    const args = ["--scenario", "smoke", "--streams", "4", "--target", target, "--out", folder, "--quiet"];
    const { stdout } = await bench(args);
    const { result, sessions } = readRun(folder);
    expect(stdout).toContain(WORD);
    expect(stdout).not.toContain("emulated");
    expect(result.target).toMatchObject({ emulated: false, standIn: "PocketSphinx, CPU, closed-domain" });
    expect(result.target.server).toMatchObject({
      search: "fastest",
      not_in_dictionary: expect.any(String) as string,
    });
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain(WORD.toUpperCase());

    const { clips } = await loadDataset("default");
    const heard = sessions.filter(({ ok, cutShort }) => ok && cutShort === undefined);
    expect(heard.length).toBeGreaterThan(8);
    const textsOf = (final: boolean): string[][] =>
      heard.map(({ responses }) => responses.filter((each) => each.final === final).map(({ text }) => text));
    // Partials grow and are revised: more than one text in most sessions.
    const partials = textsOf(false).map((texts) => new Set(texts.filter((text) => text !== "")).size);
    expect(partials.filter((count) => count > 1).length).toBeGreaterThan(heard.length * 0.8);
    const errors = textsOf(true).map((texts, i) => {
      const said = clips.find(({ id }) => id === heard[i]!.clip)!.words.map(({ word }) => word);
      return { errors: wordErrors(said, texts.join("").split(" ").filter(Boolean)), said: said.length };
    });
    const total = (key: "errors" | "said"): number => errors.reduce((sum, each) => sum + each[key], 0);
    expect(total("errors") / total("said")).toBeLessThan(0.3);
  });

  it("is called a stand-in by transcribe, too", async () => {
    const wav = new URL("../../datasets/core/wav/ps-goforward.wav", import.meta.url).pathname;
    const args = ["transcribe", wav, "--target", `grpc://127.0.0.1:${emulator.port}`];
    const { stderr } = await bench(args);
    expect(stderr).toContain(`(${WORD})`);
    const { stdout } = await bench([...args, "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      target: { emulated: false, standIn: "PocketSphinx, CPU, closed-domain" },
    });
  });

  it("survives the death of its recognisers: the stream ends with UNAVAILABLE, the next is recognised", async () => {
    const { child, finished, sees } = startBench(["emulator", "--port", "0", "--json", ...FLAGS]);
    const port = await new Promise<number>((resolve) =>
      child.stdout!.once("data", (line: Buffer) =>
        resolve((JSON.parse(String(line)) as { port: number }).port),
      ),
    );
    const transcribe = (file: string): ReturnType<typeof bench> => {
      const path = new URL(`../../datasets/core/wav/${file}.wav`, import.meta.url).pathname;
      return bench(["transcribe", "--target", `grpc://127.0.0.1:${port}`, path]);
    };
    try {
      const during = transcribe("librivox-sense-0880");
      const children = readFileSync(`/proc/${child.pid!}/task/${child.pid!}/children`, "utf8").trim();
      expect(children).toMatch(/^\d+$/);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      process.kill(Number(children), "SIGSEGV");
      const { code, stderr } = await during;
      expect(code).not.toBe(0);
      expect(stderr).toContain("the process of PocketSphinx ended (SIGSEGV)");
      await sees(/started again/);
      await expect
        .poll(async () => (await transcribe("ps-goforward")).stdout, { timeout: 20_000 })
        .toBe("go forward ten meters\n");
    } finally {
      child.kill("SIGINT");
      await finished;
    }
  });
});

describe("what is missing is named at the start, with what to do", () => {
  it.each([
    [["--engine", "pocketsphinks"], /Did you mean "pocketsphinx"/],
    [["--engine", "pocketsphinx", "--capacity", "3"], /--capacity says nothing to --engine pocketsphinx/],
    [["--search", "fast"], /--search says nothing to --engine emulated/],
    [["--engine", "pocketsphinx", "--model", "/nowhere"], /mdef is missing[^]*apt-get install/],
  ])("%j", async (flags, message) => {
    const { code, stderr } = await bench(["emulator", "--port", "0", ...flags]);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  it.skipIf(!hasPocketSphinx())("a model that is broken ends the start, not in silence", async () => {
    const { cpSync, writeFileSync } = await import("node:fs");
    const folder = join(tempFolder(), "en-us");
    cpSync("/usr/share/pocketsphinx/model/en-us", folder, { recursive: true });
    writeFileSync(join(folder, "en-us/mdef"), "this is no model");
    const { code, stderr } = await bench(["emulator", "--port", "0", ...FLAGS, "--model", folder]);
    expect(stderr).toMatch(/PocketSphinx/);
    expect(stderr).toMatch(/broken/);
    expect(code).toBe(2);
  });
});
