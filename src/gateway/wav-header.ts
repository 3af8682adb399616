/**
 * The header of a WAV that comes in pieces, as clients of the realtime dialect send files from byte 0. Only what a stream of
 * samples needs: where they begin, and what they are.
 */

export interface WavStart {
  sampleRateHz: number;
  /** Bytes before the first sample. */
  headerBytes: number;
}

/** Undefined: more bytes are needed; a string: why it can't be used. */
export function readWavStart(bytes: Buffer): WavStart | string | undefined {
  if (bytes.length < 12) return undefined;
  if (bytes.toString("latin1", 0, 4) !== "RIFF" || bytes.toString("latin1", 8, 12) !== "WAVE")
    return "the audio does not begin with a WAV header";
  let sampleRateHz: number | undefined;
  for (let at = 12; at + 8 <= bytes.length;) {
    const id = bytes.toString("latin1", at, at + 4);
    const size = bytes.readUInt32LE(at + 4);
    if (id === "data")
      return sampleRateHz === undefined ? "the WAV has no format" : { sampleRateHz, headerBytes: at + 8 };
    if (size > 65_536) return `the WAV's ${JSON.stringify(id)} chunk is too long`;
    if (at + 8 + size > bytes.length) return undefined;
    if (id === "fmt ") {
      const [format, channels, bits] = [
        bytes.readUInt16LE(at + 8),
        bytes.readUInt16LE(at + 10),
        bytes.readUInt16LE(at + 22),
      ];
      if (format !== 1 || channels !== 1 || bits !== 16)
        return "only mono 16-bit PCM is taken; convert the file first";
      sampleRateHz = bytes.readUInt32LE(at + 12);
    }
    at += 8 + size + (size % 2);
  }
  return undefined;
}
