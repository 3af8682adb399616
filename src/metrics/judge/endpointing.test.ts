import { describe, expect, it } from "vitest";
import { FOUR_WORDS, sketch } from "../../../test/support/timeline.ts";
import { simulateEndpointing } from "../../../test/support/endpointing-server.ts";
import type { Observation } from "../observation/observation.ts";
import { type EndpointingStudy, EndpointingTally } from "./endpointing.ts";

function studyOf(
  sessions: readonly Observation[],
  measuredAtMs: number,
  ...settingsMs: readonly number[]
): EndpointingStudy {
  const tally = new EndpointingTally(measuredAtMs, settingsMs);
  for (const session of sessions) tally.add(session);
  return tally.end();
}

/** Speech ends at 800 ms, with a pause of 300 ms after "two". */
const PAUSED = {
  ...FOUR_WORDS,
  id: "paused",
  audioMs: 3000,
  words: [
    { word: "one", startMs: 100, endMs: 200 },
    { word: "two", startMs: 200, endMs: 300 },
    { word: "three", startMs: 600, endMs: 700 },
    { word: "four", startMs: 700, endMs: 800 },
  ],
};
const SERVER = { stepMs: 160, computeMs: 10, flushMs: 20 };

describe("a server that decides every 160 ms, measured at 800 ms", () => {
  // It decided at 1600 ms of the audio, sent 1600 ms after the microphone opened: 800 after the speech, and 30 ms of its own.
  const session = simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800 });
  const { whatIf, endpointed, notModelled } = studyOf([session], 800, 800, 400, 160, 2000, 2400);
  const finals = whatIf?.estimates.map(({ final }) => final.p50);

  it("is measured as it was", () => {
    expect(endpointed.audio.p50).toBe(800);
    expect(endpointed.total.p50).toBe(830);
    expect(whatIf?.measured).toMatchObject({
      stopHistoryMs: 800,
      endpointed: 1,
      final: { count: 1, p50: 830 },
    });
    expect([whatIf?.stepMs, whatIf?.explained, notModelled]).toEqual([160, 1, []]);
  });

  it("is estimated at its own setting as it was measured", () => {
    expect(finals?.[0]).toBe(830);
  });

  it("decides at its next position, with the chunk that carries it", () => {
    // Silence of 400 ms at 1200: next position 1280, in the chunk that is sent at 1300.
    expect(finals?.[1]).toBe(1300 - 800 + 30);
    // Of 160 ms at 960, which is a position: sent at 1000.
    expect(finals?.[2]).toBe(1000 - 800 + 30);
    // Of 2000 ms at 2800: 2880, sent at 2900.
    expect(finals?.[3]).toBe(2900 - 800 + 30);
  });

  it("answers at the end of the stream where the silence behind the speech is shorter than the setting", () => {
    const atEnd = session.responses.at(-1);
    expect(finals?.[4]).toBe((atEnd?.atMs ?? NaN) - 820);
    expect(whatIf?.estimates.map((one) => one.endpointed)).toEqual([1, 1, 1, 1, 0]);
  });

  it("cuts pauses in which a position comes after the setting", () => {
    // The pause is from 300 to 600: with 160 ms it is closed at 480.
    expect(whatIf?.estimates.map(({ pauses }) => pauses.extraFinals)).toEqual([0, 0, 1, 0, 0]);
    expect(whatIf?.estimates[2]?.pauses).toEqual({ sessions: 1, cutSessions: 1, extraFinals: 1 });
  });
});

it("a server that hears the speech end elsewhere is taken at its decision", () => {
  // It closes at 1920: at 1760 its silence was not yet 800 ms, so to it the speech went on until after 960.
  const session = simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800, hearsEndAfterMs: 300 });
  const { whatIf } = studyOf([session], 800, 800, 400);
  expect(whatIf?.explained).toBe(0);
  expect(whatIf?.estimates.map(({ final }) => final.p50)).toEqual([2000 - 800 + 30, 1500 - 800 + 30]);
});

it("silence begins with the last word, not with the annotated end of speech; the wait counts from that", () => {
  const clip = { ...PAUSED, speechEndMs: 1000 };
  const { endpointed, whatIf } = studyOf(
    [simulateEndpointing({ ...SERVER, clip, stopHistoryMs: 800 })],
    800,
    400,
  );
  expect(endpointed.audio.p50).toBe(1600 - 1000);
  expect(whatIf?.explained).toBe(1);
  expect(whatIf?.estimates[0]?.final.p50).toBe(1300 - 1000 + 30);
});

