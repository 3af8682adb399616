/** From the end of each spoken word to the moment at which it could be read. */
import { spokenWords } from "../base/text.ts";
import type { Hypothesis, Segment } from "./hypotheses.ts";
import { remembered, segmentsOf } from "./hypotheses.ts";
import type { SeriesMetric } from "./metric.ts";
import { actual, planned, type Timebase } from "./moments.ts";
import type { ClipFacts, Observation } from "./observation.ts";
import { alignWords, commonPrefix } from "./word-align.ts";

/** When the words of a text were read: one place in each list a word; milliseconds since the start of the run. */
interface Emissions {
  words: string[];
  firstMs: number[];
  stableMs: number[];
  finalMs: number[];
}

/** Adds the words of a segment's final: when each was first at its place, there to stay, and final. */
function addSegment(emissions: Emissions, { partials, final }: Segment): void {
  const { words, firstMs, stableMs, finalMs } = emissions;
  const from = words.length;
  for (const word of final.words) {
    words.push(word);
    firstMs.push(NaN);
    stableMs.push(NaN);
    finalMs.push(final.atMs);
  }
  /** Words from here on were not in the hypothesis before. */
  let shownTo = 0;
  for (const partial of partials) read(partial);
  read(final);

  function read({ atMs, words: shown }: Hypothesis): void {
    const head = commonPrefix(shown, final.words);
    const kept = head === shown.length ? undefined : alignWords(shown, final.words, "free").places;
    // Most hypotheses are the one before with a word more: what was there and stays needs no second look.
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
    shownTo = upTo;
  }
}

interface Reference {
  words: string[];
  endsMs: number[];
}

const references = new WeakMap<ClipFacts, Reference>();

function referenceOf(clip: ClipFacts): Reference {
  let reference = references.get(clip);
  if (reference === undefined) {
    const flat = clip.words.flatMap(({ word, endMs }) => spokenWords(word).map((part) => ({ part, endMs })));
    reference = { words: flat.map(({ part }) => part), endsMs: flat.map(({ endMs }) => endMs) };
    references.set(clip, reference);
  }
  return reference;
}

/** The words of all finals, and for each the end of the reference word that it is [e_w], or NaN. */
const spokenEmissions = remembered((observation: Observation) => {
  const reference = referenceOf(observation.clip);
  const emissions: Emissions = { words: [], firstMs: [], stableMs: [], finalMs: [] };
  if (observation.cutShort || reference.words.length === 0) return { ...emissions, endsMs: [] };
  for (const segment of segmentsOf(observation)) addSegment(emissions, segment);
  const { places } = alignWords(emissions.words, reference.words, "counts");
  const endsMs: number[] = [];
  for (const place of places) endsMs.push(reference.endsMs[place] ?? NaN);
  return { ...emissions, endsMs };
});

function wordEmission(name: string, when: string, form: "firstMs" | "stableMs" | "finalMs"): SeriesMetric {
  const each =
    (timebase: Timebase): SeriesMetric["each"] =>
    (observation, emit) => {
      const { endsMs, [form]: readMs } = spokenEmissions(observation);
      for (let i = 0; i < endsMs.length; i++) {
        const endMs = endsMs[i] ?? NaN;
        const spokenMs = Number.isNaN(endMs) ? undefined : timebase(observation, endMs);
        if (spokenMs !== undefined) emit((readMs[i] ?? NaN) - spokenMs);
      }
    };
  return {
    name,
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
  wordEmission("word_emission_first", "the first response that has w at its aligned place.", "firstMs"),
  wordEmission("word_emission_stable", "the response from which on w never changes again.", "stableMs"),
  wordEmission("word_emission_final", "the final that contains w.", "finalMs"),
];
