import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FOUR_WORDS, NO_REFERENCE, sketch } from "../../../test/support/timeline.ts";
import { randomStream } from "../../base/random.ts";
import { judgeSlo } from "../judge/gate.ts";
import { parseSlo } from "../judge/slo.ts";
import type { ClipAccuracy } from "../observation/accuracy.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import { createRecorder } from "../record/recorder.ts";
import { createTotals, type Totals } from "../record/totals.ts";
import { clipInterval } from "../stats/clip-bootstrap.ts";

const CONFIG = { window: { startMs: 0, endMs: 10_000 }, slos: [] };
const SCORED: ClipFacts = { ...FOUR_WORDS, scoring: { normalizer: "whisper-en", unit: "word" } };

function totalsOf(...workers: readonly Observation[][]): Totals {
  const totals = createTotals(CONFIG);
  for (const observations of workers) {
    const recorder = createRecorder(CONFIG);
    for (const observation of observations) recorder.record(observation);
    totals.add(recorder.snapshot(0, 1000));
  }
  return totals;
}

function said(text: string, clip: ClipFacts = SCORED): Observation {
  return sketch({ clip, said: [[1100, `${text}.`]] });
}

function failed(clip: ClipFacts = SCORED, origin: "server" | "generator" | "caller" = "server"): Observation {
  return sketch({ clip, failure: { origin } });
}

/** Clips with ten words each, `wrong` of them wrong. */
function clipsWith(wrong: readonly number[]): Observation[] {
  const words = "a b c d e f g h i j".split(" ");
  return wrong.map((count, index) =>
    said(words.map((word, at) => (at < count ? "x" : word)).join(" "), {
      ...SCORED,
      id: `clip-${index}`,
      text: words.join(" "),
    }),
  );
}

describe("error rates", () => {
  it("are ratios of all words, not means of ratios", () => {
    const long: ClipFacts = { ...SCORED, id: "long", text: "one two three four five six seven eight" };
    const totals = totalsOf([said("one two"), said("one two three four five six seven eight", long)]);
    const { wer, deletions, substitutions, insertions } = totals.summaries();
    expect(wer?.value).toBeCloseTo(2 / 12, 12);
    expect(deletions?.value).toBeCloseTo(2 / 12, 12);
    expect(substitutions?.value).toBe(0);
    expect(insertions?.value).toBe(0);
    expect(wer?.clips).toBe(2);
  });

  it("count what was put in, left out and changed", () => {
    const { wer, deletions, substitutions, insertions } = totalsOf([
      said("one too three three five"),
    ]).summaries();
    expect([substitutions?.value, insertions?.value, deletions?.value]).toEqual([0.5, 0.25, 0]);
    expect(wer?.value).toBe(0.75);
  });

  it("know numbers however they are written", () => {
    expect(totalsOf([said("1234")]).summaries()["wer"]?.value).toBe(0);
  });

  it("count the words of failed sessions as deleted, once with and once without", () => {
    const metrics = totalsOf([said("one two three four"), failed()]).summaries();
    expect(metrics["wer"]?.value).toBe(0);
    expect(metrics["wer_with_failures"]?.value).toBe(0.5);
  });

  it("count a failed session's numbers as the clip's answers have them read out", () => {
    const year: ClipFacts = { ...SCORED, id: "year", text: "It is 1999." };
    const metrics = totalsOf([said("it is nineteen ninety nine", year), failed(year)]).summaries();
    expect(metrics["wer_with_failures"]?.value).toBe(5 / 10);
  });

  it("leave out what the generator spoiled and callers who left on purpose", () => {
    const metrics = totalsOf([
      said("one two three four"),
      failed(SCORED, "generator"),
      failed(SCORED, "caller"),
    ]).summaries();
    expect(metrics["wer_with_failures"]?.value).toBe(0);
  });

  it("are not measured without a reference, never nothing", () => {
    const metrics = totalsOf([said("one two", { ...NO_REFERENCE, scoring: SCORED.scoring! })]).summaries();
    expect(metrics).not.toHaveProperty("wer");
    expect(metrics).not.toHaveProperty("transcript_parity");
  });

  it("of a clip without speech have insertions and no words to divide them by", () => {
    const silence: ClipFacts = { ...SCORED, id: "silence", text: "", words: [] };
    expect(totalsOf([said("hello", silence)]).summaries()).not.toHaveProperty("wer");
    const both = totalsOf([said("hello", silence), said("one two three four")]).summaries();
    expect(both["wer"]?.value).toBe(0.25);
  });

  it("count characters where the clip is scored so, and mix no units", () => {
    const chinese: ClipFacts = {
      ...NO_REFERENCE,
      id: "zh",
      text: "今天天气很好",
      scoring: { normalizer: "basic", unit: "character" },
    };
    const metrics = totalsOf([said("今天天汽很好", chinese), said("one two three four")]).summaries();
    expect(metrics["cer"]?.value).toBeCloseTo(1 / 6, 12);
    expect(metrics["wer"]?.value).toBe(0);
  });

  it("are there by stage", () => {
    const calm = sketch({ clip: SCORED, stage: "calm", said: [[1100, "one two three four."]] });
    const busy = sketch({ clip: SCORED, stage: "busy", said: [[1100, "one two."]] });
    const totals = totalsOf([calm, busy]);
    expect(totals.summaries("calm")["wer"]?.value).toBe(0);
    expect(totals.summaries("busy")["wer"]?.value).toBe(0.5);
    expect(totals.summaries()["wer"]?.value).toBe(0.25);
  });
});

