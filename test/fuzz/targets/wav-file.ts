import { decodeWav } from "../../../src/base/audio/audio.ts";
import { wav } from "../binary.ts";
import { fail, refusable } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

export const wavFile: FuzzTarget = {
  name: "wav-file",
  about: "WAV files of datasets and `bench transcribe` (base/audio.ts)",
  dictionary: [
    "RIFF",
    "WAVE",
    "fmt ",
    "data",
    "LIST",
    "ds64",
    "fact",
    "cue ",
    "smpl",
    "adtl",
    "labl",
    "\x10\0\0\0",
  ],
  grammar: wav,
  run: (input) =>
    refusable(() => {
      const { pcm, sampleRateHz, durationMs } = decodeWav(input, "x.wav");
      if (pcm.length === 0 || pcm.length % 2 !== 0 || !(durationMs > 0) || !Number.isFinite(durationMs))
        fail(`${pcm.length} bytes of PCM, ${durationMs} ms at ${sampleRateHz} Hz`);
      return pcm;
    }),
};
