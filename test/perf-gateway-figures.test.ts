import { expect, test } from "vitest";
import { mostSessions, renderGateway } from "../perf/gateway-report.ts";
import type { GatewayRow } from "../perf/gateway.ts";
import { isUsable, keepsItsGoal, medianGatewayRow, transits } from "../perf/gateway.ts";

function row(changes: Partial<GatewayRow>): GatewayRow {
  return {
    dialect: "stream",
    sessions: 100,
    ...{ upP50Ms: 1, upP99Ms: 4, downP50Ms: 0.5, downP99Ms: 3, bothP50Ms: 1.5, bothP99Ms: 6 },
    latenessP99Ms: 2,
    cpuUsPerStreamSecond: 300,
    rssKbPerSession: 400,
    loadCpu: 0.4,
    foreignCpu: 0,
    completed: changes.sessions ?? 100,
    ...changes,
  };
}

const direct = row({
  ...{ dialect: "direct", bothP50Ms: 0.5, bothP99Ms: 2 },
  ...{ cpuUsPerStreamSecond: null, rssKbPerSession: null, foreignCpu: null },
});

test("the way up is that of chunks written in the window, the way down that of the answers to them", () => {
  // Ten chunks from 1000 on; the fifth and the tenth are answered.
  const sentMs = Float64Array.from({ length: 10 }, (_, k) => 1000 + k * 100);
  const arrivals = sentMs.map((sent, k) => sent + 1 + k);
  const answers = [1406, 1911];
  const heardMs = [1408, 1914];
  const served = { arrivalsMs: new Map([["a", arrivals]]), answersMs: new Map([["a", answers]]) };
  const window = { windowStartMs: 1300, windowEndMs: 2000 };
  const found = transits([{ id: "a", sentMs, heardMs }], served, window);
  expect([...found.upMs]).toEqual([4, 5, 6, 7, 8, 9, 10]);
  expect([...found.downMs]).toEqual([2, 3]);
  expect([...found.bothMs]).toEqual([7, 13]);

  const upToNine = transits([{ id: "a", sentMs, heardMs }], served, { ...window, windowEndMs: 1900 });
  expect([...upToNine.bothMs]).toEqual([7]);
});

test("what never came took for ever: a chunk, an answer, a whole session", () => {
  const sentMs = Float64Array.from({ length: 5 }, (_, k) => 1000 + k * 100);
  const window = { windowStartMs: 1000, windowEndMs: 2000 };
  const arrivalsMs = new Map([["a", sentMs.subarray(0, 4)]]);
  const lostChunk = transits(
    [{ id: "a", sentMs, heardMs: [] }],
    { arrivalsMs, answersMs: new Map() },
    window,
  );
  expect([...lostChunk.upMs]).toEqual([0, 0, 0, 0, Infinity]);
  expect([...lostChunk.bothMs]).toEqual([Infinity]);

  const served = { arrivalsMs: new Map([["a", sentMs]]), answersMs: new Map([["a", [1401]]]) };
  expect([...transits([{ id: "a", sentMs, heardMs: [] }], served, window).downMs]).toEqual([Infinity]);
  const stranger = transits([{ id: "b", sentMs, heardMs: [1402] }], served, window);
  expect([...stranger.upMs]).toEqual(Array(5).fill(Infinity));
});

test("the goal is kept below 10 ms both ways, by callers in time and not too busy, with every session ended well", () => {
  expect(keepsItsGoal(row({}))).toBe(true);
  expect(keepsItsGoal(row({ bothP99Ms: 10 }))).toBe(false);
  expect(keepsItsGoal(row({ bothP99Ms: NaN }))).toBe(false);
  for (const bad of [{ loadCpu: 0.9 }, { latenessP99Ms: 10 }, { latenessP99Ms: NaN }, { completed: 99 }]) {
    expect(isUsable(row(bad))).toBe(false);
    expect(keepsItsGoal(row(bad))).toBe(false);
  }
});

test("the most sessions are counted up from the fewest, without gaps", () => {
  const slow = { bothP99Ms: 30 };
  const rows = [row({ sessions: 1000 }), row({ sessions: 200 }), row({ sessions: 600, ...slow })];
  expect(mostSessions(rows)).toBe(200);
  expect(mostSessions([row({ sessions: 200, ...slow })])).toBe(0);
});

test("repeats merge to medians and the fewest that ended well; what the direct way lacks stays lacking", () => {
  const merged = medianGatewayRow([
    row({ bothP99Ms: 9, cpuUsPerStreamSecond: 100 }),
    row({ bothP99Ms: 1, cpuUsPerStreamSecond: 300, completed: 98 }),
    row({ bothP99Ms: 3, cpuUsPerStreamSecond: 200 }),
  ]);
  expect(merged).toMatchObject({ bothP99Ms: 3, cpuUsPerStreamSecond: 200, completed: 98 });
  expect(medianGatewayRow([direct, direct])).toMatchObject({ cpuUsPerStreamSecond: null, foreignCpu: null });
});

test("the report takes the direct way's median off, not its tail, and says why a row can't be used", () => {
  const text = renderGateway([direct, row({}), row({ dialect: "realtime", completed: 97 })]);
  expect(text).toContain("stream at 100 sessions adds 1.0 ms to the direct way's median, p99 5.5 ms");
  expect(text).toContain("3 sessions failed");
  expect(text).toContain("stream: 100 sessions on one core (the most that was tried)");
  expect(text).toContain("realtime: 0 sessions on one core");
  expect(renderGateway([row({ loadCpu: 0.95 })])).toContain("can't be used: the callers were too busy");
});
