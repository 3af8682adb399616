import type { Partially, RecognitionConfig, SpeechRecognitionAlternative } from "../base/riva-proto.ts";

/** A word with its place in the stream. */
export interface SpokenWord {
  word: string;
  startMs: number;
  endMs: number;
  /** Who said it: 0 for the first speaker of the stream. */
  speaker: number;
}

/** The words that `config` asks to be listed: all of them, without speakers unless those are wanted, or none. */
export function shownWords(config: RecognitionConfig, words: readonly SpokenWord[]): readonly SpokenWord[] {
  if (config.diarization_config?.enable_speaker_diarization === true) return words;
  return config.enable_word_time_offsets ? words.map((word) => ({ ...word, speaker: 0 })) : [];
}

/** Text and words as a response carries them: times in whole milliseconds. */
export function alternative(
  transcript: string,
  words: readonly SpokenWord[],
): Partially<SpeechRecognitionAlternative> {
  return {
    transcript,
    words: words.map(({ word, startMs, endMs, speaker }) => ({
      word,
      start_time: Math.round(startMs),
      end_time: Math.round(endMs),
      speaker_tag: speaker,
    })),
  };
}