it("a last word that the server placed elsewhere is taken from there", () => {
  const session = simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800, hearsEndAfterMs: 300 });
  const words = [...PAUSED.words.slice(0, 3), { word: "four", startMs: 1000, endMs: 1100 }];
  const responses = session.responses.map((response) =>
    response.final && response.text !== "" ? { ...response, words } : response,
  );
  const { whatIf } = studyOf([{ ...session, responses }], 800, 400);
  expect(whatIf?.explained).toBe(1);
  // 400 ms after 1100: its next position is 1520, in the chunk sent at 1600.
  expect(whatIf?.estimates[0]?.final.p50).toBe(1600 - 800 + 30);
});

it("a final at the end of the stream becomes one by endpointing with a shorter setting, and stays with a longer one", () => {
  const [ended, closed] = [{ ...PAUSED, audioMs: 1500 }, PAUSED].map((clip) =>
    simulateEndpointing({ ...SERVER, clip, stopHistoryMs: 800 }),
  );
  const { atStreamEnd, whatIf } = studyOf([ended!, closed!], 800, 400, 800);
  expect(atStreamEnd.total.count).toBe(1);
  expect(whatIf?.measured.endpointed).toBe(1);
  expect(whatIf?.estimates.map(({ endpointed }) => endpointed)).toEqual([2, 1]);
  expect(whatIf?.estimates[1]?.final).toEqual(whatIf?.measured.final);
});

it("pauses lie between the words as the server placed them, else between those of the reference, and are unknown without any", () => {
  const { text, ...unsaid } = { ...PAUSED, words: [] };
  expect(text).toBeDefined();
  const session = simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800 });
  const words = session.responses.map((response) =>
    response.final && response.text !== "" ? { ...response, words: PAUSED.words } : response,
  );
  const at = (one: Observation): unknown => studyOf([one], 800, 160).whatIf?.estimates[0]?.pauses;
  expect(at({ ...session, clip: unsaid, responses: words })).toEqual({
    sessions: 1,
    cutSessions: 1,
    extraFinals: 1,
  });
  expect(at({ ...session, clip: unsaid })).toEqual({ sessions: 0, cutSessions: 0, extraFinals: 0 });
});

it("what can't be taken apart or modelled is counted with its reason", () => {
  const session = simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800 });
  const positionless = session.responses.map(({ atMs, final, text }) => ({ atMs, final, text }));
  const finalsOnly = session.responses.filter(({ final }) => final);
  const study = studyOf(
    [
      session,
      { ...session, responses: positionless },
      { ...session, responses: finalsOnly },
      { ...session, faults: { condition: "lossy" } },
      { ...session, pace: Infinity },
      sketch({ clip: PAUSED }),
    ],
    800,
    400,
  );
  expect(study.sessions).toBe(4);
  expect(study.notApart).toEqual([
    { why: expect.stringContaining("audio_processed") as string, sessions: 1 },
  ]);
  expect(study.endpointed.total.count).toBe(3);
  expect(study.endpointed.compute.count).toBe(2);
  expect(study.notModelled).toEqual([{ why: expect.stringContaining("condition") as string, sessions: 1 }]);
  expect(study.whatIf?.measured.final.count).toBe(2);
});

it("a final at the end of the stream without a partial shows no position of the server", () => {
  const session = simulateEndpointing({ ...SERVER, clip: { ...PAUSED, audioMs: 900 }, stopHistoryMs: 800 });
  const { notModelled, whatIf } = studyOf(
    [{ ...session, responses: session.responses.filter(({ final }) => final) }],
    800,
    400,
  );
  expect(notModelled).toEqual([{ why: expect.stringContaining("no partial") as string, sessions: 1 }]);
  expect(whatIf).toBeUndefined();
});

it("no setting, no estimate", () => {
  const tally = new EndpointingTally(undefined, []);
  tally.add(simulateEndpointing({ ...SERVER, clip: PAUSED, stopHistoryMs: 800 }));
  expect(tally.end().whatIf).toBeUndefined();
  expect(tally.end().endpointed.total).toEqual({
    ...{ unit: "ms", count: 1, p50: 830, p90: 830, p95: 830, p99: 830, certified: [] },
  });
});
