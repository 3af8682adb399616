/** Coded sound files, made by the test. Only here are MP3 and stereo FLAC written. */
import libflac from "libflacjs";
import { createMp3Encoder } from "wasm-media-encoders";

/** FLAC of one array a channel; samples of `bits` bits. */
export async function flacFile(
  channels: readonly (readonly number[])[],
  sampleRateHz: number,
  bits = 16,
): Promise<Buffer> {
  const flac = libflac("min");
  if (!flac.isReady()) await new Promise<void>((resolve) => flac.on("ready", () => resolve()));
  const samples = channels[0]?.length ?? 0;
  const encoder = flac.create_libflac_encoder(sampleRateHz, channels.length, bits, 5, samples, false, 0);
  const pieces: Uint8Array[] = [];
  flac.init_encoder_stream(encoder, (bytes) => void pieces.push(Uint8Array.from(bytes)));
  const interleaved = Int32Array.from({ length: samples * channels.length }, (_, i) => {
    return channels[i % channels.length]?.[Math.floor(i / channels.length)] ?? 0;
  });
  flac.FLAC__stream_encoder_process_interleaved(encoder, interleaved, samples);
  flac.FLAC__stream_encoder_finish(encoder);
  flac.FLAC__stream_encoder_delete(encoder);
  return Buffer.concat(pieces);
}

/** MP3 of samples from -1 to 1, an array a channel. */
export async function mp3File(
  channels: readonly [Float32Array] | readonly [Float32Array, Float32Array],
  sampleRateHz: 16_000 | 48_000,
): Promise<Buffer> {
  const encoder = await createMp3Encoder();
  encoder.configure({ sampleRate: sampleRateHz, channels: channels.length, bitrate: 64 });
  const body = Buffer.from(encoder.encode([...channels]));
  return Buffer.concat([body, encoder.finalize()]);
}
