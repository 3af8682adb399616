/** The wall clock is set back an hour and then on two while a run is on (libfaketime): no duration, and no order, may follow it. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import protobuf from "protobufjs/light.js";
import { uncompress } from "snappyjs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";

const SCENARIO = `name: clock-step
description: Four callers while somebody sets the clock
load: { model: concurrency, streams: 4, rampIn: 0s }
duration: { warmup: 2s, steady: 12s }
audio: { clips: { max: 4s } }
slo: [error_ratio < 1%]
`;
const HOUR_MS = 3_600_000;

let library: string;
const written: Buffer[] = [];
const sink = createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    written.push(Buffer.concat(parts));
    response.writeHead(204).end();
  });
});

beforeAll(async () => {
  const script = join(PACKAGE_ROOT, "scripts/get-faketime.sh");
  library = execFileSync(script, { encoding: "utf8", timeout: 120_000 }).trim();
  await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
});
afterAll(() => void sink.close());

async function runWhileTheClockIsSet() {
  written.length = 0;
  const folder = tempFolder();
  const clockFile = join(folder, "clock");
  const setClock = (offset: string): void => writeFileSync(clockFile, offset);
  setClock("+0");
  writeFileSync(join(folder, "clock-step.yaml"), SCENARIO);
  const out = join(folder, "run");
  const startedMs = Date.now();
  const run = startBench(
    [
      ...["--scenario", join(folder, "clock-step.yaml"), "--workers", "2", "--out", out],
      ...["--remote-write", `http://127.0.0.1:${(sink.address() as AddressInfo).port}/write`],
    ],
    {
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: clockFile,
        FAKETIME_NO_CACHE: "1",
        FAKETIME_DONT_FAKE_MONOTONIC: "1",
        FAKETIME_DONT_RESET: "1",
      },
    },
  );
  await run.sees(/warm-up /);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  setClock("-3600");
  await new Promise((resolve) => setTimeout(resolve, 4000));
  setClock("+3600");
  const { code, stderr } = await run.finished;
  const tookMs = Date.now() - startedMs;
  return { result: readRun(out).result, code, stderr, out, startedMs, tookMs };
}

it(
  "durations are right and series in order when the clock is set back and forth",
  { timeout: 240_000 },
  async () => {
    const { result, out, startedMs, tookMs, code, stderr } = await runWhileTheClockIsSet();
    // A busy machine may void it: its own standstills are seconds, those that the clock could cause an hour.
    expect([0, 5]).toContain(code);
    expect(stderr).not.toContain("bug");

    const [fromMs, toMs] = [Date.parse(result.run.startedAt), Date.parse(result.run.endedAt)];
    expect(fromMs).toBeGreaterThanOrEqual(startedMs);
    expect(fromMs).toBeLessThan(startedMs + tookMs);
    const { warmupMs, steadyMs, drainMs } = result.window;
    expect([warmupMs, steadyMs]).toEqual([2000, 12_000]);
    expect(toMs - fromMs).toBeGreaterThanOrEqual(warmupMs + steadyMs);
    expect(toMs - fromMs).toBeLessThan(tookMs);
    expect(drainMs).toBeLessThan(15_000);
    for (const { name, observed = 0 } of result.validity.checks)
      expect([name, observed < 60_000]).toEqual([name, true]);
    expect(result.sessions.failures.filter(({ origin }) => origin !== "generator")).toEqual([]);
    expect(result.metrics["first_partial_from_onset"]?.max).toBeLessThan(10_000);

    const { timeline } = result;
    expect(timeline.length).toBeGreaterThanOrEqual(14);
    // Each worker has seconds of its own, so that points overlap by a few milliseconds.
    const sound = timeline.filter(({ fromMs: from, toMs: to }, n) => {
      const beforeMs = timeline[n - 1]?.fromMs ?? -1;
      return from > beforeMs && to > from && to - from < 5000;
    });
    expect(sound).toEqual(timeline);

    const junit = await bench(["report", out, "--format", "junit"]);
    const times = [...junit.stdout.matchAll(/<testsuite\b[^>]* time="([\d.]+)"/g)].map(([, time]) =>
      Number(time),
    );
    expect(times.length).toBeGreaterThan(0);
    expect(times.every((seconds) => seconds >= 0 && seconds * 1000 < tookMs)).toBe(true);

    const series = new Map<string, number[]>();
    for (const line of readFileSync(join(out, "metrics.openmetrics"), "utf8").split("\n")) {
      const [, name, seconds] = /^([^#\s].*) \S+ (\d+\.\d+)$/.exec(line) ?? [];
      if (name !== undefined) series.set(name, [...(series.get(name) ?? []), Number(seconds) * 1000]);
    }
    expect(series.size).toBeGreaterThan(20);
    const pushed = written.map(instantOf);
    expect(pushed.length).toBeGreaterThan(2);
    for (const stamps of [...series.values(), pushed]) {
      expect(stamps.every((atMs, n) => atMs > (stamps[n - 1] ?? 0))).toBe(true);
      expect(stamps.every((atMs) => Math.abs(atMs - startedMs) < HOUR_MS / 2)).toBe(true);
    }
  },
);

/** The timestamp of a remote write, which is that of all its samples: field 2 of field 2 (samples) of field 1 (timeseries). */
function instantOf(body: Buffer): number {
  const reader = new protobuf.Reader(uncompress(body));
  const enter = (field: number): void => {
    for (;;) {
      const tag = reader.uint32();
      if (tag >>> 3 !== field) reader.skipType(tag & 7);
      else {
        if ((tag & 7) === 2) reader.uint32();
        return;
      }
    }
  };
  for (const field of [1, 2, 2]) enter(field);
  return Number(reader.int64());
}
