/** A scenario's `recognition`: what the server is asked to do with the audio. */
import { z } from "zod";
import { section } from "../base/yaml.ts";
import type { RecognitionSettings } from "../client/transport.ts";
import { realNumber, wholeNumber } from "./load/schema-fields.ts";

const flag = z.boolean();
const texts = z.record(z.string().min(1), z.string("must be text: write numbers and true in quotes"));
const historyMs = wholeNumber(0, 60_000).exactOptional();
const threshold = realNumber(0, 1).exactOptional();

export const recognitionSection: z.ZodType<RecognitionSettings> = section({
  language: z.string().min(1).default("en-US"),
  model: z.string().min(1).exactOptional(),
  interim: flag.default(true),
  punctuation: flag.exactOptional(),
  wordTimeOffsets: flag.exactOptional(),
  verbatim: flag.exactOptional(),
  profanityFilter: flag.exactOptional(),
  maxAlternatives: wholeNumber(1, 30).exactOptional(),
  boosting: z
    .array(section({ phrases: z.array(z.string().min(1)).min(1), boost: realNumber(-100, 100) }))
    .exactOptional(),
  diarization: section({ maxSpeakers: wholeNumber(1, 100).exactOptional() }).exactOptional(),
  endpointing: section({
    startHistoryMs: historyMs,
    startThreshold: threshold,
    stopHistoryMs: historyMs,
    stopThreshold: threshold,
    stopHistoryEouMs: historyMs,
    stopThresholdEou: threshold,
  }).exactOptional(),
  customConfiguration: texts.exactOptional(),
  runtimeConfig: texts.exactOptional(),
}).prefault({});
