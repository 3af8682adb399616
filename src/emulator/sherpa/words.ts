/** The words of a result of sherpa-onnx, with their times, out of its tokens. */
import type { OnlineResult } from "sherpa-onnx-node";
import type { DecodedWord } from "../host/decoder.ts";

/**
 * The words of `result`: a token that begins with a space begins a word. A word starts at its first token and ends a frame after its
 * last, as the model wrote them, and is as likely as the least likely of its tokens. Where the tokens don't make up the text (bytes,
 * unknown pieces), the text is one entry with the times of the whole.
 * @param frameMs time of one frame of the model's output
 * @param audioMs audio of the utterance: no time is later
 */
export function wordsOf(result: OnlineResult, frameMs: number, audioMs: number): DecodedWord[] {
  const text = result.text.trim();
  if (text === "") return [];
  const { tokens, timestamps } = result;
  const scores = result.ys_probs.length === tokens.length ? result.ys_probs : undefined;
  const atMs = (token: number): number => Math.min(audioMs, Math.round((timestamps[token] ?? 0) * 1000));
  const word = (spelled: string, from: number, to: number): DecodedWord => ({
    word: spelled,
    startMs: atMs(from),
    endMs: Math.min(audioMs, atMs(to - 1) + frameMs, to < timestamps.length ? atMs(to) : Infinity),
    confidence: scores === undefined ? 0 : Math.exp(Math.min(0, ...scores.slice(from, to))),
  });
  const starts = tokens.flatMap((token, at) => (at === 0 || token.startsWith(" ") ? [at] : []));
  const words = starts.map((from, at) => {
    const to = starts[at + 1] ?? tokens.length;
    return word(tokens.slice(from, to).join("").trim(), from, to);
  });
  const made = words.filter((each) => each.word !== "");
  const isWhole = timestamps.length === tokens.length && made.map((each) => each.word).join(" ") === text;
  return isWhole ? made : [word(text, 0, Math.max(1, timestamps.length))];
}
