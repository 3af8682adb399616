/**
 * What an ONNX file says about itself, read without its weights: sherpa-onnx ends its process on a file that is broken or of another
 * kind, so files are looked at first. Only the outermost fields of onnx.proto's ModelProto are walked.
 */
import type { FileHandle } from "node:fs/promises";
import { open } from "node:fs/promises";
import { BenchError, messageOf } from "../../base/errors.ts";

/** Fields of ModelProto. */
const GRAPH = 7;
const METADATA = 14;
const HIGHEST_FIELD = 30;
/** Wire types of protobuf that its fields have. */
const VARINT = 0;
const LENGTH_DELIMITED = 2;
/** Longer values are no facts of a model. */
const LONGEST_ENTRY_BYTES = 65_536;
const LONGEST_VARINT_BYTES = 10;

/**
 * The metadata of a model.
 * @throws BenchError (exit 2) when the file can't be read, is no ONNX model, or ends too early
 */
export async function onnxMetadata(path: string): Promise<ReadonlyMap<string, string>> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const { size } = await file.stat();
    const read = reader(file, size);
    const metadata = new Map<string, string>();
    let hasGraph = false;
    for await (const { number, start, end } of fieldsOf(read, size)) {
      hasGraph ||= number === GRAPH;
      if (number !== METADATA || end - start > LONGEST_ENTRY_BYTES) continue;
      const [key = "", value = ""] = await stringsOf(await read(start, end - start));
      metadata.set(key, value);
    }
    if (!hasGraph) throw new Error("it has no graph");
    return metadata;
  } catch (error) {
    throw BenchError.usage(
      `${path} is not an ONNX model: ${messageOf(error)}`,
      "Download it again and compare its checksum; a Git LFS pointer of some lines is replaced by `git lfs pull`.",
    );
  } finally {
    await file?.close();
  }
}

type Read = (at: number, length: number) => Promise<Buffer>;

interface Field {
  number: number;
  start: number;
  end: number;
}

function reader(file: FileHandle, size: number): Read {
  return async (at, length) => {
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - at)));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, at);
    return bytes.subarray(0, bytesRead);
  };
}

/** Key and value of an entry, fields 1 and 2. */
async function stringsOf(entry: Buffer): Promise<string[]> {
  const read: Read = (at, length) => Promise.resolve(entry.subarray(at, at + length));
  const strings: string[] = [];
  for await (const { number, start, end } of fieldsOf(read, entry.length)) {
    strings[number - 1] = entry.toString("utf8", start, end);
  }
  return strings;
}

async function* fieldsOf(read: Read, size: number): AsyncGenerator<Field> {
  for (let at = 0; at < size;) {
    const head = await read(at, 2 * LONGEST_VARINT_BYTES);
    const tag = varint(head, 0);
    const number = Math.floor(tag.value / 8);
    const wireType = tag.value % 8;
    if (number < 1 || number > HIGHEST_FIELD || (wireType !== VARINT && wireType !== LENGTH_DELIMITED)) {
      throw new Error(at === 0 ? "it begins with something else" : `byte ${at} is damaged`);
    }
    const second = varint(head, tag.bytes);
    const start = at + tag.bytes + second.bytes;
    const end = wireType === VARINT ? start : start + second.value;
    if (end > size) throw new Error(`it is cut off: ${size} bytes of at least ${end}`);
    yield { number, start, end };
    at = end;
  }
}

function varint(bytes: Buffer, from: number): { value: number; bytes: number } {
  let value = 0;
  for (let at = 0; at < LONGEST_VARINT_BYTES; at++) {
    const byte = bytes[from + at];
    if (byte === undefined) throw new Error("it is cut off");
    value += (byte % 128) * 2 ** (7 * at);
    if (byte < 128) return { value, bytes: at + 1 };
  }
  throw new Error("it is damaged");
}
