import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../base/package-root.ts";
import { readWavStart } from "./wav-header.ts";

const wav = readFileSync(join(PACKAGE_ROOT, "datasets/core/wav/ps-goforward.wav"));

test("finds the first sample once the header is whole", () => {
  expect(readWavStart(wav.subarray(0, 40))).toBeUndefined();
  expect(readWavStart(wav.subarray(0, 3200))).toEqual({ sampleRateHz: 16_000, headerBytes: 44 });
});

test.each([
  [(bytes: Buffer) => bytes.fill("X", 0, 4), "does not begin with a WAV header"],
  [(bytes: Buffer) => bytes.writeUInt16LE(2, 22), "only mono"],
  [(bytes: Buffer) => bytes.writeUInt16LE(7, 20), "only mono"],
  [(bytes: Buffer) => bytes.writeUInt32LE(1e9, 16), "too long"],
])("what can't be streamed is refused with a reason", (spoil, said) => {
  const bytes = Buffer.from(wav.subarray(0, 3200));
  spoil(bytes);
  expect(readWavStart(bytes)).toContain(said);
});
