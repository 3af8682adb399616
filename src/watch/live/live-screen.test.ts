import { stripVTControlCharacters } from "node:util";
import { describe, expect, test } from "vitest";
import type { LiveState } from "./live-screen.ts";
import { liveScreen, sparkline } from "./live-screen.ts";

const STATE: LiveState = {
  phase: "steady",
  elapsedMs: 12_400,
  lengthMs: 60_000,
  sessions: { open: 50, completed: 93, failed: 2, dropped: 0 },
  latencies: [
    { label: "first partial", stat: "p95", recent: [300, 400, undefined, 800, 412], soFar: 438 },
    { label: "final", stat: "p95", recent: [] },
  ],
  slos: [
    { source: "final_from_close p95 < 1s", observed: 284, limit: "< 1s", holds: true },
    { source: "error_ratio < 1%", observed: 0.0211, limit: "< 1%", holds: false },
    { source: "rtfx > 20", limit: "> 20" },
  ],
  workers: [{ worker: 0, atMs: 12_000, open: 50, cpuShare: 0.345, loopDelayMs: 12.4 }],
};

const PLAIN = { width: 80, height: 40, color: false };

test("a running test with one worker", () => {
  expect(`${liveScreen(STATE, PLAIN).join("\n")}\n`).toBe(`
steady         12 s of 60 s  ━━━━━━━━━━────────────────────────────────────────

sessions       50 open   93 completed   2 failed
first partial  p95    412 ms now    438 ms so far  ▄▅ █▅
final          p95         - now         - so far${"  "}

✓ final_from_close p95 < 1s  284 ms so far
✗ error_ratio < 1%           2.11 % so far
· rtfx > 20                  nothing yet
`);
});

test("a load with stages is told by the one of the moment", () => {
  expect(liveScreen({ ...STATE, stage: "failover" }, PLAIN)[1]).toMatch(/^failover {7}12 s of 60 s {2}━/);
  const warmUp: LiveState = { ...STATE, phase: "warm-up", stage: "calm" };
  expect(liveScreen(warmUp, PLAIN)[1]).toMatch(/^warm-up {8}12 s/);
});

test("several workers are a table; the drain has no known end", () => {
  const second = { worker: 1, atMs: 12_000, open: 7, cpuShare: 1, loopDelayMs: 3 };
  const { sessions, latencies, slos } = STATE;
  const drain: LiveState = { phase: "drain", elapsedMs: 12_400, sessions, latencies, slos, workers: [] };
  const workers = [...STATE.workers, second];
  const lines = liveScreen({ ...drain, workers }, PLAIN);
  expect(lines[1]).toBe("drain          12 s  sessions of the window are followed to their end");
  expect(lines.slice(-3)).toEqual([
    "  worker        open         CPU  loop delay",
    "       1          50        35 %       12 ms",
    "       2           7       100 %      3.0 ms",
  ]);
});

test("workers on other machines have a host", () => {
  const remote = () => ({ index: 0, host: "box-a" });
  const [first] = STATE.workers;
  const second = {
    worker: 1,
    atMs: 12_000,
    open: 7,
    cpuShare: 1,
    loopDelayMs: 3,
    remote: () => ({ index: 1 }),
  };
  expect(liveScreen({ ...STATE, workers: [{ ...first!, remote }, second] }, PLAIN).slice(-3)).toEqual([
    "  worker        open         CPU  loop delay  host",
    "       1          50        35 %       12 ms  box-a",
    "       2           7       100 %      3.0 ms  -",
  ]);
});

test.each([20, 40, 60, 80, 200])("no line is wider than a terminal of %d columns", (width) => {
  for (const color of [false, true]) {
    const lines = liveScreen(STATE, { width, height: 40, color });
    for (const line of lines) expect(Array.from(stripVTControlCharacters(line)).length).toBeLessThan(width);
  }
});

test("a low terminal gets the first lines", () => {
  expect(liveScreen(STATE, { ...PLAIN, height: 4 })).toEqual(liveScreen(STATE, PLAIN).slice(0, 4));
});

test("color adds nothing but color, and every color ends in its line", () => {
  const colored = liveScreen(STATE, { ...PLAIN, color: true });
  expect(colored.map((line) => stripVTControlCharacters(line))).toEqual(liveScreen(STATE, PLAIN));
  expect(colored.join("")).toContain("\u001b[31m✗\u001b[0m");
  for (const line of colored) expect(line.lastIndexOf("\u001b[0m")).toBe(line.lastIndexOf("\u001b["));
});

describe("a sparkline", () => {
  test.each([
    [[0, 50, 100], "▁▅█"],
    [[0, 0], "▁▁"],
    [[undefined, 5, undefined, 5], " █ █"],
    [[-30, 10], "▁█"],
    [[], ""],
  ])("of %j is %s", (values, text) => expect(sparkline(values)).toBe(text));
});
