/** Placeholder for the types; the reader is written next. */
export interface Clip {
  id: string;
  /** Mono 16-bit little-endian PCM, without header. */
  pcm: Uint8Array;
  sampleRateHz: number;
  audioMs: number;
  onsetMs: number;
  speechEndMs: number;
  text: string;
  words: readonly { word: string; startMs: number; endMs: number }[];
  speaker?: string;
}

export interface Dataset {
  name: string;
  clips: readonly Clip[];
  audioSeconds: number;
  /** Hash over manifest and audio. */
  sha256: string;
}
