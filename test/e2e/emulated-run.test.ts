/** The main job as its user runs it: the built command line, the emulator it starts, the folder it leaves. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, describe, expect, it } from "vitest";
import type { RunResult } from "../../src/metrics/result/result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { bench, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";

let out: string;
let stdout: string;
let stderr: string;
let code: number | null;
let result: RunResult;
let sessions: SessionRecord[];

beforeAll(async () => {
  const measured = await undisturbed(async () => {
    const folder = join(tempFolder(), "run");
    const args = ["--scenario", "concurrency-50", "--warmup", "5s", "--duration", "15s", "--seed", "7"];
    const finished = await bench([...args, "--out", folder]);
    return { folder, ...finished, ...readRun(folder) };
  });
  ({ folder: out, code, stdout, stderr, result, sessions } = measured);
}, 300_000);

describe("fifty callers on the emulator", () => {
  it("pass, and the table says what was emulated", () => {
    expect(result.validity.checks.filter((check) => check.verdict === "fail")).toEqual([]);
    expect(result.slos.filter((check) => check.verdict !== "pass")).toEqual([]);
    expect(code).toBe(0);
    expect(stdout).toContain("PASS");
    expect(stdout).toMatch(/emulator-nim.*emulated/);
    expect(result.target.emulated).toBe(true);
    expect(result.target.model).toMatch(/^emulated/);
  });

  it("are fifty at once, by the emulator's own count and over the whole window", () => {
    expect(result.target.server?.["counted_maxOpen"]).toBe("50");
    expect(result.metrics["concurrency"]?.value).toBeGreaterThan(49.5);
    expect(result.metrics["concurrency"]?.value).toBeLessThanOrEqual(50);
  });

  it("are counted alike by the emulator and by us", () => {
    const phases = Object.values(result.sessionsByPhase);
    const total = (key: "started" | "completed" | "failed"): string =>
      String(phases.reduce((sum, counts) => sum + counts[key], 0));
    expect(result.target.server?.["counted_started"]).toBe(total("started"));
    expect(result.target.server?.["counted_completed"]).toBe(total("completed"));
    expect(total("failed")).toBe("0");
  });

  it("send at 1.000 times real time", () => {
    for (const session of sessions.filter((one) => one.phase === "steady")) {
      // Audio sent over time taken, from the first chunk to the last.
      const audioMs = session.audioMs - session.chunkMs;
      const tookMs = (session.sentUs.at(-1)! - session.sentUs[0]!) / 1000;
      expect(tookMs / audioMs).toBeGreaterThan(0.99);
      expect(tookMs / audioMs).toBeLessThan(1.02);
    }
  });

  it("leave a result that validates against the published schema", () => {
    const path = fileURLToPath(new URL("../../schema/run.schema.json", import.meta.url));
    const validate = new Ajv2020({ validateFormats: false }).compile(
      JSON.parse(readFileSync(path, "utf8")) as object,
    );
    validate(JSON.parse(readFileSync(join(out, "result.json"), "utf8")));
    expect(validate.errors).toBeNull();
  });

  it("leave every file of the run folder", () => {
    for (const name of ["events.ndjson", "histograms.hlog", "scenario.yaml", "report.html"]) {
      expect(existsSync(join(out, name)), name).toBe(true);
    }
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("emulated");
  });

  it("show progress in quiet lines where there is no terminal", () => {
    expect(stderr).toMatch(/^steady \d+s of 15s \| 50 open \|/m);
    expect(stderr).not.toContain("\u001b");
  });
});
