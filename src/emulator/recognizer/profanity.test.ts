import { expect, it } from "vitest";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { Reply } from "../engines/engine.ts";
import { filtered } from "./profanity.ts";

const word = (text: string) => ({ word: text, startMs: 0, endMs: 1, speaker: 0, confidence: 1 });
const reply: Reply = {
  ...{ final: true, stability: 0, audioProcessedMs: 1, vad: [] },
  transcript: " Damn, the crapaud said shit.",
  words: ["Damn,", "the", "crapaud", "said", "shit."].map(word),
};
const config = (on: boolean): RecognitionConfig => ({ profanity_filter: on }) as RecognitionConfig;

it("masks all but the first letter of whole words, in the text and in the words", () => {
  const { transcript, words } = filtered(reply, config(true));
  expect(transcript).toBe(" D***, the crapaud said s***.");
  expect(words?.map((each) => each.word)).toEqual(["D***,", "the", "crapaud", "said", "s***."]);
});

it("does nothing unless it is asked for, and nothing to an empty reply", () => {
  expect(filtered(reply, config(false))).toBe(reply);
  const empty: Reply = { ...reply, words: undefined, transcript: "" };
  expect(filtered(empty, config(true))).toEqual(empty);
});
