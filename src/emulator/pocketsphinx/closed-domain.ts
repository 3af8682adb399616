/**
 * A language model that knows the sentences of a dataset and nothing else: a trigram with absolute discounting, as ARPA text, and the
 * lines of a dictionary for its words. It has seen what it is tested with, so its accuracy is optimistic and labelled so.
 */
import { spokenWords } from "../../base/text/text.ts";

const ORDER = 3;
const DISCOUNT = 0.5;
const START = "<s>";
const END = "</s>";
/** Log of a probability of nothing, as tools write it. */
const NEVER = -99;

export interface ClosedDomain {
  /** The model, in ARPA format. */
  arpa: string;
  /** Lines of the dictionary for its words. */
  dictionary: string;
  /** Words of the texts that the dictionary does not have: they are never recognised. */
  missing: string[];
}

/**
 * The model of `texts`.
 * @param dictionary a pronouncing dictionary of PocketSphinx: `word PH ON ES` and `word(2) PH ON ES`
 */
export function closedDomain(texts: readonly string[], dictionary: string): ClosedDomain {
  const pronounced = new Map<string, string[]>();
  for (const line of dictionary.split("\n")) {
    const [entry = ""] = line.split(/\s/, 1);
    const word = entry.replace(/\(\d+\)$/, "");
    if (word !== "") pronounced.set(word, [...(pronounced.get(word) ?? []), line.trim()]);
  }
  const spoken = texts.map((text) => spokenWords(text));
  const all = [...new Set(spoken.flat())].sort();
  const known = all.filter((word) => pronounced.has(word));
  return {
    arpa: arpaOf(spoken.map((words) => words.filter((word) => pronounced.has(word)))),
    dictionary: known
      .flatMap((word) => pronounced.get(word) ?? [])
      .map((line) => `${line}\n`)
      .join(""),
    missing: all.filter((word) => !pronounced.has(word)),
  };
}

/** Counts of the words after each history. */
type Counts = Map<string, Map<string, number>>;

function arpaOf(sentences: readonly (readonly string[])[]): string {
  const counts: Counts[] = Array.from({ length: ORDER }, () => new Map<string, Map<string, number>>());
  for (const sentence of sentences) {
    if (sentence.length === 0) continue;
    const words = [START, ...sentence, END];
    for (let at = 1; at < words.length; at++) {
      for (let order = 0; order < ORDER && order <= at; order++) {
        const history = words.slice(at - order, at).join(" ");
        const after = counts[order]?.get(history) ?? new Map<string, number>();
        counts[order]?.set(history, after);
        const word = words[at] as string;
        after.set(word, (after.get(word) ?? 0) + 1);
      }
    }
  }
  const sections = counts.map((ofOrder, order) => [
    ...(order === 0 ? [entry(NEVER, START, backoff(counts, [START]))] : []),
    ...[...ofOrder].flatMap(([history, after]) =>
      [...after.keys()].map((word) => {
        const words = history === "" ? [] : history.split(" ");
        const weight = order === ORDER - 1 || word === END ? undefined : backoff(counts, [...words, word]);
        return entry(Math.log10(probability(counts, words, word)), [...words, word].join(" "), weight);
      }),
    ),
  ]);
  const head = sections.map((lines, order) => `ngram ${order + 1}=${lines.length}`);
  const body = sections.map((lines, order) => `\\${order + 1}-grams:\n${lines.join("\n")}\n`);
  return `\\data\\\n${head.join("\n")}\n\n${body.join("\n")}\n\\end\\\n`;
}

function entry(log10: number, words: string, backoffWeight?: number): string {
  const weight = backoffWeight === undefined ? "" : ` ${Math.log10(backoffWeight).toFixed(5)}`;
  return `${log10.toFixed(5)} ${words}${weight}`;
}

/** Probability of `word` after `history`: its discounted count, and a share of the probability after shorter histories. */
function probability(counts: readonly Counts[], history: readonly string[], word: string): number {
  const after = counts[history.length]?.get(history.join(" "));
  if (history.length === 0) {
    const total = sum(after);
    return (after?.get(word) ?? 0) / total;
  }
  const shorter = probability(counts, history.slice(1), word);
  if (after === undefined) return shorter;
  const kept = Math.max((after.get(word) ?? 0) - DISCOUNT, 0) / sum(after);
  return kept + backoff(counts, history) * shorter;
}

/** Share of the probability after `history` that is left to shorter histories. */
function backoff(counts: readonly Counts[], history: readonly string[]): number {
  const after = counts[history.length]?.get(history.join(" "));
  return after === undefined ? 1 : (DISCOUNT * after.size) / sum(after);
}

function sum(after: ReadonlyMap<string, number> | undefined): number {
  return [...(after?.values() ?? [])].reduce((total, count) => total + count, 0);
}
