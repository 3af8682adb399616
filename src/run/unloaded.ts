/** A server's answers without load: each clip once, one after the other. Answers under load are compared with them (`transcript_parity`). */
import type { Clock } from "../base/clock.ts";
import { defined } from "../base/defined.ts";
import type { OpenDataset } from "../base/dataset/dataset.ts";
import { padClip } from "../base/dataset/dataset.ts";
import { BenchError } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";
import { adviceFor, failureText } from "../client/advice.ts";
import { openTransport } from "../client/transports.ts";
import { chunkEncoder } from "../loadgen/audio/encoded-audio.ts";
import { readyClip } from "../loadgen/audio/audio-plan.ts";
import { judged } from "../metrics/observation/classify.ts";
import type { ClipFacts } from "../metrics/observation/observation.ts";
import { finalText } from "../metrics/observation/accuracy.ts";
import { isUnpaced } from "../scenario/load/load.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import { playStream, type StreamRecord } from "./single-stream.ts";

export interface UnloadedInput {
  clock: Clock;
  target: ResolvedTarget;
  /** As it is sent to workers: the target's own model and language in it. */
  scenario: RunnableScenario;
  /** The clips that the load plays, not yet padded. */
  dataset: OpenDataset;
  /** Ends it at once. */
  signal: AbortSignal;
}

export interface UnloadedAnswers {
  /** Clip and answer. */
  answers: [clip: string, answer: string][];
  /** Clips that the server failed on. */
  failed: number;
}

/** Failures of a request that no other clip will mend: so many of the first ones, and asking ends. */
const REFUSALS: ReadonlySet<string> = new Set([
  "bad-config",
  "not-found",
  "unauthenticated",
  "permission",
  "certificate",
  "refused",
]);
const MOST_REFUSALS = 3;

/**
 * Asks each clip once, at the scenario's pace and in its encoding.
 * @throws BenchError (exit 130) when it is stopped; (exit 7) when the target refuses the first clips, or answers none at all
 */
export async function askUnloaded(input: UnloadedInput): Promise<UnloadedAnswers> {
  const { clock, target, scenario, dataset, signal } = input;
  const { audio, recognition, session } = scenario;
  const transport = await openTransport(scenario.transport, { ...target, clock });
  const padding = { beforeMs: audio.paddingBeforeMs, afterMs: audio.paddingAfterMs };
  const wire = {
    encoding: audio.encoding,
    encoder: await chunkEncoder(audio.encoding),
    frame: transport.encodeChunk.bind(transport),
    ...defined({ runtimeConfig: recognition.runtimeConfig }),
  };
  const answers: UnloadedAnswers["answers"] = [];
  const failures: Failure[] = [];
  const mustAnswer = (): void => {
    const [first] = failures;
    if (first === undefined || answers.length > 0) return;
    throw BenchError.target(
      `${target.uri} answers no clip without load (scoring.parity): ${failureText(first)}`,
      adviceFor(first, target.kind === "riva-grpc" ? "gRPC" : "HTTP", target.tls),
    );
  };
  const mustGoOn = (): void => {
    if (signal.aborted)
      throw new BenchError("interrupted while the clips were asked without load", { exitCode: 130 });
  };
  // Its streams end with it.
  signal.addEventListener("abort", () => void transport.close());
  try {
    for (const [index, clip] of dataset.clips.entries()) {
      mustGoOn();
      const padded = padClip(await dataset.readAudio(clip), padding);
      const { chunks, facts, chunkMs, sampleRateHz } = readyClip(padded, audio.chunkMs, wire);
      const record = await playStream({
        ...{ transport, clock, chunks, chunkMs },
        audioMs: facts.audioMs,
        pace: isUnpaced(scenario.load) ? 0 : audio.pace,
        spec: {
          recognition,
          encoding: audio.encoding,
          sampleRateHz,
          requestId: `unloaded-${index}`,
          readyTimeoutMs: session.connectTimeoutMs,
          flushTimeoutMs: session.deadlineMs,
        },
      });
      mustGoOn();
      const answer = judgedAnswer(record, facts, scenario);
      if (typeof answer === "string") answers.push([clip.id, answer]);
      else failures.push(answer);
      if (failures.length === MOST_REFUSALS && failures.every(({ class: kind }) => REFUSALS.has(kind)))
        mustAnswer();
    }
    mustAnswer();
  } finally {
    await transport.close();
  }
  return { answers, failed: failures.length };
}

/** The final answer, or the failure of the session, by its stream or by its content. */
function judgedAnswer(
  { outcome, responses, startedMs }: StreamRecord,
  clip: ClipFacts,
  { audio, recognition, scoring }: RunnableScenario,
): string | Failure {
  const heard = responses.map(({ atMs, final, text }) => ({ atMs, final, text }));
  const { outcome: verdict } = judged(
    {
      ...{
        seq: 0,
        slot: 0,
        phase: "steady",
        stage: "",
        clip,
        chunkMs: audio.chunkMs,
        pace: audio.pace,
        chunks: 0,
      },
      ...{ interim: recognition.interim, scheduledMs: startedMs, sentMs: [], acceptedMs: [] },
      ...{ responses: heard, cutShort: false, outcome },
    },
    scoring.failures,
  );
  return verdict?.ok === false ? verdict.failure : finalText({ responses: heard });
}
