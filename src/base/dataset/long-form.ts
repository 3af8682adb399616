/**
 * Long recordings made of short ones: clips end to end with pauses between, as in a call or a lecture. Transcript, word
 * times, onset and speech end are those of what is sent. Pure: the same seed makes the same recordings.
 */
import { BYTES_PER_SAMPLE, pcmBytes } from "../audio/audio.ts";
import type { Clip, ClipInfo, OpenDataset } from "./dataset.ts";
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

/** A clip in a recording, and the silence before it. */
interface Part<OneClip extends ClipInfo> {
  clip: OneClip;
  pauseMs: number;
}

/**
 * The dataset's clips joined into recordings; its hash stays that of the clips they are made of.
 * @throws BenchError (exit 2) when the clips differ in their sample rate
 */
export function joinedDataset(dataset: OpenDataset, longForm: LongForm, seed: number): OpenDataset {
  const [first] = dataset.clips;
  const other = dataset.clips.find(({ sampleRateHz }) => sampleRateHz !== first?.sampleRateHz);
  if (first !== undefined && other !== undefined) {
    throw BenchError.usage(
      `audio.longForm: clip ${first.id} is of ${first.sampleRateHz} Hz, ${other.id} of ${other.sampleRateHz} Hz: they can't be joined`,
      "Name clips of one sample rate in audio.clips.only, or convert the others.",
    );
  }
  const recordings = new Map<string, readonly Part<ClipInfo>[]>();
  for (let number = 1; number <= longForm.variants; number++)
    recordings.set(`long-${number}`, recording(dataset.clips, longForm, seed, number));
  const clips = [...recordings].map(([id, parts]) => joinInfo(id, parts));
  const partsOf = ({ id }: ClipInfo): readonly Part<ClipInfo>[] => recordings.get(id) ?? [];
  return {
    ...dataset,
    clips,
    audioSeconds: audioSecondsOf(clips),
    async readAudio(clip) {
      const parts: Part<Clip>[] = [];
      for (const part of partsOf(clip)) parts.push({ ...part, clip: await dataset.readAudio(part.clip) });
      return joinClips(clip.id, parts);
    },
    readAudioNow(clip) {
      const parts = partsOf(clip).map((part) => ({ ...part, clip: dataset.readAudioNow(part.clip) }));
      return joinClips(clip.id, parts);
    },
  };
}

/** Recording number `number`: clips in a seeded order, each once before any comes again, until it is long enough. */
function recording(
  clips: readonly ClipInfo[],
  { lengthMs, pauseMs }: LongForm,
  seed: number,
  number: number,
): Part<ClipInfo>[] {
  const random = randomStream(seed, `long-form/${number}`);
  const parts: Part<ClipInfo>[] = [];
  let audioMs = 0;
  let order: ClipInfo[] = [];
  while (audioMs < lengthMs) {
    if (order.length === 0) order = shuffled(clips, random);
    const clip = order.pop();
    if (clip === undefined) break;
    const pause = parts.length === 0 ? 0 : pauseMs.from + random() * (pauseMs.to - pauseMs.from);
    parts.push({ clip, pauseMs: pause });
    audioMs += pause + clip.audioMs;
  }
  return parts;
}

/** Joins clips of one sample rate, each after its pause of silence. */
export function joinClips(id: string, parts: readonly Part<Clip>[]): Clip {
  const info = joinInfo(id, parts);
  // In whole samples, so that what is said of the audio is true of it to the sample.
  const pieces = parts.flatMap(({ clip, pauseMs }) => [
    new Uint8Array(pcmBytes(pauseMs, info.sampleRateHz)),
    clip.pcm,
  ]);
  return { ...info, pcm: Buffer.concat(pieces) };
}

/** The facts of joined clips. */
function joinInfo(id: string, parts: readonly Part<ClipInfo>[]): ClipInfo {
  const sampleRateHz = parts[0]?.clip.sampleRateHz ?? 16_000;
  const inMs = (bytes: number): number => (bytes / BYTES_PER_SAMPLE / sampleRateHz) * 1000;
  const texts: (string | undefined)[] = [];
  const words: ClipInfo["words"][number][] = [];
  let bytes = 0;
  let onsetMs: number | undefined;
  let speechEndMs: number | undefined;
  for (const { clip, pauseMs } of parts) {
    bytes += pcmBytes(pauseMs, sampleRateHz);
    const offsetMs = inMs(bytes);
    bytes += pcmBytes(clip.audioMs, sampleRateHz);
    texts.push(clip.text);
    for (const { word, startMs, endMs } of clip.words)
      words.push({ word, startMs: startMs + offsetMs, endMs: endMs + offsetMs });
    // A clip without speech has no onset and no end of speech.
    if (clip.text === "") continue;
    onsetMs ??= clip.onsetMs + offsetMs;
    speechEndMs = clip.speechEndMs + offsetMs;
  }
  const audioMs = inMs(bytes);
  return {
    id,
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
function someWithoutTimes(parts: readonly Part<ClipInfo>[]): boolean {
  return parts.some(({ clip }) => clip.text !== "" && clip.words.length === 0);
}
