/** The public API, as a program that installed the package uses it. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { evaluateSlos, readResult } from "../../src/index.ts";
import { readRun, tempFolder } from "../support/bench-process.ts";

const EXAMPLE = join(PACKAGE_ROOT, "examples", "run-scenario.mjs");

function example(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"] };
  return new Promise((resolve) => {
    execFile(process.execPath, [EXAMPLE, ...args], { env, cwd: tempFolder() }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

it("twenty lines run smoke against the emulator and read the verdict", async () => {
  expect(readFileSync(EXAMPLE, "utf8").trim().split("\n").length).toBeLessThan(25);
  const out = join(tempFolder(), "run");
  const { code, stdout, stderr } = await example("emulator-nim", out);
  expect(stderr).toBe("");
  expect(stdout).toMatch(
    /^(pass|fail|void): \d+ sessions, final p50 [\d.]+ ms, p95 [\d.]+ ms\nemulated: true/,
  );
  const { result } = readRun(out);
  expect(stdout.startsWith(`${result.verdict}: ${result.sessions.completed} sessions`)).toBe(true);
  expect(code).toBe(result.verdict === "pass" ? 0 : 1);
  expect(existsSync(join(out, "report.html"))).toBe(true);

  const lenient = await evaluateSlos(out, ["final_from_close max < 60s"]);
  expect(lenient.slos.find(({ name }) => name.startsWith("final_from_close"))?.verdict).toBe("pass");
  const strict = await evaluateSlos(out, ["final_from_close max < 0.001ms"]);
  expect(strict.slos.find(({ name }) => name.startsWith("final_from_close"))?.verdict).toBe("fail");
  expect(readResult(join(out, "result.json"))).toEqual(result);
});

it("a target that is not there is a BenchError with what to do", async () => {
  const { code, stderr } = await example("grpc://127.0.0.1:1");
  expect(code).toBe(1);
  expect(stderr).toMatch(/BenchError: grpc:\/\/127\.0\.0\.1:1 can't be used/);
  expect(stderr).toMatch(/exitCode: 7/);
});
