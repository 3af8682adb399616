/** The demo pipeline: the script that CI runs, against emulated builds that are good, slow, worse, and badly measured. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { parseRunResult } from "../../src/metrics/result/read-result.ts";
import {
  bench,
  readRun,
  startBench,
  tempFolder,
  undisturbed,
  type BenchProcess,
} from "../support/bench-process.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const SCHEMA = readFileSync(join(ROOT, "test/support/junit.xsd"), "utf8");
const LIGHT = "--streams 12 --warmup 1s --duration 6s";

/** Emulated builds by the delay of their finals, milliseconds. */
const DELAYS = { good: 120, slow: 900, worse: 240 } as const;
type Build = keyof typeof DELAYS;

const servers: BenchProcess[] = [];
const ports: Partial<Record<Build, number>> = {};
let baseline: string;

beforeAll(async () => {
  for (const [build, finalMs] of Object.entries(DELAYS)) {
    ports[build as Build] = await serve(`partial=80,final=${finalMs}`);
  }
  baseline = join(tempFolder(), "baseline");
  for (let run = 1; run <= 4; run++) {
    const out = join(baseline, `${run}`);
    const flags = ["--scenario", "smoke", "--target", uri("good"), "--quiet", "--out", out];
    await undisturbed(async () => {
      rmSync(out, { recursive: true, force: true });
      await bench(["run", ...flags, ...LIGHT.split(" ")]);
      return readRun(out);
    });
  }
}, 300_000);

afterAll(() => {
  for (const { child } of servers) child.kill("SIGTERM");
});

async function serve(delays: string): Promise<number> {
  const emulator = startBench(["emulator", "--port", "0", "--delays", delays, "--json"]);
  servers.push(emulator);
  return new Promise((resolve, reject) => {
    let text = "";
    emulator.child.stdout?.on("data", (data: Buffer) => {
      text += data.toString();
      const port = /"port":(\d+)/.exec(text)?.[1];
      if (port !== undefined) resolve(Number(port));
    });
    void emulator.finished.then(({ stderr }) => reject(new Error(stderr)));
  });
}

function uri(build: Build): string {
  return `grpc://127.0.0.1:${ports[build] ?? 0}`;
}

interface Pipeline {
  code: number;
  out: string;
}

/** scripts/ci-gate.sh; a run that this machine disturbed is made again, for `void` is a verdict about the machine. */
async function pipeline(build: Build, settings: Record<string, string> = {}): Promise<Pipeline> {
  for (let attempt = 1; ; attempt++) {
    const out = join(tempFolder(), "out");
    const env = {
      ...{ PATH: process.env["PATH"], HOME: process.env["HOME"], BENCH: join(ROOT, "dist/cli/main.js") },
      ...{ TARGET: uri(build), SCENARIO: "smoke", ARGUMENTS: LIGHT, BASELINE: baseline, OUT: out },
      ...settings,
    };
    const code = await new Promise<number>((resolve) => {
      execFile("bash", [join(ROOT, "scripts/ci-gate.sh")], { env, cwd: tempFolder() }, (error) =>
        resolve(typeof error?.code === "number" ? error.code : 0),
      );
    });
    if (code !== 5 || attempt === 3 || settings["EXPECT_VOID"] !== undefined) return { code, out };
  }
}

test("a good build passes", async () => {
  const { code, out } = await pipeline("good");
  expect(code).toBe(0);
  const xml = readFileSync(join(out, "junit.xml"), "utf8");
  const { errors } = await validateXML({
    xml: [{ fileName: "junit.xml", contents: xml }],
    schema: [{ fileName: "junit.xsd", contents: SCHEMA }],
  });
  expect(errors).toEqual([]);
});

test("before main has any run, the empty folder of its runs is no baseline", async () => {
  expect((await pipeline("good", { BASELINE: tempFolder() })).code).toBe(0);
});

test("a slow build breaks its SLO", async () => {
  expect((await pipeline("slow", { SLO: "final_from_close p50 < 500ms\nerror_ratio < 1%" })).code).toBe(3);
});

test("a build that keeps its SLOs and is slower than those before it is worse", async () => {
  const { code, out } = await pipeline("worse", { SLO: "final_from_close p50 < 500ms" });
  expect(code).toBe(4);
  expect(readFileSync(join(out, "gate.md"), "utf8")).toMatch(/^# ❌ WORSE/);
});

test("a run too short for its percentile is inconclusive", async () => {
  const { code } = await pipeline("good", { SLO: "final_from_close p99 < 5s" });
  expect(code).toBe(6);
});

test("a target that is not there is told before any load", async () => {
  const { code, out } = await pipeline("good", { TARGET: "grpc://127.0.0.1:1" });
  expect(code).toBe(7);
  expect(existsSync(join(out, "junit.xml"))).toBe(false);
});

// The last: what it leaves its emulator with would disturb the run after it.
test("a generator that is asked for more than it can make is void", async () => {
  // 20 ms chunks of so many callers are far beyond what one process can send on time.
  const overload = "--streams 3000 --workers 1 --warmup 1s --duration 3s --chunk 20ms";
  const { code, out } = await pipeline("good", { ARGUMENTS: overload, EXPECT_VOID: "1" });
  expect(code).toBe(5);
  const path = join(out, "run", "result.json");
  expect(parseRunResult(readFileSync(path, "utf8"), path).validity.status).toBe("void");
});
