import { expect, test } from "vitest";
import type { RunListener, Tick } from "../listener.ts";
import { parseSlo } from "../../metrics/judge/slo.ts";
import { createTotals } from "../../metrics/record/totals.ts";
import { liveView } from "./live-view.ts";

const SLOS = [parseSlo("error_ratio < 1%")];
const totals = createTotals({ window: { startMs: 1000, endMs: 61_000 }, slos: SLOS });
const tick = (atMs: number): Tick => ({ atMs, open: 3, windowEndMs: 61_000, totals });

/** A terminal of some lines that knows just the commands that may be used; anything else is an error. */
function terminal(columns = 60) {
  const lines: string[] = [""];
  const seen = { blank: 0, cursor: true };
  let [row, column] = [0, 0];
  function put(character: string): void {
    lines[row] =
      (lines[row] ?? "").padEnd(column).slice(0, column) + character + (lines[row] ?? "").slice(column + 1);
    column++;
    expect(column).toBeLessThan(columns);
  }
  function command(text: string): void {
    const [, count = "", letter] = /^\u001b\[\??(\d*)([A-Za-z])$/.exec(text) ?? [];
    if (letter === "A") row -= Number(count);
    else if (letter === "K") lines[row] = (lines[row] ?? "").slice(0, column);
    else if (letter === "J") lines.splice(row, lines.length, (lines[row] ?? "").slice(0, column));
    else if (count === "25") seen.cursor = letter === "h";
    else expect(count, text).toBe("2026");
    expect(row).toBeGreaterThanOrEqual(0);
  }
  return {
    lines,
    seen,
    sink: {
      isTTY: true,
      columns,
      rows: 20,
      write(text: string) {
        for (const [part] of text.matchAll(/\u001b\[\??\d*[A-Za-z]|[^]/gu)) {
          if (part.startsWith("\u001b")) command(part);
          else if (part === "\r") column = 0;
          else if (part === "\n") [row, column] = [row + 1, 0];
          else put(part);
          lines[row] ??= "";
        }
        if (lines.every((line) => line === "")) seen.blank++;
      },
    },
  };
}

function view(screen: ReturnType<typeof terminal>): RunListener {
  return liveView({ sink: screen.sink, color: false, warmupMs: 1000, slos: SLOS });
}

test("every frame stands in the place of the one before, and none is blank", () => {
  const screen = terminal();
  const live = view(screen);
  live.onTick?.(tick(500));
  const first = [...screen.lines];
  expect(first[1]).toMatch(/^warm-up {8}0 s of 1 s/);
  live.onTick?.(tick(3000));
  expect(screen.lines).toHaveLength(first.length);
  expect(screen.lines[1]).toMatch(/^steady {9}2 s of 60 s/);
  expect(screen.lines).toContain("· error_ratio < 1%  nothing yet");
  expect(screen.seen).toEqual({ blank: 0, cursor: false });
});

test("a table of workers comes below, and the frame grows", () => {
  const screen = terminal();
  const live = view(screen);
  live.onTick?.(tick(2000));
  const before = screen.lines.length;
  for (const worker of [1, 0])
    live.onWorker?.({ worker, atMs: 2500, open: worker, cpuShare: 0.5, loopDelayMs: 1 });
  live.onTick?.(tick(3000));
  expect(screen.lines).toHaveLength(before + 4);
  expect(screen.lines.at(-2)).toMatch(/^ +1 +0 +50 % +1\.0 ms$/);
});

test("what can't wait is said above the frame; the rest is not said", () => {
  const screen = terminal();
  const live = view(screen);
  live.onTick?.(tick(2000));
  live.onEvent?.({ atMs: 2100, type: "stall", message: "not worth a line" });
  live.onEvent?.({ atMs: 2100, type: "worker-lost", message: "worker 2 is gone" });
  expect(screen.lines).toEqual(["worker 2 is gone", ""]);
  live.onTick?.(tick(3000));
  expect(screen.lines.slice(0, 3)).toEqual(["worker 2 is gone", "", expect.stringMatching(/^steady/)]);
});

test("at the end the terminal is as it was, whoever ends it, and as often as told", async () => {
  const screen = terminal();
  const live = view(screen);
  live.onTick?.(tick(2000));
  live.onLoadEnd?.();
  await live.close?.();
  expect(screen.lines).toEqual([""]);
  expect(screen.seen.cursor).toBe(true);
});

test("ticks of many workers are drawn at most twice a second", () => {
  const writes: string[] = [];
  const sink = { isTTY: true, columns: 80, write: (text: string) => writes.push(text) };
  const live = liveView({ sink, color: false, warmupMs: 1000, slos: [] });
  for (let atMs = 0; atMs < 10_000; atMs += 20) live.onTick?.(tick(atMs));
  expect(writes.length).toBeLessThanOrEqual(22);
});
