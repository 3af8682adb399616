/**
 * When a virtual microphone has recorded its audio. The one definition of a due time: the engine sends by it, every latency
 * counts from it, and reports draw it. Times count from the opening of the microphone [A0].
 */

/** The audio of one session, as it is spoken into the microphone and cut into chunks. */
export interface SpokenAudio {
  chunkMs: number;
  /** Length sent, padding included [D]. */
  audioMs: number;
  /** Pace factor [v]; Infinity = no pace: everything is recorded at once. */
  pace: number;
}

/** The microphone was off, for `ms`, before chunk `chunk` was recorded. */
export interface Mute {
  readonly chunk: number;
  readonly ms: number;
}

/** End of chunk k in the clip [o_k + d_k]: the last chunk may be short. */
export function chunkEndMs(chunkMs: number, audioMs: number, k: number): number {
  return Math.min((k + 1) * chunkMs, audioMs);
}

/** When the audio up to `positionMs` of the clip is recorded: position / v, and the mute that came before it. */
export function recordedAfterMs(
  positionMs: number,
  pace: number,
  chunkMs: number,
  mute: Mute | undefined,
): number {
  const spokenMs = positionMs / pace;
  return mute !== undefined && positionMs > mute.chunk * chunkMs ? spokenMs + mute.ms : spokenMs;
}

/** When chunk k is due [S_k - A0]: its last sample is recorded. Computed from A0 each time, so that nothing drifts. */
export function dueAfterMs({ chunkMs, audioMs, pace }: SpokenAudio, k: number, mute?: Mute): number {
  return recordedAfterMs(chunkEndMs(chunkMs, audioMs, k), pace, chunkMs, mute);
}

/** Audio whose chunks are due after `afterMs`: the sum of d_k over chunks with S_k - A0 <= afterMs. */
export function dueAudioMs({ chunkMs, audioMs, pace }: SpokenAudio, afterMs: number, mute?: Mute): number {
  let recordedMs = afterMs * pace;
  const mutedAtMs = (mute?.chunk ?? Infinity) * chunkMs;
  if (recordedMs > mutedAtMs) recordedMs = Math.max(mutedAtMs, recordedMs - (mute?.ms ?? 0) * pace);
  if (recordedMs >= audioMs) return audioMs;
  return Math.max(0, Math.floor(recordedMs / chunkMs + 1e-9) * chunkMs);
}
