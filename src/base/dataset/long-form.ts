/**
 * Long recordings made of short ones: clips end to end with pauses between, as in a call or a lecture. Transcript, word
 * times, onset and speech end are those of what is sent. Pure: the same seed makes the same recordings.
 */
import { pcmBytes, pcmDurationMs } from "../audio/audio.ts";
import type { Clip, Dataset } from "./dataset.ts";
import { audioSecondsOf } from "./dataset.ts";
import { BenchError } from "../errors.ts";
import { randomStream, shuffled } from "../random.ts";

export interface LongForm {
  /** Each recording lasts at least this long, up to a clip and a pause more. */
  readonly lengthMs: number;
  /** Silence between two clips, drawn evenly between these. */
  readonly pauseMs: { readonly from: number; readonly to: number };
  /** How many different recordings there are. */
  readonly variants: number;
}

/**
 * The dataset's clips joined into recordings; its hash stays that of the clips they are made of.
 * @throws BenchError (exit 2) when the clips differ in their sample rate
 */
export function joinedDataset(dataset: Dataset, longForm: LongForm, seed: number): Dataset {
  const [first] = dataset.clips;
  const other = dataset.clips.find(({ sampleRateHz }) => sampleRateHz !== first?.sampleRateHz);
  if (first !== undefined && other !== undefined) {
    throw BenchError.usage(
      `audio.longForm: clip ${first.id} is of ${first.sampleRateHz} Hz, ${other.id} of ${other.sampleRateHz} Hz: they can't be joined`,
      "Name clips of one sample rate in audio.clips.only, or convert the others.",
    );
  }
  const clips = Array.from({ length: longForm.variants }, (_, index) =>
    recording(dataset.clips, longForm, seed, index + 1),
  );
  return { ...dataset, clips, audioSeconds: audioSecondsOf(clips) };
}

/** Recording number `number`: clips in a seeded order, each once before any comes again, until it is long enough. */
function recording(
  clips: readonly Clip[],
  { lengthMs, pauseMs }: LongForm,
  seed: number,
  number: number,
): Clip {
  const random = randomStream(seed, `long-form/${number}`);
  const parts: { clip: Clip; pauseMs: number }[] = [];
  let audioMs = 0;
  let order: Clip[] = [];
  while (audioMs < lengthMs) {
    if (order.length === 0) order = shuffled(clips, random);
    const clip = order.pop();
    if (clip === undefined) break;
    const pause = parts.length === 0 ? 0 : pauseMs.from + random() * (pauseMs.to - pauseMs.from);
    parts.push({ clip, pauseMs: pause });
    audioMs += pause + clip.audioMs;
  }
  return joinClips(`long-${number}`, parts);
}

/** Joins clips of one sample rate, each after its pause of silence. */
export function joinClips(id: string, parts: readonly { clip: Clip; pauseMs: number }[]): Clip {
  const sampleRateHz = parts[0]?.clip.sampleRateHz ?? 16_000;
  const pieces: Uint8Array[] = [];
  const texts: (string | undefined)[] = [];
  const words: Clip["words"][number][] = [];
  let bytes = 0;
  let onsetMs: number | undefined;
  let speechEndMs: number | undefined;
  for (const { clip, pauseMs } of parts) {
    // In whole samples, so that what is said of the audio is true of it to the sample.
    const pause = new Uint8Array(pcmBytes(pauseMs, sampleRateHz));
    const offsetMs = ((bytes + pause.length) / 2 / sampleRateHz) * 1000;
    pieces.push(pause, clip.pcm);
    bytes += pause.length + clip.pcm.length;
    texts.push(clip.text);
    for (const { word, startMs, endMs } of clip.words)
      words.push({ word, startMs: startMs + offsetMs, endMs: endMs + offsetMs });
    // A clip without speech has no onset and no end of speech.
    if (clip.text === "") continue;
    onsetMs ??= clip.onsetMs + offsetMs;
    speechEndMs = clip.speechEndMs + offsetMs;
  }
  const pcm = Buffer.concat(pieces);
  const audioMs = pcmDurationMs(pcm, sampleRateHz);
  return {
    id,
    pcm,
    sampleRateHz,
    audioMs,
    onsetMs: onsetMs ?? 0,
    speechEndMs: speechEndMs ?? audioMs,
    // Of what has no transcript in part nothing can be said of the whole.
    ...(texts.includes(undefined) ? {} : { text: texts.filter((text) => text !== "").join(" ") }),
    words: texts.includes(undefined) || someWithoutTimes(parts) ? [] : words,
  };
}

/** True when some clip has words but no times for them: word times with a hole would be taken for the whole. */
function someWithoutTimes(parts: readonly { clip: Clip }[]): boolean {
  return parts.some(({ clip }) => clip.text !== "" && clip.words.length === 0);
}
