import { describe, expect, it } from "vitest";
import { FOUR_WORDS, NO_REFERENCE, sketch, type SessionSketch } from "../../../test/support/timeline.ts";
import type { FailureScoring } from "./classify.ts";
import { DEFAULT_SCORING, judged as withVerdict, sessionFailure } from "./classify.ts";

const LONG_SPEECH = { ...FOUR_WORDS, audioMs: 3000, speechEndMs: 2900 };

function judged(spec: SessionSketch): string | undefined {
  const failure = sessionFailure(sketch(spec));
  return failure === undefined ? undefined : `${failure.phase} ${failure.class} ${failure.origin}`;
}

describe("sessionFailure", () => {
  it("finds nothing wrong with a good session", () => {
    expect(
      judged({
        said: [
          [300, "one"],
          [1080, "one two three four."],
        ],
      }),
    ).toBeUndefined();
  });

  it("blames the generator when more than 5 % of the chunks left too late, whatever the server said", () => {
    const clip = { ...FOUR_WORDS, audioMs: 4000 };
    const late = (count: number): number[] => Array.from({ length: 40 }, (_, k) => (k < count ? 10.1 : 10));
    expect(judged({ clip, latenessMs: late(3) })).toBe("streaming generator-late generator");
    expect(judged({ clip, latenessMs: late(2), said: [[2000, "one two three four."]] })).toBeUndefined();
  });

  it("allows 5 ms for small chunks", () => {
    const said = [[1080, "one two three four."]] as const;
    expect(judged({ chunkMs: 20, said, latenessMs: Array.from({ length: 50 }, () => 4.9) })).toBeUndefined();
    expect(judged({ chunkMs: 20, said, latenessMs: Array.from({ length: 50 }, () => 5.1) })).toContain(
      "generator-late",
    );
  });

  it("asks for a final", () => {
    expect(judged({ said: [[300, "one"]] })).toBe("flush no-final server");
  });

  it("asks for words where there is speech", () => {
    const observation = { ...sketch(), responses: [{ atMs: 1080, final: true, text: " " }] };
    expect(sessionFailure(observation)).toMatchObject({
      phase: "flush",
      class: "empty-transcript",
      origin: "server",
    });
  });

  it("takes fewer than half of the words for a cut", () => {
    expect(judged({ said: [[1080, "one."]] })).toBe("flush truncated-transcript server");
    expect(
      judged({
        said: [
          [600, "one."],
          [1080, "two."],
        ],
      }),
    ).toBeUndefined();
  });

  it.each([
    ["one two three four five six seven eight nine zero one two three four five six", "1234567890123456"],
    ["你好，世界。今天天气很好，我们去公园。", "你好世界今天天气很好我们去公园"],
    ["今日はいい天気ですね", "今日は、いい天気ですね。"],
    ["ສະບາຍດີ ຂອບໃຈ", "ສະບາຍດີຂອບໃຈ"],
    ["می‌خواهم بروم", "میخواهم بروم"],
    ["two hundred thousand dollars", "$200,000"],
    ["zweihunderttausend Euro", "200.000 €"],
  ])("takes %j for whole when it is answered %j", (text, answer) => {
    const responses = [{ atMs: 1080, final: true, text: answer }];
    const clip = { ...FOUR_WORDS, text, words: [] };
    expect(sessionFailure({ ...sketch({ clip }), responses })).toBeUndefined();
  });

  it("counts characters where there are no blanks", () => {
    const clip = { ...FOUR_WORDS, text: "今天天气很好，我们去公园。", words: [] };
    const responses = [{ atMs: 1080, final: true, text: "今天天气" }];
    expect(sessionFailure({ ...sketch({ clip }), responses })).toMatchObject({
      class: "truncated-transcript",
      message: "4 characters, 11 expected",
    });
  });

  it("does not ask for words of a text that has none", () => {
    const clip = { ...FOUR_WORDS, text: "…", words: [] };
    const responses = [{ atMs: 1080, final: true, text: "" }];
    expect(sessionFailure({ ...sketch({ clip }), responses })).toBeUndefined();
  });

  it("asks for an interim when they were asked for and there was time", () => {
    const said = [[3080, "one two three four."]] as const;
    expect(judged({ clip: LONG_SPEECH, said })).toBe("streaming no-partial server");
    expect(judged({ clip: LONG_SPEECH, said, interim: false })).toBeUndefined();
    expect(judged({ said })).toBeUndefined();
  });

  it("accepts silence for audio without speech", () => {
    expect(judged({ clip: { ...FOUR_WORDS, text: "", words: [] } })).toBeUndefined();
  });

  it("judges only the final where there is no reference", () => {
    const unknown = { ...NO_REFERENCE, audioMs: 3000, speechEndMs: 2900 };
    expect(judged({ clip: unknown, said: [[3080, "hm."]] })).toBeUndefined();
    expect(judged({ clip: unknown })).toBe("flush no-final server");
  });

  it("does not judge what was cut short", () => {
    expect(judged({ cutShort: true })).toBeUndefined();
  });
});

