/** Emulators whose capacity is known: the search must find it, and say so where there is more than one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { CapacityReport } from "../../src/report/text/capacity.ts";
import { bench, startBench, tempFolder, type BenchProcess } from "../support/bench-process.ts";

let emulator: BenchProcess | undefined;
afterEach(() => emulator?.child.kill("SIGTERM"));

/** Starts an emulator with those flags; its address. */
async function serve(...flags: string[]): Promise<string> {
  const server = startBench(["emulator", "--port", "0", "--json", ...flags]);
  emulator = server;
  return new Promise((resolve, reject) => {
    let text = "";
    server.child.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      const port = /"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(`grpc://127.0.0.1:${port}`);
    });
    void server.finished.then(({ stderr }) => reject(new Error(stderr)));
  });
}

async function search(target: string, ...flags: string[]): Promise<CapacityReport> {
  const out = join(tempFolder(), "search");
  const { code, stdout } = await bench([
    ...["capacity", "--target", target, "--out", out, "--quiet", "--json", join(out, "answer.json")],
    ...flags,
  ]);
  expect(code, stdout).toBe(0);
  return JSON.parse(readFileSync(join(out, "answer.json"), "utf8")) as CapacityReport;
}

/** As it is given when nothing else is: ten minutes. */
test.each([37, 83, 190])(
  "the interval contains the planted %i and is at most half of it wide",
  async (planted) => {
    const report = await search(await serve("--capacity", `${planted}`), "--max", "400");
    const [pass, fail] = report.interval;
    expect(pass).toBeLessThanOrEqual(planted);
    expect(fail).toBeGreaterThan(planted);
    expect((fail ?? Infinity) - pass).toBeLessThanOrEqual(planted / 2);
    expect(report.bindingSlo).toMatch(/final_from_speech_end|first_partial|backlog|collapse/);
    expect(report.target.emulated).toBe(true);
    expect(report.probes.length).toBeGreaterThanOrEqual(6);
  },
  900_000,
);

test("a server that is bad at 36 to 50 streams and good at 64 is not monotone", async () => {
  // So late that finals break their limit, and not the first partials of those who come in while the load grows.
  const target = await serve("--capacity", "90", "--fault", "latency:add=700ms,above=35,below=50");
  const flags = ["--max", "200", "--budget", "6m", "--probe", "10s", "--replicates", "1"];
  const report = await search(target, ...flags, "--slo", "final_from_speech_end p95 < 700ms");
  expect(report.nonMonotone.length).toBeGreaterThan(0);
  expect(report.interval[0]).toBeLessThan(40);
}, 600_000);
