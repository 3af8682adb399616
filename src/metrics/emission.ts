/** From the end of each spoken word to the moment at which it could be read. */
import { spokenWords } from "../base/text.ts";
import type { Segment } from "./hypotheses.ts";
import { remembered, segmentsOf } from "./hypotheses.ts";
import type { SeriesMetric } from "./metric.ts";
import { actual, planned, type Timebase } from "./moments.ts";
import type { ClipFacts, Observation } from "./observation.ts";
import { alignWords, commonPrefix } from "./word-align.ts";

/** A word of the finals and when it was read; milliseconds since the start of the run. */
interface Emission {
  word: string;
  firstMs: number;
  stableMs: number;
  finalMs: number;
}

/** An emitted word that is a reference word. */
interface SpokenEmission extends Emission {
  /** Where the reference word ends in the clip [e_w]. */
  endMs: number;
}

/** When each word of a segment's final was first at its place, there to stay, and final. */
function emissionsOf({ partials, final }: Segment): Emission[] {
  const emissions = final.words.map((word) => ({ word, firstMs: NaN, stableMs: NaN, finalMs: final.atMs }));
  for (const { atMs, words } of [...partials, final]) {
    const there = presence(words, final.words);
    emissions.forEach((emission, place) => {
      if (!there(place)) {
        emission.stableMs = NaN;
        return;
      }
      if (Number.isNaN(emission.firstMs)) emission.firstMs = atMs;
      if (Number.isNaN(emission.stableMs)) emission.stableMs = atMs;
    });
  }
  return emissions;
}

/** Which words of the final a hypothesis already has at their aligned places. */
function presence(words: readonly string[], final: readonly string[]): (place: number) => boolean {
  const head = commonPrefix(words, final);
  if (head === words.length) return (place) => place < head;
  const places = new Set(alignWords(words, final, "free").places);
  return (place) => places.has(place);
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

/** The words of all finals that are reference words, in order; none without reference times. */
const spokenEmissions = remembered((observation: Observation): readonly SpokenEmission[] => {
  const { words, endsMs } = referenceOf(observation.clip);
  if (observation.cutShort || words.length === 0) return [];
  const emitted = segmentsOf(observation).flatMap(emissionsOf);
  const { places } = alignWords(
    emitted.map(({ word }) => word),
    words,
    "counts",
  );
  return emitted.flatMap((emission, i) => {
    const endMs = endsMs[places[i] ?? -1];
    return endMs === undefined ? [] : [{ ...emission, endMs }];
  });
});

function wordEmission(name: string, when: string, of: (emission: Emission) => number): SeriesMetric {
  const each =
    (timebase: Timebase): SeriesMetric["each"] =>
    (observation, emit) => {
      for (const emission of spokenEmissions(observation)) {
        const spokenMs = timebase(observation, emission.endMs);
        if (spokenMs !== undefined) emit(of(emission) - spokenMs);
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
  wordEmission(
    "word_emission_first",
    "the first response that has w at its aligned place.",
    (word) => word.firstMs,
  ),
  wordEmission(
    "word_emission_stable",
    "the response from which on w never changes again.",
    (word) => word.stableMs,
  ),
  wordEmission("word_emission_final", "the final that contains w.", (word) => word.finalMs),
];
