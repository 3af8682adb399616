import { describe, expect, it } from "vitest";
import { rivaServices } from "../../base/riva-proto.ts";
import type { Partially, StreamingRecognitionResult } from "../../base/riva-proto.ts";
import { decodeResponse } from "./riva-decode.ts";

const { responseSerialize } = rivaServices().asr.StreamingRecognize;

const decode = (...results: Partially<StreamingRecognitionResult>[]): unknown =>
  decodeResponse(responseSerialize({ results, id: { value: "r" } }), 5);

const says = (transcript: string): Partially<StreamingRecognitionResult> => ({
  alternatives: [{ transcript }],
});

describe("decodeResponse", () => {
  it("an empty message is a response without text", () => {
    expect(decodeResponse(Buffer.alloc(0), 5)).toEqual({ atMs: 5, final: false, text: "" });
    expect(decode()).toEqual({ atMs: 5, final: false, text: "" });
  });

  it("joins the interim results, and tells the stability of the first that has one", () => {
    expect(decode({ ...says("hello"), stability: 0.5 }, { ...says(" wor"), stability: 0.25 })).toEqual({
      atMs: 5,
      final: false,
      text: "hello wor",
      stability: 0.5,
    });
  });

  it("joins the finals as sent; interim text beside them trails", () => {
    expect(
      decode({ ...says("one."), is_final: true }, says(" th"), { ...says(" two."), is_final: true }),
    ).toEqual({ atMs: 5, final: true, text: "one. two.", trailingInterim: " th" });
  });

  it("reads the best alternative only", () => {
    const alternatives = [{ transcript: "best" }, { transcript: "second", words: [{ word: "second" }] }];
    expect(decode({ alternatives, is_final: true })).toEqual({ atMs: 5, final: true, text: "best" });
  });

  it("takes results without alternatives", () => {
    expect(decode({ pipeline_states: { vad_probabilities: [0.5, 1] }, audio_processed: 0.5 })).toEqual({
      atMs: 5,
      final: false,
      text: "",
      audioProcessedS: 0.5,
    });
    expect(decode({ is_final: true })).toEqual({ atMs: 5, final: true, text: "" });
  });

  it("tells the furthest audio_processed", () => {
    expect(decode({ audio_processed: 2 }, { audio_processed: 1 })).toMatchObject({ audioProcessedS: 2 });
    // Some servers send the default, which means the same as sending nothing.
    expect(decode({ audio_processed: 0, stability: 0 })).toEqual({ atMs: 5, final: false, text: "" });
  });

  it("takes Infinity and NaN for numbers that were not given", () => {
    for (const number of [Infinity, -Infinity, NaN])
      expect(decode({ audio_processed: number, stability: number })).toEqual({
        atMs: 5,
        final: false,
        text: "",
      });
  });

  it("tells the words of the finals, or of the interims when there is no final", () => {
    const first = {
      alternatives: [{ transcript: "a", words: [{ start_time: 80, end_time: 160, word: "a" }] }],
    };
    const second = {
      alternatives: [{ transcript: "é", words: [{ start_time: 160, end_time: 70_000, word: "é" }] }],
    };
    const words = [
      { word: "a", startMs: 80, endMs: 160 },
      { word: "é", startMs: 160, endMs: 70_000 },
    ];
    expect(decode(first, second)).toMatchObject({ final: false, words });
    expect(decode({ ...first, is_final: true }, { ...second, is_final: true })).toMatchObject({
      final: true,
      words,
    });
    expect(decode({ ...first, is_final: true }, second)).toMatchObject({ words: [words[0]] });
    expect(decode(says("no words"))).not.toHaveProperty("words");
  });

  it("takes fields in any order, and steps over those it does not know", () => {
    const isFinal = "1001";
    const unknown = "a00601" + "a90600000000000000aa" + "aa06021234" + "ad0600000000";
    const alternative = "0a07" + "0a026869" + "aa0600";
    const result = Buffer.from(isFinal + unknown + alternative, "hex");
    const bytes = Buffer.concat([Buffer.from(unknown, "hex"), Buffer.from([0x0a, result.length]), result]);
    expect(decodeResponse(bytes, 5)).toEqual({ atMs: 5, final: true, text: "hi" });
  });

  it.each([
    ["a length beyond the end", "0a05"],
    ["a length beyond its parent", "0a040a050a00"],
    ["a varint cut off", "0a80"],
    ["a varint without end", "08ffffffffffffffffffffff01"],
    ["a float cut off", "0a021d00"],
    ["a tag alone", "0a0110"],
    ["field number 0", "0000"],
    ["a group", "0b0c"],
    ["a wire type that does not exist", "0f"],
  ])("throws on %s", (_, hex) => {
    expect(() => decodeResponse(Buffer.from(hex, "hex"), 0)).toThrow(
      /truncated|malformed|field number|wire type/,
    );
  });
});
