/** The unary Recognize call: a whole file at once. */
import type { Partially, RecognitionConfig, RecognizeResponse } from "../../base/riva-proto.ts";
import { MODEL_RATE_HZ } from "../audio/audio-format.ts";
import { AudioInput } from "../audio/audio-input.ts";
import type { Reply } from "../engines/engine.ts";
import { filtered } from "../recognizer/profanity.ts";
import { finalAlternative } from "../recognizer/spoken-word.ts";
import { Rejection } from "./rejection.ts";

/** The response to a file that `reply` was recognised in. */
export function fileResponse(reply: Reply, config: RecognitionConfig): Partially<RecognizeResponse> {
  const { transcript, words, audioProcessedMs } = filtered(reply, config);
  const alternatives = [finalAlternative(transcript, words ?? [], config)];
  return { results: [{ alternatives, channel_tag: 1, audio_processed: audioProcessedMs / 1000 }] };
}

/**
 * The samples of a whole file.
 * @throws Rejection for audio that this server does not take
 */
export async function decodeFile(
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
    if (samples.length === 0) throw new Rejection("empty audio");
    return { samples, sampleRateHz: input.sampleRateHz ?? MODEL_RATE_HZ };
  } finally {
    input.close();
  }
}
