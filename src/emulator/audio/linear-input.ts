/** Audio that is its samples, one after the other: 16-bit PCM, mu-law, A-law. */
import { decodeG711 } from "../../base/audio/g711.ts";
import type { AudioDecoder, LinearEncoding } from "./audio-format.ts";

export function linearDecoder(encoding: LinearEncoding, sampleRateHz: number): AudioDecoder {
  if (encoding !== "LINEAR_PCM") return { sampleRateHz, push: (bytes) => decodeG711(encoding, bytes) };
  /** Half a sample. */
  let held: Buffer = Buffer.alloc(0);
  return {
    sampleRateHz,
    push(bytes) {
      const audio = held.length === 0 ? bytes : Buffer.concat([held, bytes]);
      const whole = audio.length - (audio.length % 2);
      held = audio.subarray(whole);
      return linearSamples(audio, whole / 2);
    },
  };
}

function linearSamples(bytes: Buffer, count: number): Int16Array {
  if (bytes.byteOffset % 2 === 0) return new Int16Array(bytes.buffer, bytes.byteOffset, count);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 2 * count));
}
