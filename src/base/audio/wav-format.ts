/** The `fmt ` chunk of a WAV: an allow-list of sample codings, and sizes that fit together. */

/** How samples are stored. Everything else that can stand in a WAV is compressed and refused. */
export type WavCoding = "PCM" | "float" | "mu-law" | "A-law";

export interface WavFormat {
  coding: WavCoding;
  sampleRateHz: number;
  channels: number;
  /** Bits that one sample takes in the file. Fewer valid bits are left-justified in them, so they need no handling. */
  bits: number;
}

/** The least that a `fmt ` chunk holds. */
const FMT_BYTES = 16;
/** As much of it as is read: WAVEFORMATEXTENSIBLE. */
export const FMT_EXTENSIBLE_BYTES = 40;

const EXTENSIBLE = 0xfffe;
const CODINGS: Readonly<Record<number, WavCoding>> = { 1: "PCM", 3: "float", 6: "A-law", 7: "mu-law" };
const BITS: Readonly<Record<WavCoding, readonly number[]>> = {
  PCM: [8, 16, 24, 32],
  float: [32, 64],
  "mu-law": [8],
  "A-law": [8],
};

/** Names of codings that are met in WAV files and refused (mmreg.h). */
const REFUSED: Readonly<Record<number, string>> = {
  0x0002: "Microsoft ADPCM",
  0x0010: "OKI ADPCM",
  0x0011: "IMA ADPCM",
  0x0014: "G.723 ADPCM",
  0x0022: "TrueSpeech",
  0x0031: "GSM 6.10",
  0x0040: "G.721 ADPCM",
  0x0042: "G.723.1",
  0x0045: "G.726 ADPCM",
  0x0050: "MPEG",
  0x0055: "MP3",
  0x0064: "G.726 ADPCM",
  0x0065: "G.722",
  0x0069: "IMA ADPCM",
  0x0083: "G.729",
  0x00ff: "AAC",
  0x0161: "Windows Media Audio",
  0x0162: "Windows Media Audio Pro",
  0x0163: "Windows Media Audio lossless",
  0x1600: "AAC (ADTS)",
  0x1610: "HE-AAC",
  0x2000: "AC-3",
  0x674f: "Vorbis",
  0x704f: "Opus",
  0xf1ac: "FLAC",
};

/** The last twelve bytes of the sub-format GUIDs that stand for a format tag (KSDATAFORMAT_SUBTYPE_*). */
const SUBFORMAT_TAIL = "00001000800000aa00389b71";

/**
 * Reads the beginning of a `fmt ` chunk, at most 40 bytes of it.
 *
 * @returns a string when the format can't be used: the reason, without a subject
 */
export function readWavFormat(chunk: Buffer): WavFormat | string {
  if (chunk.length < FMT_BYTES)
    return `the format chunk of the header holds ${chunk.length} bytes, at least ${FMT_BYTES} are needed`;
  const [tag, channels, blockAlign, depth] = [0, 2, 12, 14].map((at) => chunk.readUInt16LE(at)) as [
    number,
    number,
    number,
    number,
  ];
  const coding = tag === EXTENSIBLE ? codingOfSubFormat(chunk) : (CODINGS[tag] ?? unsupported(tag));
  if (typeof coding !== "string") return coding.refused;

  if (channels === 0) return "the header declares 0 channels";
  const bits = Math.ceil(depth / 8) * 8;
  if (depth < 8 || !BITS[coding].includes(bits) || (coding !== "PCM" && bits !== depth))
    return `the sample coding is not supported: ${depth}-bit ${coding}`;
  const bytesEach = blockAlign / channels;
  if (coding === "PCM" && tag !== EXTENSIBLE && bytesEach === 4 && bits === 24)
    return `the sample coding is not supported: ${depth} bits in 4 bytes without the EXTENSIBLE format, which does not tell where in them they are`;
  if (bytesEach !== bits / 8) {
    const wanted = `${channels} ${channels === 1 ? "channel" : "channels"} of ${depth} bits`;
    return `the header contradicts itself: ${blockAlign} bytes a block do not hold ${wanted}`;
  }
  const validBits = tag === EXTENSIBLE ? chunk.readUInt16LE(18) : depth;
  if (validBits > bits)
    return `the header contradicts itself: ${validBits} valid bits in a sample of ${bits} bits`;
  return { coding, sampleRateHz: chunk.readUInt32LE(4), channels, bits };
}

/** The format as people name it: "24-bit PCM", "32-bit float", "mu-law". */
export function wavFormatName({ coding, bits }: WavFormat): string {
  return coding === "PCM" || coding === "float" ? `${bits}-bit ${coding}` : coding;
}

interface Refused {
  refused: string;
}

function codingOfSubFormat(chunk: Buffer): WavCoding | Refused {
  if (chunk.length < FMT_EXTENSIBLE_BYTES || chunk.readUInt16LE(16) < FMT_EXTENSIBLE_BYTES - 18)
    return { refused: "the format in the header is EXTENSIBLE without a sub-format" };
  const tag = chunk.readUInt16LE(24);
  if (chunk.toString("hex", 28, 40) === SUBFORMAT_TAIL && chunk.readUInt16LE(26) === 0)
    return CODINGS[tag] ?? unsupported(tag);
  return { refused: `the sample coding is not supported: sub-format ${guid(chunk.subarray(24, 40))}` };
}

function unsupported(tag: number): Refused {
  const name = REFUSED[tag];
  const hex = `0x${tag.toString(16).padStart(4, "0")}`;
  return {
    refused: `the sample coding is not supported: ${name === undefined ? "" : `${name}, `}format tag ${hex}`,
  };
}

/** Its usual form; the first three groups are little-endian. */
function guid(bytes: Buffer): string {
  const hex = (from: number, to: number, reversed: boolean): string => {
    const part = Buffer.from(bytes.subarray(from, to));
    return (reversed ? part.reverse() : part).toString("hex");
  };
  return [hex(0, 4, true), hex(4, 6, true), hex(6, 8, true), hex(8, 10, false), hex(10, 16, false)].join("-");
}
