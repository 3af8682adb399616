import fc from "fast-check";
import { expect, test } from "vitest";
import { createBlockStore } from "./block-store.ts";
import { KeptAudio } from "./kept-audio.ts";

const RATE_HZ = 16_000;
const BYTES_PER_MS = 32;
const LIMIT_MS = 2000;

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ bytes: fc.integer({ min: 2, max: 40_000 }), unsent: fc.boolean() }) },
  fc.record({ recognisedMs: fc.integer({ min: 0, max: 1500 }) }),
  fc.constant("clear" as const),
);

/** The plain way: a list of the pieces. */
function model() {
  const state = { pieces: [] as Buffer[], fromMs: 0 };
  const drop = (): void => void (state.fromMs += (state.pieces.shift()?.length ?? 0) / BYTES_PER_MS);
  const bytes = (): number => state.pieces.reduce((sum, { length }) => sum + length, 0);
  return {
    state,
    add(piece: Buffer, unsent: boolean) {
      state.pieces.push(piece);
      while (!unsent && bytes() > LIMIT_MS * BYTES_PER_MS && state.pieces.length > 1) drop();
    },
    recognised(untilMs: number) {
      while (state.pieces[0] !== undefined && state.fromMs + state.pieces[0].length / BYTES_PER_MS <= untilMs)
        drop();
    },
  };
}

test("blocks hold what a list of the pieces would, wherever those are cut by their ends", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const kept = new KeptAudio(RATE_HZ, LIMIT_MS, createBlockStore());
      const plain = model();
      let filler = 0;
      for (const one of steps) {
        if (one === "clear") {
          kept.clear();
          plain.state.pieces = [];
        } else if ("bytes" in one) {
          const piece = Buffer.alloc(one.bytes, ++filler % 251);
          kept.add(piece, one.unsent);
          plain.add(Buffer.from(piece), one.unsent);
          piece.fill(255);
        } else {
          const untilMs = plain.state.fromMs + one.recognisedMs;
          kept.recognised(untilMs);
          plain.recognised(untilMs);
        }
        expect(kept.fromMs).toBe(plain.state.fromMs);
        expect(
          Buffer.concat(kept.pieces().map(({ bytes }) => bytes)).equals(Buffer.concat(plain.state.pieces)),
        ).toBe(true);
        expect(kept.pieces().map(({ bytes }) => bytes.length)).toEqual(
          plain.state.pieces.map(({ length }) => length),
        );
      }
    }),
    { numRuns: 40 },
  );
});
