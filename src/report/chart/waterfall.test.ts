import { expect, test } from "vitest";
import { faultedSession, spokenSession } from "../../../test/support/session-line.ts";
import type { Observation } from "../../metrics/observation/observation.ts";
import { textOf } from "../words/markup.ts";
import { waterfall } from "./waterfall.ts";

function svg(session: Observation): string {
  const drawing = waterfall(session, "s");
  return drawing === undefined ? "" : textOf(drawing);
}

/** Left edges of what a path of this class draws. */
function xs(drawing: string, name: string): number[] {
  const [, d = ""] = new RegExp(`class="${name}" d="([^"]*)"`).exec(drawing) ?? [];
  return [...d.matchAll(/M([\d.]+)/g)].map(([, x]) => Number(x));
}

test("time runs from the opening of the microphone to the end of the session", () => {
  // 2000 ms of audio and 500 ms more on 74 to 750: 0.27 a millisecond.
  const drawing = svg(spokenSession({ seq: 1, finalMs: 499 }));
  const due = xs(drawing, "chunk");
  expect(due).toHaveLength(20);
  expect(due[0]).toBeCloseTo(80 + 100 * 0.188, 1);
  expect(due.at(-1)).toBeCloseTo(80 + 2000 * 0.188, 1);
});

test("chunks that left late are marked, and stand where they were sent", () => {
  const drawing = svg(spokenSession({ seq: 1, finalMs: 499 }));
  expect(xs(drawing, "chunk sent")).toHaveLength(18);
  // Chunks 5 and 18 left 25 ms late.
  expect(xs(drawing, "chunk late")[0]).toBeCloseTo(80 + 625 * 0.188, 1);
});

test("partials with and without text, and finals", () => {
  const drawing = svg(spokenSession({ seq: 1 }));
  expect(drawing.match(/class="blank"/g)).toHaveLength(2);
  expect(drawing.match(/class="partial"/g)).toHaveLength(6);
  expect(drawing.match(/class="final"/g)).toHaveLength(1);
});

test("the waits begin with the speech and with its end, and say how long they were", () => {
  const drawing = svg(spokenSession({ seq: 1, firstPartialMs: 300, finalMs: 499 }));
  expect(drawing).toContain("partial 300 ms");
  expect(drawing).toContain("final 499 ms");
  const first = /class="wait first" x="([\d.]+)"[^>]*width="([\d.]+)"/.exec(drawing);
  expect(Number(first?.[1])).toBeCloseTo(80 + 400 * 0.188, 1);
  expect(Number(first?.[2])).toBeCloseTo(300 * 0.188, 1);
});

test("a failure is a line where the session ended", () => {
  expect(svg(spokenSession({ seq: 1, failed: "deadline" }))).toContain('class="failed"');
  expect(svg(spokenSession({ seq: 1 }))).not.toContain('class="failed"');
  expect(svg(spokenSession({ seq: 1, failed: "deadline" }))).toContain("failed: deadline in flush");
});

test("an hour of audio is thinned, but for what was late", () => {
  const drawing = svg(spokenSession({ seq: 1, audioMs: 3_600_000 }));
  expect(xs(drawing, "chunk").length).toBeLessThan(330);
  expect(xs(drawing, "chunk late").length).toBeLessThan(400);
  expect(drawing.length).toBeLessThan(100_000);
});

test("a session without a pace still has a drawing", () => {
  const bare: Observation = {
    ...spokenSession({ seq: 1, failed: "refused" }),
    ...{ responses: [], pace: Infinity, sentMs: [5, 6] },
  };
  expect(svg(bare)).toContain("2 of 20 chunks sent");
  delete bare.anchorMs;
  delete bare.readyMs;
  for (const drawing of [svg(bare), svg({ ...bare, pace: 1, sentMs: [5, 6] })])
    expect(drawing).not.toMatch(/NaN|undefined|Infinity/);
});

test("a session whose microphone never opened and that heard nothing is not drawn", () => {
  const { anchorMs, ...never } = spokenSession({ seq: 1, failed: "refused" });
  expect(anchorMs).toBe(10);
  expect(svg({ ...never, responses: [], sentMs: [] })).toBe("");
});

test("a session that broke off at once has an axis in milliseconds", () => {
  const start = spokenSession({ seq: 1, failed: "reset", audioMs: 100 });
  expect(svg({ ...start, endedMs: 20, responses: [], sentMs: [] })).toMatch(/>100 ms<\/text>/);
});

test("a muted microphone moves what is due after it, and a chunk held on purpose is drawn where it left, as on time", () => {
  const drawing = svg(faultedSession({ seq: 1, finalMs: 499 }));
  const perMs = 470 / 3200;
  const due = xs(drawing, "chunk");
  expect(due[9]).toBeCloseTo(80 + 1000 * perMs, 1);
  expect(due[10]).toBeCloseTo(80 + 1800 * perMs, 1);
  const sent = xs(drawing, "chunk sent");
  expect(sent).toHaveLength(20);
  expect(sent[3]).toBeCloseTo(80 + 460.1 * perMs, 1);
  expect(xs(drawing, "chunk late")).toEqual([]);
  // Speech from 400 ms of the clip to its end, with the pause inside it.
  const speech = /class="speech" x="([\d.]+)"[^>]*width="([\d.]+)"/.exec(drawing);
  expect(Number(speech?.[1])).toBeCloseTo(80 + 400 * perMs, 1);
  expect(Number(speech?.[2])).toBeCloseTo(2300 * perMs, 1);
});
