/** How a word is written: plain as it was spoken, with capitals and punctuation, and with numbers as digits besides. */
import type { Clip } from "../../base/dataset/dataset.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";

/** `plain`: "press one now"; `punctuated`: "Press one now."; `written`: "Press 1 now." */
export type Spelling = "plain" | "punctuated" | "written";

/** The two spellings of a word besides the spoken one. */
export type Spelled = Readonly<Record<Exclude<Spelling, "plain">, string>>;

/**
 * As Riva: without automatic punctuation plain lower-case words; with it capitals and punctuation, numbers as digits (inverse text
 * normalisation) unless `verbatim_transcripts` is asked for.
 */
export function spellingFor(config: RecognitionConfig): Spelling {
  if (!config.enable_automatic_punctuation) return "plain";
  return config.verbatim_transcripts ? "punctuated" : "written";
}

const known = new WeakMap<Clip, readonly Spelled[]>();

/** The spellings of a clip's words, one for each: from its `text_verbatim`; a clip without gets a capital and a full stop. */
export function spelledWords(clip: Clip): readonly Spelled[] {
  const found = known.get(clip);
  if (found) return found;
  const words = clip.words.map(({ word }) => word);
  const parts = (clip.written ?? "").split(/[\s-]+/).filter((part) => /[\p{L}\p{N}]/u.test(part));
  const spelled =
    parts.length === words.length ? words.map((word, i) => pair(word, parts[i] ?? word)) : plainly(words);
  known.set(clip, spelled);
  return spelled;
}

function pair(word: string, part: string): Spelled {
  // A recogniser begins with a word, not with the dots of a quotation.
  const written = part.replace(/^[.…]+/u, "");
  const [before = ""] = /^[^\p{L}\p{N}]*/u.exec(written) ?? [];
  const rest = written.slice(before.length);
  const [marks = ""] = /(?<![^\p{L}\p{N}])[^\p{L}\p{N}]*$/u.exec(rest) ?? [];
  const core = rest.slice(0, rest.length - marks.length);
  if (core.toLowerCase() === word.toLowerCase()) return { punctuated: written, written };
  const capital = /^\p{Lu}/u.test(core) ? capitalised(word) : word;
  // The dot of "Mr." is none of "Mister".
  const ends = /^\p{N}+$/u.test(core) ? marks : marks.replaceAll(".", "");
  return { punctuated: before + capital + ends, written };
}

function plainly(words: readonly string[]): Spelled[] {
  return words.map((word, index) => {
    const first = index === 0 || /^i(?:'|$)/.test(word) ? capitalised(word) : word;
    const text = index === words.length - 1 ? `${first}.` : first;
    return { punctuated: text, written: text };
  });
}

function capitalised(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
