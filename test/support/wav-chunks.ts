/** WAV files chunk by chunk, right or wrong, for tests of the header reader. */

export const PCM = 1;
export const FLOAT = 3;
export const MU_LAW = 7;
const EXTENSIBLE = 0xfffe;

/** A chunk; `size` is what its header says, `pad` what follows an odd body. */
export function wavChunk(
  id: string,
  body: Uint8Array,
  options: { size?: number; pad?: string } = {},
): Buffer {
  const { size = body.length, pad = "\0" } = options;
  const header = Buffer.alloc(8);
  header.write(id, 0, "latin1");
  header.writeUInt32LE(size, 4);
  return Buffer.concat([header, body, Buffer.from(body.length % 2 === 0 ? "" : pad, "latin1")]);
}

/** Chunks in a file; `riffBytes` is the length that the file declares. */
export function riffFile(
  chunks: readonly Uint8Array[],
  options: { magic?: string; form?: string; riffBytes?: number } = {},
): Buffer {
  const body = Buffer.concat(chunks);
  const { magic = "RIFF", form = "WAVE", riffBytes = body.length + 4 } = options;
  const header = Buffer.alloc(12);
  header.write(magic, 0, "latin1");
  header.writeUInt32LE(riffBytes, 4);
  header.write(form, 8, "latin1");
  return Buffer.concat([header, body]);
}

export interface FormatOptions {
  tag?: number;
  channels?: number;
  rate?: number;
  bits?: number;
  blockAlign?: number;
  /** Makes it EXTENSIBLE. */
  subFormat?: number;
  validBits?: number;
  /** The whole sub-format, in hexadecimal; makes it EXTENSIBLE. */
  guid?: string;
}

/** The body of a `fmt ` chunk: 16 bytes, 40 when it is EXTENSIBLE. */
export function wavFormat(options: FormatOptions = {}): Buffer {
  const { channels = 1, rate = 16_000, bits = 16, subFormat = PCM, validBits = bits } = options;
  const extensible = options.subFormat !== undefined || options.guid !== undefined;
  const blockAlign = options.blockAlign ?? (channels * bits) / 8;
  const body = Buffer.alloc(extensible ? 40 : 16);
  body.writeUInt16LE(options.tag ?? (extensible ? EXTENSIBLE : PCM), 0);
  body.writeUInt16LE(channels, 2);
  body.writeUInt32LE(rate, 4);
  body.writeUInt32LE((rate * blockAlign) >>> 0, 8);
  body.writeUInt16LE(blockAlign, 12);
  body.writeUInt16LE(bits, 14);
  if (extensible) {
    body.writeUInt16LE(22, 16);
    body.writeUInt16LE(validBits, 18);
    body.writeUInt32LE(4, 20);
    body.writeUInt16LE(subFormat, 24);
    body.write(options.guid ?? "000000001000800000aa00389b71", options.guid === undefined ? 26 : 24, "hex");
  }
  return body;
}
