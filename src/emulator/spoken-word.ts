import type { Partially, SpeechRecognitionAlternative } from "../base/riva-proto.ts";

/** A word with its place in the stream. */
export interface SpokenWord {
  word: string;
  startMs: number;
  endMs: number;
}

/** Text and words as a response carries them: times in whole milliseconds. */
export function alternative(
  transcript: string,
  words: readonly SpokenWord[],
): Partially<SpeechRecognitionAlternative> {
  return {
    transcript,
    words: words.map(({ word, startMs, endMs }) => ({
      word,
      start_time: Math.round(startMs),
      end_time: Math.round(endMs),
    })),
  };
}
