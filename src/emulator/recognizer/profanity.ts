/** Riva's profanity filter: all but the first letter of a word becomes asterisks. */
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { Reply } from "../engines/engine.ts";

/** Enough to see whether the filter is asked for and works; real servers have lists of thousands. */
const WORDS =
  /(?<![\p{L}\p{N}])(?:arse|asshole|bastard|bitch|bollocks|bullshit|crap|damn|fuck|fucking|shit)(?![\p{L}\p{N}])/giu;

/** `reply` as `config` wants it. */
export function filtered(reply: Reply, config: RecognitionConfig): Reply {
  if (!config.profanity_filter) return reply;
  const words = reply.words?.map((word) => ({ ...word, word: masked(word.word) }));
  return { ...reply, words, transcript: masked(reply.transcript) };
}

function masked(text: string): string {
  return text.replace(WORDS, (word) => word.charAt(0) + "*".repeat(word.length - 1));
}
