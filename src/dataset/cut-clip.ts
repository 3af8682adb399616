/** From a place in a sound file to a WAV file of its own, and what is known of it. */
import { createHash } from "node:crypto";
import { encodeWav, pcmDurationMs } from "../base/audio/audio.ts";
import { findSpeech } from "../base/audio/vad.ts";
import { BenchError } from "../base/errors.ts";
import { replacePrivate } from "../base/files/private-files.ts";
import type { SourceClip } from "./import/importer.ts";
import type { Sound } from "./sound/sound.ts";

/** Which channels of a recording become clips. */
export const CHANNELS = ["left", "right", "both"] as const;

/** One of `CHANNELS`. */
export type Channel = (typeof CHANNELS)[number];

/** Times claimed by a source may differ this much from the audio, in seconds. */
const TOLERANCE_S = 0.02;

/** Measurements of a clip's audio, named as in the manifest. */
export interface AudioFacts {
  duration_s: number;
  sample_rate_hz: number;
  /** Absent when there is no speech to be found. */
  speech_start_s?: number;
  speech_end_s?: number;
  /** SHA-256 of the WAV file, header included. */
  sha256: string;
}

/** A channel of a recording that becomes a clip. */
export interface Track {
  index: number;
  /** Ending of the clip's id, where a recording gives several clips. */
  suffix: string;
}

/**
 * The channels to be cut.
 * @throws BenchError (exit 2) when the recording has several and none was asked for
 */
export function tracksOf(sound: Sound, asked: Channel | undefined, audio: string): Track[] {
  const { channels } = sound;
  if (channels === 1) return [{ index: 0, suffix: "" }];
  if (asked === undefined)
    throw BenchError.usage(`${audio}: has ${channels} channels: --channel left, right or both`);
  if (asked !== "both") return [{ index: asked === "left" ? 0 : 1, suffix: "" }];
  const names =
    channels === 2
      ? ["left", "right"]
      : Array.from({ length: channels }, (_, index) => `channel${index + 1}`);
  return names.map((name, index) => ({ index, suffix: `-${name}` }));
}

/**
 * The samples of the sound that are the clip.
 * @throws BenchError (exit 2) when the source and the audio do not agree about times
 */
export function samplesOf({ part, claimedS, audio }: SourceClip, sound: Sound): [from: number, to: number] {
  const { sampleRateHz, length } = sound;
  const lengthS = length / sampleRateHz;
  if (claimedS !== undefined && Math.abs(claimedS - lengthS) > TOLERANCE_S)
    throw BenchError.usage(`duration: says ${claimedS} s, ${audio} lasts ${lengthS.toFixed(3)} s`);
  if (part === undefined) return [0, length];
  const { startS, endS = lengthS } = part;
  if (endS > lengthS + TOLERANCE_S || startS >= lengthS)
    throw BenchError.usage(
      `${startS} to ${endS} s is outside of ${audio}, which lasts ${lengthS.toFixed(3)} s`,
    );
  const [from, to] = [startS, endS].map((s) => Math.min(length, Math.round(s * sampleRateHz))) as [
    number,
    number,
  ];
  if (from >= to) throw BenchError.usage(`${startS} to ${endS} s holds no sample of ${audio}`);
  return [from, to];
}

/** Writes the WAV file of a clip and measures it. @throws BenchError (exit 2) for samples that can't be used */
export async function writeClip(
  sound: Sound,
  channel: number,
  [from, to]: readonly [number, number],
  path: string,
): Promise<AudioFacts> {
  const pcm = await sound.read(channel, from, to);
  const wav = encodeWav(pcm, sound.sampleRateHz);
  replacePrivate(path, wav);
  const speech = findSpeech(pcm, sound.sampleRateHz);
  return {
    duration_s: inSeconds(pcmDurationMs(pcm, sound.sampleRateHz)),
    sample_rate_hz: sound.sampleRateHz,
    ...(speech === undefined
      ? {}
      : { speech_start_s: inSeconds(speech.onsetMs), speech_end_s: inSeconds(speech.endMs) }),
    sha256: createHash("sha256").update(wav).digest("hex"),
  };
}

/** To the microsecond: finer than any sample. */
function inSeconds(ms: number): number {
  return Math.round(ms * 1000) / 1e6;
}