describe("scoring", () => {
  const scored = (spec: SessionSketch, scoring: Partial<FailureScoring>): string | undefined =>
    sessionFailure(sketch(spec), { ...DEFAULT_SCORING, ...scoring })?.class;
  const cut = { said: [[1080, "one two."]] } as const;

  it("a share of the reference that an answer must have", () => {
    expect(scored(cut, { truncated: 0.5 })).toBeUndefined();
    expect(scored(cut, { truncated: 0.51 })).toBe("truncated-transcript");
    expect(scored({ said: [[1080, "one."]] }, { truncated: "off" })).toBeUndefined();
  });

  it("each class can be switched off by itself", () => {
    const observation = { ...sketch(), responses: [{ atMs: 1080, final: true, text: "" }] };
    expect(sessionFailure(observation, { ...DEFAULT_SCORING, empty: "off" })).toBeUndefined();
    expect(sessionFailure(observation, { ...DEFAULT_SCORING, truncated: "off" })?.class).toBe(
      "empty-transcript",
    );
    expect(scored({ said: [[300, "one"]] }, { noFinal: "off" })).toBeUndefined();
    const late = { clip: LONG_SPEECH, said: [[3080, "one two three four."]] } as const;
    expect(scored(late, { noPartial: "off" })).toBeUndefined();
  });

  it("shows the reference beside the answer, each cut", () => {
    const text = "one ".repeat(100).trim();
    const responses = [{ atMs: 1080, final: true, text: "😀".repeat(200) + " a" }];
    const failure = sessionFailure({ ...sketch({ clip: { ...FOUR_WORDS, text } }), responses });
    expect(failure?.example).toEqual({
      reference: `${text.slice(0, 159)}…`,
      answer: `${"😀".repeat(159)}…`,
    });
  });
});

describe("judged", () => {
  const wrong = sketch({ said: [[300, "one"]] });

  it("fails a session of the window for what is wrong with it", () => {
    expect(withVerdict(wrong).outcome).toMatchObject({ ok: false, failure: { class: "no-final" } });
  });

  it("leaves sessions outside the window alone: they are load, not data", () => {
    const drained = { ...wrong, phase: "drain" as const };
    expect(withVerdict(drained)).toBe(drained);
  });

  it("leaves a session that was dropped alone: it never started", () => {
    const { outcome, ...dropped } = wrong;
    expect(outcome).toEqual({ ok: true });
    expect(withVerdict(dropped)).toBe(dropped);
  });

  it("leaves a session that failed its own first cause, whatever else is wrong with it", () => {
    const failure = {
      phase: "streaming",
      class: "deadline",
      origin: "server",
      code: "X",
      message: "",
    } as const;
    const failed = { ...wrong, outcome: { ok: false as const, failure } };
    expect(withVerdict(failed)).toBe(failed);
  });
});
