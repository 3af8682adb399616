import fc from "fast-check";
import type { RecognitionConfig } from "../../../src/base/riva-proto.ts";
import { flacDecoder } from "../../../src/emulator/audio/flac-input.ts";
import { Rejection } from "../../../src/emulator/call/rejection.ts";
import { cutPieces, withCut } from "../binary.ts";
import { shape } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const config = { encoding: "FLAC", sample_rate_hertz: 0, audio_channel_count: 0 } as RecognitionConfig;
const info = Buffer.from(
  "664c614300000022100010000000000000000003e800f0000000000000000000000000000000000000000000",
  "hex",
);
const frame = fc
  .uint8Array({ maxLength: 200 })
  .map((bytes) => Buffer.concat([Buffer.from([0xff, 0xf8]), bytes]));

export const flac: FuzzTarget = {
  name: "flac",
  about: "FLAC to the emulator, in pieces (emulator/flac-input.ts)",
  dictionary: ["fLaC", "\xff\xf8", "\x84\0\0\x10", "\0\0\0\x22"],
  grammar: withCut(fc.array(frame, { maxLength: 4 }).map((frames) => Buffer.concat([info, ...frames]))),
  async run(input) {
    const decoder = await flacDecoder(config);
    try {
      let samples = 0;
      for (const piece of cutPieces(input)) samples += decoder.push(piece).length;
      return `samples ${samples > 0}`;
    } catch (error) {
      if (error instanceof Rejection) return shape(error.message);
      throw error;
    } finally {
      decoder.free?.();
    }
  },
};
