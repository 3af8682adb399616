import { expect, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import type { Tick } from "../listener.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import { jsonLines, resultLine } from "./json-lines.ts";

test("a tick a second, events as they come, the result last: one JSON object a line", () => {
  let text = "";
  const listener = jsonLines({ isTTY: false, columns: 80, write: (part) => (text += part) });
  const totals = createTotals({ window: { startMs: 0, endMs: 5000 }, slos: [] });
  const tick = (atMs: number): Tick => ({ atMs, open: 3, windowEndMs: 5000, totals });
  for (let atMs = 0; atMs < 3000; atMs += 250) listener.onTick?.(tick(atMs));
  listener.onEvent?.({ atMs: 3100, type: "stall", message: "it stood still" });
  const values = `${text}${resultLine(PASSED)}`
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string });
  expect(values.map(({ type }) => type)).toEqual(["tick", "tick", "tick", "event", "result"]);
  const counts = { scheduled: 0, started: 0, completed: 0, failed: 0, dropped: 0 };
  expect(values[1]).toEqual({
    type: "tick",
    atMs: 1000,
    windowEndMs: 5000,
    open: 3,
    sessions: { warmup: counts, steady: counts, drain: counts },
    metrics: {},
  });
  expect(values[3]).toEqual({ type: "event", event: "stall", atMs: 3100, message: "it stood still" });
  expect(values[4]).toEqual({ type: "result", result: PASSED });
});
