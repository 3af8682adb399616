/** What is fuzzed: one reader or session each, fed with one input at a time. */
import type { Arbitrary } from "fast-check";
import { BenchError, EXIT } from "../../src/base/errors.ts";

export interface FuzzTarget {
  /** As on the command line; its seeds are in `corpus/NAME/`. */
  readonly name: string;
  /** What reads the input, for people. */
  readonly about: string;
  /** Words of the format, for mutations. */
  readonly dictionary: readonly string[];
  /** Well-formed and nearly well-formed inputs; text is UTF-8. */
  readonly grammar: Arbitrary<string | Uint8Array>;
  /** Longest input in bytes; default 16,384. */
  readonly longestBytes?: number;
  /**
   * Reads one input.
   * @returns the kind of outcome in a few words; an input with a new one is mutated further
   * @throws whatever is not the reader's documented refusal: a find
   */
  run(input: Buffer): string | Promise<string>;
}

/** Runs a reader whose documented refusal is a `BenchError` with exit code 2 (7: a target that can't be used). */
export function refusable(read: () => unknown): string {
  try {
    return kindOf(read());
  } catch (error) {
    return refusalOf(error);
  }
}

/** As `refusable`, for a reader that promises. */
export async function refusableLater(read: () => Promise<unknown>): Promise<string> {
  try {
    return kindOf(await read());
  } catch (error) {
    return refusalOf(error);
  }
}

/** Runs a reader whose documented refusal is a plain `Error` of its own, such as a decoder's. */
export function throwsPlainErrors(read: () => unknown): string {
  try {
    return kindOf(read());
  } catch (error) {
    // TypeError, RangeError and the like are the language's: nobody meant them.
    if (error instanceof Error && (error.constructor === Error || error instanceof SyntaxError))
      return `refused: ${shape(error.message)}`;
    throw error;
  }
}

/** The outcomes of several readers of one input, as one kind. */
export function each(...readers: (() => string)[]): string {
  return readers.map((read) => read()).join(", ");
}

/** A text without what differs from input to input. */
export function shape(text: string): string {
  return text
    .slice(0, 400)
    .replaceAll(/(["'`]).*?\1/gs, "")
    .replaceAll(/[^A-Za-z]+/g, " ")
    .slice(0, 40);
}

export function fail(message: string): never {
  throw new Error(`fuzz: ${message}`);
}

function refusalOf(error: unknown): string {
  if (
    error instanceof BenchError &&
    (error.exitCode === EXIT.usage || error.exitCode === EXIT.targetUnusable)
  )
    return `refused: ${shape(error.message)}`;
  throw error;
}

function kindOf(value: unknown): string {
  if (Array.isArray(value))
    return `list of ${value.length === 0 ? 0 : Math.ceil(Math.log2(value.length + 1))}`;
  return value === undefined ? "nothing" : typeof value;
}
