/** From the end of each spoken word to the moment at which it could be read. */
import { readWords, spelledOut } from "../../base/text/read-numbers.ts";
import { isWrittenNumber, spokenWords } from "../../base/text/text.ts";
import type { Hypothesis, Segment } from "../observation/hypotheses.ts";
import { segmentsOf } from "../observation/hypotheses.ts";
import type { MetricRow, SeriesMetric } from "./metric.ts";
import { actual, planned, type Timebase } from "../observation/moments.ts";
import type { ClipFacts, Observation } from "../observation/observation.ts";
import { remembered } from "../observation/remembered.ts";
import { alignWords, commonPrefix } from "../observation/word-align.ts";

/**
 * When the words of all finals were read, and the end of the reference word that each is [e_w]: one place in each list a
 * word, NaN for never and none. Milliseconds since the start of the run, and in the clip. Places from `count` on are left
 * over from other sessions: the lists are used again, because this is on the timed path's thread.
 */
interface Emissions {
  count: number;
  firstMs: Float64Array;
  stableMs: Float64Array;
  finalMs: Float64Array;
  endsMs: Float64Array;
}

function emissionsOf(capacity: number): Emissions {
  const list = (): Float64Array => new Float64Array(capacity);
  return { count: 0, firstMs: list(), stableMs: list(), finalMs: list(), endsMs: list() };
}

let lists = emissionsOf(256);

/** The lists, with room for `count` words of which nothing is known. */
function unread(count: number): Emissions {
  if (count > lists.endsMs.length) lists = emissionsOf(2 * count);
  lists.count = count;
  for (let i = 0; i < count; i++)
    lists.firstMs[i] = lists.stableMs[i] = lists.finalMs[i] = lists.endsMs[i] = NaN;
  return lists;
}

/** Fills in the words of a segment's final, from place `from` on: when each was first there, there to stay, and final. */
function readSegment(emissions: Emissions, { partials, final }: Segment, from: number): void {
  emissions.finalMs.fill(final.atMs, from, from + final.words.length);
  let shownTo = 0;
  for (const partial of partials) shownTo = read(emissions, partial, final.words, from, shownTo);
  read(emissions, final, final.words, from, shownTo);
}

/**
 * Notes which words of the final a hypothesis has in their places. No closure, which would lose its compiled code whenever
 * the collector finds none alive.
 *
 * @param shownTo end of the words that were in the hypothesis before: most are that one with a word more
 * @returns the same of this one
 */
function read(
  { firstMs, stableMs }: Emissions,
  { atMs, words: shown }: Hypothesis,
  finalWords: readonly string[],
  from: number,
  shownTo: number,
): number {
  const head = commonPrefix(shown, finalWords);
  const kept = head === shown.length ? undefined : alignWords(shown, finalWords, "free").places;
  let upTo = head;
  if (kept !== undefined) for (const place of kept) upTo = Math.max(upTo, place + 1);
  for (let place = 0; place < Math.max(upTo, shownTo); place++) {
    const at = from + place;
    if (place >= head && kept?.includes(place) !== true) stableMs[at] = NaN;
    else {
      if (Number.isNaN(firstMs[at])) firstMs[at] = atMs;
      if (Number.isNaN(stableMs[at])) stableMs[at] = atMs;
    }
  }
  return upTo;
}

interface Reference {
  words: readonly string[];
  endsMs: readonly number[];
  /** Whether some of the words are numbers in digits, which are read out as the answer has them. */
  numbered: boolean;
}

const references = new WeakMap<ClipFacts, Reference>();

function referenceOf(clip: ClipFacts): Reference {
  let reference = references.get(clip);
  if (reference === undefined) {
    const flat = clip.words.flatMap(({ word, endMs }) => spokenWords(word).map((part) => ({ part, endMs })));
    const words = flat.map(({ part }) => part);
    reference = { words, endsMs: flat.map(({ endMs }) => endMs), numbered: words.some(isWrittenNumber) };
    references.set(clip, reference);
  }
  return reference;
}

/** All words of a number end where it ends in the manifest. */
function asSaid(reference: Reference, said: readonly string[]): Reference {
  if (!reference.numbered) return reference;
  const readings = readWords(reference.words, [said]).map(
    (reading, index) => reading ?? spelledOut(reference.words[index] ?? ""),
  );
  const endsMs = readings.flatMap((reading, index) => reading.map(() => reference.endsMs[index] ?? NaN));
  return { words: readings.flat(), endsMs, numbered: false };
}

/** Valid until those of another session are asked for. */
const spokenEmissions = remembered((observation: Observation): Readonly<Emissions> => {
  const reference = referenceOf(observation.clip);
  const speaks = !observation.cutShort && reference.words.length > 0;
  const segments = speaks ? segmentsOf(observation) : [];
  const [only, ...others] = segments;
  const words =
    others.length === 0 ? (only?.final.words ?? []) : segments.flatMap(({ final }) => final.words);
  const emissions = unread(words.length);
  let from = 0;
  for (const segment of segments) {
    readSegment(emissions, segment, from);
    from += segment.final.words.length;
  }
  const spoken = asSaid(reference, words);
  const { places } = alignWords(words, spoken.words, "counts");
  for (let i = 0; i < words.length; i++) emissions.endsMs[i] = spoken.endsMs[places[i] ?? -1] ?? NaN;
  return emissions;
});

function wordEmission(
  name: string,
  row: Pick<MetricRow, "label" | "place">,
  when: string,
  form: "firstMs" | "stableMs" | "finalMs",
): SeriesMetric {
  const each =
    (timebase: Timebase): SeriesMetric["each"] =>
    (observation, emit) => {
      const { count, endsMs, [form]: readMs } = spokenEmissions(observation);
      for (let i = 0; i < count; i++) {
        const endMs = endsMs[i] ?? NaN;
        const spokenMs = Number.isNaN(endMs) ? undefined : timebase(observation, endMs);
        if (spokenMs !== undefined) emit((readMs[i] ?? NaN) - spokenMs);
      }
    };
  return {
    name,
    row: { ...row, group: "latencies" },
    unit: "ms",
    better: "lower",
    per: "word",
    help:
      `R_j(w) - (A0 + e_w/v) for each reference word w that the finals contain, e_w = its end in the clip, j(w) = ${when} ` +
      "Hypotheses are aligned with their final, the finals with the reference, by the fewest edits over normalised words; " +
      "needs reference word times.",
    each: each(planned),
    actual: each(actual),
  };
}

export const EMISSION_METRICS: readonly SeriesMetric[] = [
  wordEmission(
    "word_emission_first",
    { label: "word, first shown", place: 9 },
    "the first response that has w at its aligned place.",
    "firstMs",
  ),
  wordEmission(
    "word_emission_stable",
    { label: "word, for good", place: 10 },
    "the response from which on w never changes again.",
    "stableMs",
  ),
  wordEmission(
    "word_emission_final",
    { label: "word, in a final", place: 11 },
    "the final that contains w.",
    "finalMs",
  ),
];
