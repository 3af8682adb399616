/** The formats of sound files that clips are cut from, told by how a file begins, never by its name. */
import { open } from "node:fs/promises";
import { foreignContainer } from "../../base/audio/foreign-audio.ts";
import { BenchError } from "../../base/errors.ts";
import type { Sound } from "./sound.ts";

interface SoundFormat {
  begins(bytes: Buffer): boolean;
  load(): Promise<(path: string) => Promise<Sound>>;
}

const startsWith =
  (...marks: readonly string[]) =>
  (bytes: Buffer): boolean =>
    marks.some((mark) => bytes.toString("latin1", 0, mark.length) === mark);

/** Decoders are loaded when a file of their format is met. */
const FORMATS: readonly SoundFormat[] = [
  { begins: startsWith("RIFF", "RF64", "BW64"), load: async () => (await import("./wav-sound.ts")).openWav },
  { begins: startsWith("fLaC"), load: async () => (await import("./flac-sound.ts")).openFlac },
  { begins: startsWith("OggS"), load: async () => (await import("./opus-sound.ts")).openOpus },
  { begins: isMp3, load: async () => (await import("./mp3-sound.ts")).openMp3 },
];

/**
 * Opens a sound file.
 * @throws BenchError (exit 2) naming the file and what is wrong with it; the file system's error
 */
export async function openSound(path: string): Promise<Sound> {
  const beginning = await readBeginning(path);
  const format = FORMATS.find(({ begins }) => begins(beginning));
  if (format === undefined) {
    const found = foreignContainer(beginning)?.replace(", not a WAV file", "") ?? "no sound file";
    throw BenchError.usage(`${path}: ${found}; WAV, FLAC, Opus in Ogg and MP3 are read`);
  }
  return (await format.load())(path);
}

async function readBeginning(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(12);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, 0);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function isMp3(bytes: Buffer): boolean {
  return foreignContainer(bytes)?.startsWith("MP3") === true;
}