it("long transcripts are put off until nothing is timed any more", () => {
  const text = Array.from({ length: 800 }, () => "word").join(" ");
  const recorder = createRecorder(CONFIG);
  recorder.record(said(text.slice(5), { ...SCORED, id: "long", text }));
  recorder.record(said("one two three four"));
  const scored = (): ClipAccuracy[] => Object.values(recorder.snapshot(0, 1000).accuracy).flat();
  expect(scored().map(({ clip }) => clip)).toEqual([SCORED.id]);
  expect([recorder.scoreNext(), recorder.scoreNext()]).toEqual([true, false]);
  expect(scored()).toMatchObject([{ clip: "long", reference: 800, deletions: 1, sessions: 1 }]);
});

describe("transcript_parity", () => {
  const asked: ClipFacts = { ...SCORED, unloaded: "One two three, for." };

  it("is the share of sessions that answer as without load, whether right or wrong", () => {
    const metrics = totalsOf([
      said("one two three for", asked),
      said("one two three four", asked),
    ]).summaries();
    expect(metrics["transcript_parity"]?.value).toBe(0.5);
  });

  it("has failed sessions in its denominator", () => {
    const metrics = totalsOf([said("one two three for", asked), failed(asked)]).summaries();
    expect(metrics["transcript_parity"]?.value).toBe(0.5);
  });
});

it("adds up the same whichever worker ran which session", () => {
  const answers = ["one two three four", "one two", "", "one two three four five", "1234"];
  const session = fc.record({
    answer: fc.constantFrom(...answers),
    fails: fc.boolean(),
    clip: fc.constantFrom("a", "b", "c"),
    worker: fc.nat({ max: 2 }),
  });
  fc.assert(
    fc.property(fc.array(session, { minLength: 1, maxLength: 20 }), (sessions) => {
      const made = sessions.map(({ answer, fails, clip }) => {
        const facts = { ...SCORED, id: clip };
        return fails ? failed(facts) : said(answer, facts);
      });
      const alone = totalsOf(made);
      const shared = totalsOf(
        ...[0, 1, 2].map((worker) => made.filter((_, index) => sessions[index]?.worker === worker)),
      );
      expect(shared.accuracy()).toEqual(alone.accuracy());
    }),
  );
});

describe("an SLO on a ratio over clips", () => {
  const judged = (slo: string, wrong: readonly number[]): string =>
    judgeSlo(parseSlo(slo), totalsOf(clipsWith(wrong)).summaries()["wer"], []).verdict;

  it("is decided where the whole interval lies on one side", () => {
    const wrong = Array.from({ length: 20 }, (_, index) => index % 2);
    expect(judged("wer < 20%", wrong)).toBe("pass");
    expect(judged("wer < 1%", wrong)).toBe("fail");
    expect(judged("wer < 5%", wrong)).toBe("inconclusive");
  });

  it("is not decided by a few clips", () => {
    expect(judged("wer < 50%", [0, 1, 0])).toBe("inconclusive");
  });
});

it("where nothing was wrong the interval is open by the rule of three", () => {
  const { wer } = totalsOf(clipsWith(Array.from({ length: 20 }, () => 0))).summaries();
  expect(wer).toMatchObject({ value: 0, low: 0, high: 3 / 200, clips: 20 });
});

it("what is said to clips without speech is in the value and in its interval", () => {
  const silent = Array.from({ length: 10 }, (_, index) =>
    said("hello there my friend", { ...SCORED, id: `silent-${index}`, text: "", words: [] }),
  );
  const { wer } = totalsOf([...clipsWith([0, 0, 0, 1]), ...silent]).summaries();
  expect(wer).toMatchObject({ value: 41 / 40, clips: 14 });
  expect(wer?.low).toBeLessThan(41 / 40);
  expect(wer?.high).toBeGreaterThan(41 / 40);
});

it("the interval holds the planted rate 19 times of 20", () => {
  const random = randomStream(11, "planted");
  let held = 0;
  for (let run = 0; run < 200; run++) {
    // Clips of 4 to 27 words, each with a rate of its own between none and twice the planted one.
    const clips = Array.from({ length: 29 }, () => {
      const words = 4 + Math.floor(random() * 24);
      const rate = 0.24 * random();
      return { words, wrong: Array.from({ length: words }, () => random() < rate).filter(Boolean).length };
    });
    const interval = clipInterval(
      clips.map(({ wrong, words }) => [wrong, words] as const),
      clips.reduce((sum, { words }) => sum + words, 0),
      randomStream(run, "draws"),
    );
    if (interval !== undefined && interval.low <= 0.12 && interval.high >= 0.12) held++;
  }
  expect(held).toBeGreaterThanOrEqual(184);
});
