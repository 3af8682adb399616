/** Changes of an input that readers of files and messages stumble over. */
import type { Random } from "../../src/base/random.ts";
import { randomBelow } from "../../src/base/random.ts";

type Change = (input: Buffer, random: Random, material: Material) => Buffer;

export interface Material {
  /** Words of the format. */
  readonly words: readonly Buffer[];
  /** Another input, to be crossed with. */
  other(): Buffer;
  readonly longestBytes: number;
}

const NUMBERS = [
  "0",
  "-1",
  "1",
  "-0",
  "1e999",
  "-1e308",
  "4294967296",
  "9007199254740993",
  "0.1",
  "1e-320",
  "NaN",
  "",
];
const WORDS_32 = [0, 1, 2, 7, 15, 16, 17, 255, 65_535, 65_536, 0x7f_ff_ff_ff, 0x80_00_00_00, 0xff_ff_ff_ff];
/** Bytes that end, open or escape something somewhere, and UTF-8 that is none. */
const BYTES = [
  0, 9, 10, 13, 32, 34, 35, 37, 39, 44, 45, 46, 58, 91, 92, 93, 123, 125, 127, 128, 0xc0, 0xed, 0xff,
];

const CHANGES: readonly Change[] = [
  // A bit.
  (input, random) => {
    const changed = Buffer.from(input);
    const at = randomBelow(random, Math.max(1, input.length));
    if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << randomBelow(random, 8));
    return changed;
  },
  // A byte.
  (input, random) => {
    const changed = Buffer.from(input);
    if (changed.length > 0) changed[randomBelow(random, changed.length)] = pick(BYTES, random);
    return changed;
  },
  // A 16 or 32 bit number, either way round.
  (input, random) => {
    const changed = Buffer.from(input);
    const [value, wide, little] = [pick(WORDS_32, random), random() < 0.7, random() < 0.6];
    const bytes = wide ? 4 : 2;
    if (changed.length < bytes) return changed;
    const at = randomBelow(random, changed.length - bytes + 1);
    const number = wide ? value : value & 0xff_ff;
    if (little) changed.writeUIntLE(number, at, bytes);
    else changed.writeUIntBE(number, at, bytes);
    return changed;
  },
  // A piece is left out.
  (input, random) => {
    const [from, to] = range(input, random);
    return Buffer.concat([input.subarray(0, from), input.subarray(to)]);
  },
  // A piece comes again, a few times or very often.
  (input, random) => {
    const [from, to] = range(input, random);
    const times = random() < 0.9 ? 1 + randomBelow(random, 4) : 200;
    const pieces = Array.from({ length: times }, () => input.subarray(from, to));
    return Buffer.concat([input.subarray(0, to), ...pieces, input.subarray(to)]);
  },
  // Cut off.
  (input, random) => input.subarray(0, randomBelow(random, input.length + 1)),
  // A word of the format.
  (input, random, { words }) =>
    insert(input, words.length === 0 ? Buffer.from("\n") : pick(words, random), random),
  // Bytes of no format.
  (input, random) => insert(input, Buffer.from([pick(BYTES, random), pick(BYTES, random)]), random),
  // A number of the text.
  (input, random) => {
    const text = input.toString("latin1");
    const numbers = [...text.matchAll(/-?\d+(?:\.\d+)?/g)];
    if (numbers.length === 0) return input;
    const { index, 0: old } = pick(numbers, random);
    return Buffer.from(
      text.slice(0, index) + pick(NUMBERS, random) + text.slice(index + old.length),
      "latin1",
    );
  },
  // Two lines change places.
  (input, random) => {
    const lines = input.toString("latin1").split("\n");
    const [a, b] = [randomBelow(random, lines.length), randomBelow(random, lines.length)];
    [lines[a], lines[b]] = [lines[b] ?? "", lines[a] ?? ""];
    return Buffer.from(lines.join("\n"), "latin1");
  },
  // The front of one and the end of another.
  (input, random, { other }) => {
    const tail = other();
    return Buffer.concat([
      input.subarray(0, randomBelow(random, input.length + 1)),
      tail.subarray(randomBelow(random, tail.length + 1)),
    ]);
  },
];

/** Applies one to four changes. */
export function mutated(input: Buffer, random: Random, material: Material): Buffer {
  let changed = input;
  for (let left = 1 + randomBelow(random, 4); left > 0; left--)
    changed = pick(CHANGES, random)(changed, random, material);
  return changed.length > material.longestBytes ? changed.subarray(0, material.longestBytes) : changed;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[randomBelow(random, items.length)]!;
}

function range(input: Buffer, random: Random): [from: number, to: number] {
  const from = randomBelow(random, input.length + 1);
  const longest = Math.min(input.length - from, random() < 0.8 ? 16 : 4096);
  return [from, from + randomBelow(random, longest + 1)];
}

function insert(input: Buffer, piece: Buffer, random: Random): Buffer {
  const at = randomBelow(random, input.length + 1);
  return Buffer.concat([input.subarray(0, at), piece, input.subarray(at)]);
}
