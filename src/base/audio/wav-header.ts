/**
 * The header of a WAV: a strict, bounded walk over its chunks up to the first sample. Shared by files, the gateway and the
 * emulator, so that all of them agree about every header.
 *
 * Only `fmt ` and `data` are needed; other chunks are skipped unread. Nothing is allocated by a declared size: at most 48
 * bytes are held, whatever a header says. It never throws.
 */
import { foreignContainer } from "./foreign-audio.ts";
import type { WavFormat } from "./wav-format.ts";
import { FMT_EXTENSIBLE_BYTES, readWavFormat } from "./wav-format.ts";

export interface WavHeader {
  format: WavFormat;
  /** Bytes before the first sample. */
  dataAt: number;
  /** Length of the audio as declared; undefined when it lasts until the end of the file or stream. */
  declaredBytes: number | undefined;
}

/** Why a header can't be used. */
export interface WavRefusal {
  /** The reason, without the file's name: "the header declares 0 channels". */
  refused: string;
  /** The bytes are no WAV at all, as opposed to one that is broken or coded in another way. */
  notWav: boolean;
}

const FILE_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const DS64_BYTES = 16;
/** No file is so long: an unknown length in 64 bits. */
const LONG_PLACEHOLDER = 2 ** 62;
/** Containers with the layout of RIFF; RF64 and BW64 hold their lengths in a `ds64` chunk. */
const CONTAINERS: readonly string[] = ["RIFF", "RF64", "BW64"];

/** Chunks that are met in WAV files: they decide whether a chunk of odd length was padded. */
const KNOWN_CHUNKS: ReadonlySet<string> = new Set(
  (
    "fmt |data|fact|LIST|list|cue |smpl|inst|bext|iXML|axml|aXML|chna|cart|levl|plst|JUNK|junk|PAD |FLLR|Fake|PEAK|" +
    "id3 |ID3 |_PMX|acid|DISP|umid|minf|elm1|regn|ds64|afsp|strc|note|labl|wavl|slnt|MD5 |link|qlty|mext|dbmd"
  ).split("|"),
);

/**
 * True for lengths that recorders and pipes write when they can't know better: all that is within 64 KiB below 2^31 or 2^32
 * (sox writes 0x7ffff000 in whole blocks, ffmpeg 0xffffffff, others either less the header's 36 bytes), and 2^31 itself (arecord).
 */
export function isPlaceholderLength(bytes: number): boolean {
  return (bytes >= 0x7fff_0000 && bytes <= 0x8000_0000) || bytes >= 0xffff_0000;
}

/** Reads a header that comes in pieces. */
export class WavHeaderReader {
  readonly #longestBytes: number;
  #result: WavHeader | WavRefusal | undefined;
  /** Bytes before what is held. */
  #at = 0;
  /** The beginning of a field whose end has not come. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes to pass over. */
  #skip = 0;
  #need = FILE_HEADER_BYTES;
  #read: (field: Buffer) => number = (field) => this.#readFile(field);
  #riffBytes = 0;
  #longDataBytes: number | undefined;
  #format: WavFormat | undefined;
  #chunk = { id: "", size: 0 };

  /** @param longestBytes a header that goes on for longer is refused */
  constructor(longestBytes: number = Infinity) {
    this.#longestBytes = longestBytes;
  }

