import type { Partially, RecognitionConfig, SpeechRecognitionAlternative } from "../../base/riva-proto.ts";
import type { Spelled, Spelling } from "./spelling.ts";

/** A word with its place in the stream. */
export interface SpokenWord {
  word: string;
  startMs: number;
  endMs: number;
  /** Who said it: 0 for the first speaker of the stream. */
  speaker: number;
  /** 0 to 1; 0 = the recogniser can't tell. */
  confidence: number;
  /** How else it is written; placeholders have no other spelling. */
  spelled?: Spelled;
}

/** Confidence of the emulated recogniser: high for words that it knows, low for placeholders. */
export const SURE = 0.97;
export const UNSURE = 0.3;
/** Of the speech that comes with the package; also where a client asks for all languages at once, or for none. */
const LANGUAGE = "en-US";

/** The words in a spelling. */
export function respelled(words: readonly SpokenWord[], spelling: Spelling): readonly SpokenWord[] {
  if (spelling === "plain") return words;
  return words.map((word) => ({ ...word, word: word.spelled?.[spelling] ?? word.word }));
}

/** A final's text, and the words that `config` asks to be listed: times in whole milliseconds, speakers where they are wanted. */
export function finalAlternative(
  transcript: string,
  words: readonly SpokenWord[],
  config: RecognitionConfig,
): Partially<SpeechRecognitionAlternative> {
  const diarized = config.diarization_config?.enable_speaker_diarization === true;
  const listed = diarized || config.enable_word_time_offsets ? words : [];
  const language = /^(multi)?$/.test(config.language_code) ? LANGUAGE : config.language_code;
  const sum = words.reduce((total, word) => total + word.confidence, 0);
  return {
    transcript,
    // 0 = not set: there is nothing to be sure of.
    confidence: words.length === 0 ? 0 : sum / words.length,
    language_code: [language],
    words: listed.map((word) => ({
      word: word.word,
      start_time: Math.round(word.startMs),
      end_time: Math.round(word.endMs),
      confidence: word.confidence,
      speaker_tag: diarized ? word.speaker : 0,
      language_code: language,
    })),
  };
}
