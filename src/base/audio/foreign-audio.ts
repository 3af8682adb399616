/** Audio files that are no WAV, by how they begin. */

/** Bytes of a file that tell its format. */
const FOREIGN_BYTES = 12;

interface Beginning {
  at: number;
  bytes: string;
  name: string;
}

const BEGINNINGS: readonly Beginning[] = [
  { at: 0, bytes: "RIFX", name: "a big-endian RIFX file" },
  { at: 0, bytes: "riff\x2e\x91\xcf\x11", name: "Sony Wave64 (W64)" },
  { at: 8, bytes: "AIFF", name: "AIFF" },
  { at: 8, bytes: "AIFC", name: "AIFF-C" },
  { at: 0, bytes: "fLaC", name: "FLAC" },
  { at: 0, bytes: "OggS", name: "Ogg (Opus or Vorbis)" },
  { at: 0, bytes: "ID3", name: "MP3" },
  { at: 4, bytes: "ftyp", name: "MP4 (M4A)" },
  { at: 0, bytes: "\x1a\x45\xdf\xa3", name: "WebM or Matroska" },
  { at: 0, bytes: "#!AMR", name: "AMR" },
  { at: 0, bytes: "NIST_1A", name: "NIST SPHERE" },
  { at: 0, bytes: ".snd", name: "Sun AU" },
  { at: 0, bytes: "caff", name: "Core Audio (CAF)" },
  { at: 0, bytes: "wvpk", name: "WavPack" },
  { at: 0, bytes: "MAC ", name: "Monkey's Audio" },
  { at: 0, bytes: "\x30\x26\xb2\x75", name: "Windows Media (ASF)" },
  { at: 0, bytes: "RF64", name: "an RF64 file without sound (its form is not WAVE)" },
  { at: 0, bytes: "BW64", name: "a BW64 file without sound (its form is not WAVE)" },
];

/**
 * Names the format that `bytes` begin with: "FLAC, not a WAV file".
 *
 * @param bytes at least the first 12 of the file, fewer when it is shorter
 * @returns undefined for what is not known
 */
export function foreignContainer(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return "the file is empty";
  const beginning = bytes.toString("latin1", 0, FOREIGN_BYTES);
  const found = BEGINNINGS.find((one) => beginning.startsWith(one.bytes, one.at));
  if (beginning.startsWith("version http"))
    return "a pointer of git-lfs instead of the audio: `git lfs pull` gets it";
  if (found !== undefined) return `${found.name}, not a WAV file`;
  if (beginning.startsWith("RIFF")) {
    const form = /^[\w ]{4}$/.exec(beginning.slice(8, 12))?.[0].trim();
    return form === undefined ? undefined : `a RIFF file of ${form}, not a WAV file`;
  }
  // MPEG audio has eleven set bits, then version and layer; layer 0 is AAC in ADTS.
  const [first = 0, second = 0] = bytes;
  if (first !== 0xff || (second & 0xe0) !== 0xe0 || (second & 0x18) === 0x08) return undefined;
  if ((second & 0xf6) === 0xf0) return "AAC (ADTS), not a WAV file";
  return (second & 0x06) === 0 ? undefined : "MP3, not a WAV file";
}
