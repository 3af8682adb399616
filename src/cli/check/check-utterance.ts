/** The last step of `bench check`: one spoken sentence, end to end. */
import { defined } from "../../base/defined.ts";
import { adviceFor } from "../../client/advice.ts";
import { openTransport, transportFor } from "../../client/transports.ts";
import type { CheckContext, Finding } from "./check-finding.ts";
import { STEP_LIMIT_MS, failed, given, reachedBy } from "./check-finding.ts";
import { linearChunks, playStream } from "../../run/single-stream.ts";

const CHUNK_MS = 100;

/** Times are in milliseconds, below zero where the server was quicker than the speaker. */
export async function sayOneSentence({
  target,
  clock,
  clip,
  language,
  model,
}: CheckContext): Promise<Finding> {
  const transport = await openTransport(transportFor(target.kind), { ...target, clock });
  const record = await playStream({
    transport,
    clock,
    ...linearChunks(transport, clip, CHUNK_MS),
    pace: 1,
    spec: {
      recognition: {
        language,
        interim: true,
        ...defined({ model }),
      },
      encoding: "LINEAR_PCM",
      sampleRateHz: clip.sampleRateHz,
      requestId: "bench-check",
      readyTimeoutMs: STEP_LIMIT_MS,
      flushTimeoutMs: STEP_LIMIT_MS,
    },
  });
  await transport.close();
  if (!record.outcome.ok) {
    const { failure } = record.outcome;
    return failed(failure, adviceFor(failure, reachedBy(target), given(target)));
  }

  const { readyMs = record.startedMs, responses } = record;
  const transcript = responses
    .map((response) => (response.final ? response.text : ""))
    .join("")
    .trim();
  const heard = responses.find((response) => response.text.trim() !== "");
  const final = responses.findLast((response) => response.final);
  const data = {
    said: clip.text,
    transcript,
    setupMs: readyMs - record.startedMs,
    firstPartialFromOnsetMs: heard === undefined ? undefined : heard.atMs - readyMs - clip.onsetMs,
    finalFromSpeechEndMs: final === undefined ? undefined : final.atMs - readyMs - clip.speechEndMs,
  };
  if (transcript === "") {
    return {
      ok: false,
      detail: `nothing was recognised in "${clip.text ?? clip.id}"`,
      advice: "Check that the model is a streaming one and speaks the language.",
      data,
    };
  }
  const ms = (value: number | undefined): string => `${(value ?? NaN).toFixed(0)} ms`;
  return {
    ok: true,
    detail:
      `"${transcript}"; first partial ${ms(data.firstPartialFromOnsetMs)} after speech began, ` +
      `final ${ms(data.finalFromSpeechEndMs)} after it ended`,
    data,
  };
}
