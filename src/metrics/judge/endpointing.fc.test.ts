import fc from "fast-check";
import { expect, it } from "vitest";
import { type EndpointingServer, simulateEndpointing } from "../../../test/support/endpointing-server.ts";
import { coveringFinal } from "../observation/moments.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import { type AtSetting, EndpointingTally } from "./endpointing.ts";

/** Positions and chunks lie on tens of milliseconds: they are matched within one. */
const tens = (min: number, max: number): fc.Arbitrary<number> =>
  fc.integer({ min: min / 10, max: max / 10 }).map((n) => n * 10);

const clip: fc.Arbitrary<ClipFacts> = fc
  .record({
    words: fc.array(fc.tuple(fc.integer({ min: 0, max: 1500 }), fc.integer({ min: 50, max: 700 })), {
      minLength: 1,
      maxLength: 6,
    }),
    silenceMs: fc.integer({ min: 0, max: 3000 }),
  })
  .map(({ words, silenceMs }) => {
    let atMs = 100;
    const placed = words.map(([pauseMs, lengthMs], index) => {
      const startMs = atMs + pauseMs;
      atMs = startMs + lengthMs;
      return { word: `word${"abcdef"[index]!}`, startMs, endMs: atMs };
    });
    return {
      ...{
        id: "clip",
        audioMs: Math.ceil((atMs + silenceMs) / 10) * 10,
        onsetMs: placed[0]!.startMs,
        speechEndMs: atMs,
        words: placed,
      },
      text: placed.map(({ word }) => word).join(" "),
    };
  });

const server = fc.record({
  clip,
  chunkMs: tens(20, 300),
  stepMs: tens(40, 320),
  stopHistoryMs: fc.integer({ min: 100, max: 2000 }),
  computeMs: fc.integer({ min: 0, max: 500 }),
  flushMs: fc.integer({ min: 0, max: 500 }),
});

const other = fc.integer({ min: 100, max: 3000 });

/** Someone who speaks on and on, so that the server shows each of its positions; not modelled, because of the condition. */
function talker(spec: EndpointingServer): Observation {
  const words = Array.from({ length: 60 }, (_, i) => ({
    word: `w${i}`,
    startMs: i * 30,
    endMs: i * 30 + 30,
  }));
  const clip = { ...spec.clip, audioMs: 1800, words, speechEndMs: 1800 };
  return { ...simulateEndpointing({ ...spec, clip }), faults: { condition: "talker" } };
}

/** Undefined where the session has no position of its server. */
function estimated(spec: EndpointingServer, settingMs: number): AtSetting | undefined {
  const tally = new EndpointingTally(spec.stopHistoryMs, [settingMs]);
  tally.add(talker(spec));
  tally.add(simulateEndpointing(spec));
  const [estimate] = tally.end().whatIf?.estimates ?? [];
  expect(estimate).toBeDefined();
  return estimate?.final.count === 0 ? undefined : estimate;
}

function truth(spec: EndpointingServer): { latencyMs: number; cuts: number; endpointed: boolean } {
  const session = simulateEndpointing(spec);
  const final = coveringFinal(session)!;
  const finals = session.responses.filter((response) => response.final && response.text !== "");
  return {
    latencyMs: final.atMs - (20 + spec.clip.speechEndMs),
    cuts: finals.length - 1,
    endpointed: final !== session.responses.at(-1),
  };
}

it("the estimate for a server that follows the model is what that server does", () => {
  fc.assert(
    fc.property(server, other, (spec, settingMs) => {
      const estimate = estimated(spec, settingMs);
      if (estimate === undefined) return;
      const { latencyMs, cuts, endpointed } = truth({ ...spec, stopHistoryMs: settingMs });
      expect(estimate.final.p50).toBeCloseTo(latencyMs, 6);
      expect(estimate.pauses.extraFinals).toBe(cuts);
      expect(estimate.endpointed).toBe(endpointed ? 1 : 0);
    }),
    { numRuns: 400 },
  );
});

it("at the setting of the run the estimate is the measurement, wherever the server hears the speech end", () => {
  fc.assert(
    fc.property(server, fc.integer({ min: 0, max: 400 }), (spec, hearsEndAfterMs) => {
      const heard = { ...spec, hearsEndAfterMs };
      const estimate = estimated(heard, spec.stopHistoryMs);
      if (estimate !== undefined) expect(estimate.final.p50).toBeCloseTo(truth(heard).latencyMs, 6);
    }),
    { numRuns: 400 },
  );
});

it("a longer setting never brings a final earlier, nor more of them", () => {
  fc.assert(
    fc.property(server, other, fc.integer({ min: 1, max: 1000 }), (spec, settingMs, moreMs) => {
      const [shorter, longer] = [settingMs, settingMs + moreMs].map((ms) => estimated(spec, ms));
      if (shorter === undefined || longer === undefined) return;
      expect(longer.final.p50).toBeGreaterThanOrEqual((shorter.final.p50 ?? NaN) - 1e-6);
      expect(longer.pauses.extraFinals).toBeLessThanOrEqual(shorter.pauses.extraFinals);
    }),
  );
});
