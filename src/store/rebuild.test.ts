import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FOUR_WORDS, sketch } from "../../test/support/timeline.ts";
import type { ClipFacts, Observation } from "../metrics/observation/observation.ts";
import { createRecorder } from "../metrics/record/recorder.ts";
import { inMicroseconds, sessionRecord } from "../metrics/result/session-record.ts";
import { parseSlo } from "../metrics/judge/slo.ts";
import type { Totals } from "../metrics/record/totals.ts";
import { createTotals } from "../metrics/record/totals.ts";
import type { RebuildInput } from "./rebuild.ts";
import { rebuildTotals } from "./rebuild.ts";
import type { PlannedSession, StartRecord } from "../loadgen/workers/start-record.ts";

let folder: string;
let input: RebuildInput;
const config = {
  window: { startMs: 1000, endMs: 9000 },
  slos: [parseSlo("final_from_close p95 < 80ms"), parseSlo("response_latency p90 < 70ms")],
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "rebuild-"));
  const file = (name: string): string => join(folder, name);
  input = {
    ...config,
    sessionsFile: file("sessions.ndjson"),
    startsFile: file("starts.ndjson"),
    clipsFile: file("clips.ndjson"),
    lost: [],
  };
  appendFileSync(input.clipsFile, `${JSON.stringify(FOUR_WORDS)}\n`);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Session `seq` of the window: one in four fails. */
function session(seq: number): Observation {
  const startMs = 1000 + seq * 333.3337;
  return inMicroseconds(
    sketch({
      ...{ seq, startMs },
      said: [
        [startMs + 290.1234, "one", 200],
        [startMs + 1080.98765, "one two three four.", 1000],
      ],
      ...(seq % 4 === 3 ? { failure: {} } : {}),
    }),
  );
}

function plannedPart(observation: Observation): PlannedSession {
  const { seq, slot, phase, stage, chunkMs, pace, scheduledMs } = observation;
  const clip = FOUR_WORDS.id;
  return { seq, slot, phase, stage, clip, chunkMs, pace, scheduledMs, worker: 1 };
}

function start(observation: Observation): StartRecord {
  return { ...plannedPart(observation), startedMs: observation.scheduledMs };
}

function write(observations: readonly Observation[]): void {
  for (const one of observations) {
    appendFileSync(input.startsFile, `${JSON.stringify(start(one))}\n`);
    appendFileSync(input.sessionsFile, `${JSON.stringify(sessionRecord(one))}\n`);
  }
}

function live(observations: readonly Observation[]): Totals {
  const recorder = createRecorder(config);
  const totals = createTotals(config);
  for (const one of observations) recorder.record(one);
  totals.add(recorder.snapshot(0, 1000));
  return totals;
}

const sessions = Array.from({ length: 20 }, (_, seq) => session(seq));

