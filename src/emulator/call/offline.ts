/** The unary Recognize call: a whole file at once. */
import type { Partially, RecognitionConfig, RecognizeResponse } from "../../base/riva-proto.ts";
import { MODEL_RATE_HZ } from "../audio/audio-format.ts";
import { AudioInput } from "../audio/audio-input.ts";
import type { FingerprintIndex } from "../recognizer/fingerprint.ts";
import { Rejection } from "./rejection.ts";
import { spellingFor } from "../recognizer/spelling.ts";
import { finalAlternative } from "../recognizer/spoken-word.ts";
import { Transcriber } from "../recognizer/transcriber.ts";

/**
 * The answer to a file of audio, and how much audio it was.
 * @throws Rejection for audio that this server does not take
 */
export async function recognizeFile(
  index: FingerprintIndex,
  config: RecognitionConfig,
  audio: Buffer,
): Promise<{ response: Partially<RecognizeResponse>; audioMs: number }> {
  const { samples, sampleRateHz } = await decodedFile(config, audio);
  if (samples.length === 0) throw new Rejection("empty audio");
  const transcriber = new Transcriber({
    index,
    sampleRateHz: sampleRateHz,
    chunkMs: undefined,
    interim: false,
    stopHistoryMs: Infinity,
    spelling: spellingFor(config),
  });
  for (const { listen } of transcriber.push(samples)) listen();
  const { transcript, words, audioProcessedMs } = transcriber.finish().listen();
  return {
    response: {
      results: [
        {
          alternatives: [finalAlternative(transcript, words ?? [], config)],
          channel_tag: 1,
          audio_processed: audioProcessedMs / 1000,
        },
      ],
    },
    audioMs: audioProcessedMs,
  };
}

/** @throws Rejection for audio that this server does not take */
async function decodedFile(
  config: RecognitionConfig,
  audio: Buffer,
): Promise<{ samples: Int16Array; sampleRateHz: number }> {
  const input = new AudioInput(config);
  try {
    await input.loading;
    let samples = input.push(audio);
    if (input.loading) {
      await input.loading;
      samples = input.push(Buffer.alloc(0));
    }
    return { samples, sampleRateHz: input.sampleRateHz ?? MODEL_RATE_HZ };
  } finally {
    input.close();
  }
}
