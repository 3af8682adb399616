import type { RecognitionConfig } from "../../../src/base/riva-proto.ts";
import { AudioInput } from "../../../src/emulator/audio/audio-input.ts";
import { Rejection } from "../../../src/emulator/call/rejection.ts";
import { cutPieces, wav, withCut } from "../binary.ts";
import { fail, shape } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const config = {
  encoding: "ENCODING_UNSPECIFIED",
  sample_rate_hertz: 0,
  audio_channel_count: 0,
} as RecognitionConfig;

/** The first byte says how long the pieces are that the rest comes in. */
export const wavEmulator: FuzzTarget = {
  name: "wav-emulator",
  about: "a WAV or raw samples to the emulator, in pieces (emulator/audio-input.ts)",
  dictionary: ["RIFF", "WAVE", "fmt ", "data", "LIST", "\x28\0\0\0"],
  grammar: withCut(wav),
  run(input) {
    // Codecs are loaded later: they have a target of their own.
    if (/^.(?:fLaC|OggS)/s.test(input.toString("latin1", 0, 5))) return "coded";
    const audio = new AudioInput(config);
    let samples = 0;
    try {
      for (const piece of cutPieces(input)) samples += audio.push(piece).length;
    } catch (error) {
      if (error instanceof Rejection) return shape(error.message);
      throw error;
    } finally {
      audio.close();
    }
    if (samples > input.length) fail(`${samples} samples from ${input.length} bytes`);
    return `samples ${samples > 0}`;
  },
};
