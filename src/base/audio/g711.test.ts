import { describe, expect, it } from "vitest";
import { decodeG711, encodeG711 } from "./g711.ts";

const every = Uint8Array.from({ length: 256 }, (_, code) => code);

describe("G.711", () => {
  // Decision and quantised values of the standard's tables, in 16-bit scale.
  it.each([
    {
      law: "MULAW",
      codes: [0xff, 0x7f, 0x80, 0x00, 0xfe, 0xf0, 0xef],
      samples: [0, 0, 32_124, -32_124, 8, 120, 132],
    },
    { law: "ALAW", codes: [0xd5, 0x55, 0xaa, 0x2a, 0xd4, 0xc5], samples: [8, -8, 32_256, -32_256, 24, 264] },
  ] as const)("$law gives the standard's values", ({ law, codes, samples }) => {
    expect([...decodeG711(law, Uint8Array.from(codes))]).toEqual(samples);
  });

  it.each(["MULAW", "ALAW"] as const)("%s: every level survives the way back", (law) => {
    const levels = decodeG711(law, every);
    expect(decodeG711(law, encodeG711(law, levels))).toEqual(levels);
  });

  it.each(["MULAW", "ALAW"] as const)("%s: every sample becomes the nearest level", (law) => {
    const levels = [...decodeG711(law, every)];
    for (let sample = -32_768; sample < 32_768; sample += 97) {
      const [coded] = decodeG711(law, encodeG711(law, Int16Array.of(sample)));
      expect(Math.abs((coded ?? NaN) - sample)).toBe(
        Math.min(...levels.map((level) => Math.abs(level - sample))),
      );
    }
  });
});
