/** An emulator whose capacity is known: the search must find it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { CapacityReport } from "../../src/report/capacity.ts";
import { bench, startBench, tempFolder, type BenchProcess } from "../support/bench-process.ts";

const PLANTED = 37;

let emulator: BenchProcess;
let target: string;

beforeAll(async () => {
  emulator = startBench(["emulator", "--port", "0", "--capacity", `${PLANTED}`, "--json"]);
  target = await new Promise((resolve, reject) => {
    let text = "";
    emulator.child.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      const port = /"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(`grpc://127.0.0.1:${port}`);
    });
    void emulator.finished.then(({ stderr }) => reject(new Error(stderr)));
  });
});
afterAll(() => emulator.child.kill("SIGTERM"));

test("the interval contains the planted capacity and is at most half of it wide", async () => {
  const out = join(tempFolder(), "search");
  const limits = [
    "--max",
    "100",
    "--budget",
    "5m",
    "--probe",
    "10s",
    "--precision",
    "1.3",
    "--replicates",
    "1",
  ];
  const { code, stdout } = await bench(["capacity", "--target", target, "--out", out, "--quiet", ...limits]);
  const report = JSON.parse(readFileSync(join(out, "capacity.json"), "utf8")) as CapacityReport;
  const [pass, fail] = report.interval;
  expect(code, stdout).toBe(0);
  expect(pass, stdout).toBeLessThanOrEqual(PLANTED);
  expect(fail, stdout).toBeGreaterThan(PLANTED);
  expect((fail ?? Infinity) - pass).toBeLessThanOrEqual(PLANTED / 2);
  expect(report.bindingSlo).toMatch(/final_from_speech_end|first_partial|backlog|collapse/);
  expect(report.target.emulated).toBe(true);
  expect(report.probes.length).toBeGreaterThanOrEqual(6);
}, 420_000);
