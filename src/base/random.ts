/**
 * Seeded random numbers with named sub-streams, so that what one part of a plan draws never shifts what another draws.
 * The only importer of pure-rand.
 */
import { createHash } from "node:crypto";
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";

/** Draws a number in [0, 1) with 32 random bits. */
export type Random = () => number;

/** A generator for one purpose: the same seed and name give the same numbers on every machine. */
export function randomStream(seed: number, name: string): Random {
  const digest = createHash("sha256").update(`${seed}\0${name}`).digest();
  const generator = xoroshiro128plus(digest.readInt32LE(0));
  return () => (generator.next() >>> 0) / 2 ** 32;
}

/** An integer in [0, below). */
export function randomBelow(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** A seeded permutation of `items` (Fisher-Yates); the input is left alone. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomBelow(random, i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