  /**
   * Reads on; what came before is remembered.
   * @returns undefined while more bytes are needed. Samples begin `dataAt` bytes after the first byte that was pushed.
   */
  push(bytes: Uint8Array): WavHeader | WavRefusal | undefined {
    let rest = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    while (this.#result === undefined) {
      rest = this.#pass(rest);
      // More may be held than is needed: a byte that might have been padding and was not.
      const missing = Math.max(0, this.#need - this.#held.length);
      if (this.#skip > 0 || rest.length < missing) {
        this.#held = Buffer.concat([this.#held, rest]);
        break;
      }
      const held = Buffer.concat([this.#held, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      const used = this.#read(held.subarray(0, this.#need));
      this.#at += used;
      this.#held = held.subarray(used);
      if (this.#at + this.#skip > this.#longestBytes)
        this.#result ??= refusal(`no audio within the first ${this.#longestBytes} bytes of the WAV`);
    }
    return this.#result;
  }

  /**
   * The bytes have ended.
   * @returns why there is no audio in them
   */
  end(): WavHeader | WavRefusal {
    if (this.#result !== undefined) return this.#result;
    if (this.#at === 0) return notWav(this.#held);
    if (this.#format === undefined) return refusal("the header ends before its format (`fmt `)");
    return refusal("the header ends before the audio (`data`)");
  }

  #pass(rest: Buffer): Buffer {
    const ofHeld = Math.min(this.#skip, this.#held.length);
    const ofRest = Math.min(this.#skip - ofHeld, rest.length);
    this.#held = this.#held.subarray(ofHeld);
    this.#skip -= ofHeld + ofRest;
    this.#at += ofHeld + ofRest;
    return rest.subarray(ofRest);
  }

  #readFile(field: Buffer): number {
    const container = field.toString("latin1", 0, 4);
    if (!CONTAINERS.includes(container) || field.toString("latin1", 8, 12) !== "WAVE") {
      this.#result = notWav(field);
      return 0;
    }
    this.#riffBytes = field.readUInt32LE(4);
    this.#expectChunk(0);
    return field.length;
  }

  /** @param lastSize of the chunk before: one of odd length has a byte of padding after it, which some writers forget */
  #expectChunk(lastSize: number): void {
    const odd = lastSize % 2;
    this.#need = CHUNK_HEADER_BYTES + odd;
    this.#read = (field) => this.#readChunk(field, odd === 1 && !isUnpadded(field) ? 1 : 0);
  }

  #readChunk(field: Buffer, padding: number): number {
    const id = field.toString("latin1", padding, padding + 4);
    const size = field.readUInt32LE(padding + 4);
    const used = padding + CHUNK_HEADER_BYTES;
    if (!isChunkId(field, padding)) {
      this.#result = refusal(`the header is broken: no chunk begins at byte ${this.#at + padding}`);
      return 0;
    }
    if (id === "data") this.#result = this.#dataAt(this.#at + used, size);
    else if (id === "fmt " && this.#format !== undefined)
      this.#result = refusal("the header is broken: it has two formats");
    else if (id === "fmt ") this.#expectBody({ id, size }, FMT_EXTENSIBLE_BYTES);
    else if (id === "ds64") this.#expectBody({ id, size }, DS64_BYTES);
    else this.#passOver(size);
    return used;
  }

  #expectBody(chunk: { id: string; size: number }, most: number): void {
    this.#chunk = chunk;
    this.#need = Math.min(chunk.size, most);
    this.#read = (field) => this.#readBody(field);
  }

  #readBody(field: Buffer): number {
    const { id, size } = this.#chunk;
    if (id === "fmt ") {
      const format = readWavFormat(field);
      if (typeof format === "string") this.#result = refusal(format);
      else this.#format = format;
    } else if (field.length === DS64_BYTES) {
      this.#longDataBytes = Number(field.readBigUInt64LE(8));
    }
    this.#passOver(size - field.length, size);
    return field.length;
  }

  #passOver(bytes: number, chunkSize: number = bytes): void {
    this.#skip = bytes;
    this.#expectChunk(chunkSize);
  }

  #dataAt(dataAt: number, size: number): WavHeader | WavRefusal {
    if (this.#format === undefined) return refusal("the header has no format (`fmt `) before its audio");
    const longBytes = size === 0xffff_ffff ? this.#longDataBytes : undefined;
    const declared = longBytes ?? size;
    // 0 stands for "unknown" when the length of the whole file is unknown too, or leaves no room for audio.
    const unknownFile = isPlaceholderLength(this.#riffBytes) || this.#riffBytes + 8 <= dataAt;
    const placeholder = longBytes === undefined ? isPlaceholderLength(size) : longBytes >= LONG_PLACEHOLDER;
    const open = declared === 0 ? unknownFile : placeholder;
    return { format: this.#format, dataAt, declaredBytes: open ? undefined : declared };
  }
}

/** True for what can't be a header. */
export function isRefusal(reading: WavHeader | WavRefusal): reading is WavRefusal {
  return "refused" in reading;
}

function refusal(reason: string): WavRefusal {
  return { refused: reason, notWav: false };
}

function notWav(beginning: Buffer): WavRefusal {
  return { refused: foreignContainer(beginning) ?? "not a WAV file", notWav: true };
}

/** Four printable characters. */
function isChunkId(bytes: Buffer, at: number): boolean {
  return bytes.subarray(at, at + 4).every((byte) => byte >= 0x20 && byte <= 0x7e);
}

/** Whether the next chunk begins where padding should be. */
function isUnpadded(field: Buffer): boolean {
  if (KNOWN_CHUNKS.has(field.toString("latin1", 1, 5))) return false;
  return KNOWN_CHUNKS.has(field.toString("latin1", 0, 4)) || (field[0] !== 0 && isChunkId(field, 0));
}
