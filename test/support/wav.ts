/** WAV files made by hand, so that what is tested is not tested with itself. */
export interface WavOptions {
  sampleRateHz?: number;
  channels?: number;
  bits?: number;
  /** 1 PCM, 3 float, 6 A-law, 7 mu-law. */
  format?: number;
  /** Length written into the header of the data chunk; default: the true one. */
  declaredBytes?: number;
}

/** A RIFF file around `data`. */
export function wavFile(data: Uint8Array, options: WavOptions = {}): Buffer {
  const { sampleRateHz = 16_000, channels = 1, bits = 16, format = 1, declaredBytes = data.length } = options;
  const header = Buffer.alloc(44);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(format, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(sampleRateHz, 24);
  header.writeUInt32LE((sampleRateHz * channels * bits) / 8, 28);
  header.writeUInt16LE((channels * bits) / 8, 32);
  header.writeUInt16LE(bits, 34);
  header.write("data", 36, "latin1");
  header.writeUInt32LE(declaredBytes, 40);
  return Buffer.concat([header, data]);
}

/** 16-bit little-endian bytes of samples. */
export function pcm16(samples: readonly number[]): Buffer {
  const bytes = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries()) bytes.writeInt16LE(sample, index * 2);
  return bytes;
}

/** Silence, then a 300 Hz tone, then silence; lengths in milliseconds. */
export function toneBetweenSilence(
  beforeMs: number,
  toneMs: number,
  afterMs: number,
  sampleRateHz = 16_000,
): Buffer {
  const perMs = sampleRateHz / 1000;
  const samples = Array.from({ length: (beforeMs + toneMs + afterMs) * perMs }, (_, index) => {
    const ms = index / perMs;
    const inTone = ms >= beforeMs && ms < beforeMs + toneMs;
    return inTone ? Math.round(8000 * Math.sin((2 * Math.PI * 300 * index) / sampleRateHz)) : (index % 7) - 3;
  });
  return pcm16(samples);
}