describe("rebuildTotals", () => {
  it("gives the numbers that the run itself gave", async () => {
    write(sessions);
    const rebuilt = await rebuildTotals(input);
    const own = live(sessions);
    expect(rebuilt.totals.summaries()).toEqual(own.summaries());
    expect(rebuilt.totals.counts("steady")).toEqual(own.counts("steady"));
    expect(rebuilt.totals.tally(0)).toEqual(own.tally(0));
    expect(rebuilt.totals.tally(1)).toEqual(own.tally(1));
    expect(rebuilt).toMatchObject({
      ended: 20,
      inFlight: [],
      unreadable: 0,
      lastRecordedEndMs: sessions.at(-1)?.endedMs,
    });
  });

  it("scores long transcripts too", async () => {
    const text = Array.from({ length: 800 }, () => "word").join(" ");
    const clip: ClipFacts = {
      ...FOUR_WORDS,
      id: "long",
      text,
      scoring: { normalizer: "basic", unit: "word" },
    };
    appendFileSync(input.clipsFile, `${JSON.stringify(clip)}\n`);
    write([inMicroseconds(sketch({ startMs: 1000, clip, said: [[2500, `${text} word.`]] }))]);
    expect((await rebuildTotals(input)).totals.summaries()["wer"]?.value).toBe(1 / 800);
  });

  it("refuses a file that has a session twice", async () => {
    write(sessions);
    appendFileSync(input.sessionsFile, readFileSync(input.sessionsFile));
    await expect(rebuildTotals(input)).rejects.toThrow(/sessions\.ndjson: session 0 is there twice/);
  });

  it("has a point a second, each with the sessions that ended in it", async () => {
    write(sessions);
    const points = (await rebuildTotals(input)).totals.timeline();
    expect(points.map(({ fromMs }) => fromMs)).toEqual(
      Array.from({ length: points.length }, (_, s) => s * 1000),
    );
    for (const { fromMs, toMs, ended } of points) {
      const inside = sessions.filter(({ endedMs = 0 }) => endedMs >= fromMs && endedMs < toMs);
      expect(ended.scheduled).toBe(inside.length);
    }
  });

  it("counts what was under way as failed by the generator, open until its worker was lost", async () => {
    write(sessions);
    const open = { ...session(20), phase: "steady" } as const;
    appendFileSync(input.startsFile, `${JSON.stringify(start(open))}\n`);
    const lostMs = open.scheduledMs + 500;
    const rebuilt = await rebuildTotals({ ...input, lost: [{ worker: 1, atMs: lostMs, windowOver: false }] });
    expect(rebuilt.inFlight.map(({ seq }) => seq)).toEqual([20]);
    const counts = rebuilt.totals.counts("steady");
    expect(counts).toMatchObject({ scheduled: 21, started: 21, completed: 15, failed: 6 });
    expect(counts.failures).toContainEqual({
      phase: "streaming",
      class: "worker-lost",
      origin: "generator",
      count: 1,
    });
    const openMs = (totals: Totals): number => (totals.summaries()["concurrency"]?.value ?? NaN) * 8000;
    expect(openMs(rebuilt.totals) - openMs(live(sessions))).toBeCloseTo(500, 6);
    // A latency SLO neither gains nor loses by it.
    expect(rebuilt.totals.tally(0)).toEqual(live(sessions).tally(0));
  });

  it("keeps what a lost worker never began in the count, up to the end of the window", async () => {
    write(sessions);
    const planned = [18, 19, 20, 21, 22, 23, 24].map((seq) => plannedPart(session(seq)));
    const rebuilt = await rebuildTotals({
      ...input,
      // A loss that is told of twice counts once.
      lost: [8000, 8000].map((atMs) => ({ worker: 1, atMs, windowOver: false })),
      planned: (worker) => (worker === 1 ? planned : []),
      plannedUntilMs: session(23).scheduledMs,
    });
    // 18 and 19 left records, 23 was planned for the end of the window.
    const counts = rebuilt.totals.counts("steady");
    expect(counts).toMatchObject({ scheduled: 23, completed: 15, failed: 8 });
    expect(counts.failures).toContainEqual({
      phase: "connect",
      class: "worker-lost",
      origin: "generator",
      count: 3,
    });
  });

  it("leaves out a line that was cut short, and finds the whole one behind it", async () => {
    write(sessions.slice(0, 3));
    const cut = JSON.stringify(sessionRecord(session(3))).slice(0, 200);
    appendFileSync(input.sessionsFile, cut);
    write(sessions.slice(4, 6));
    appendFileSync(input.startsFile, `${JSON.stringify(start(session(3)))}\n`);
    appendFileSync(input.sessionsFile, JSON.stringify(sessionRecord(session(7))).slice(0, 300));
    const rebuilt = await rebuildTotals(input);
    expect(rebuilt).toMatchObject({ ended: 5, unreadable: 2 });
    expect(rebuilt.inFlight.map(({ seq }) => seq)).toEqual([3]);
  });

  it("tells of the start of a session whose clip nobody knows", async () => {
    write(sessions.slice(0, 3));
    appendFileSync(input.startsFile, `${JSON.stringify({ ...start(session(3)), clip: "unknown" })}\n`);
    expect(await rebuildTotals(input)).toMatchObject({ ended: 3, inFlight: [], unreadable: 1 });
  });

  it("finds nothing where nothing was written", async () => {
    const rebuilt = await rebuildTotals(input);
    expect(rebuilt).toMatchObject({ ended: 0, inFlight: [], unreadable: 0, lastSeenMs: 0 });
    expect(rebuilt.totals.counts("steady").scheduled).toBe(0);
  });
});
