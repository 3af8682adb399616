/** The RIFF WAVE header that file clients leave at the front of their audio. */
import type { WavHeader } from "../../base/audio/wav-header.ts";
import { isRefusal, WavHeaderReader } from "../../base/audio/wav-header.ts";
import type { LinearEncoding } from "./audio-format.ts";
import { Rejection } from "../call/rejection.ts";

/** A header longer than this is refused. */
const LONGEST_HEADER_BYTES = 65_536;

/** The encodings of the API, by how a WAV names them; of PCM it takes 16 bits only. */
const ENCODINGS: Readonly<Record<string, LinearEncoding>> = {
  "PCM 16": "LINEAR_PCM",
  "mu-law 8": "MULAW",
  "A-law 8": "ALAW",
};

/**
 * The header at the front of `bytes`, which begin with "RIFF"; undefined when they hold something else.
 *
 * @throws Rejection for a WAV that is broken or coded in a way that nothing here decodes
 */
export function waveHeader(bytes: Buffer): WavHeader | "incomplete" | undefined {
  const header = new WavHeaderReader(LONGEST_HEADER_BYTES).push(bytes);
  if (header === undefined) return "incomplete";
  if (!isRefusal(header)) return header;
  if (header.notWav) return undefined;
  throw new Rejection(`Error: invalid WAV audio: ${header.refused}`);
}

/** What the API calls the header's coding; undefined for those that it has no name for. */
export function encodingOf({ format }: WavHeader): LinearEncoding | undefined {
  return ENCODINGS[`${format.coding} ${format.bits}`];
}
