/** The seam between the Riva service and what recognises: one file an engine, one line in `engines.ts`. */
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { ServerMark } from "../../base/server-mark.ts";
import type { Rejection } from "../call/rejection.ts";
import type { SpokenWord } from "../recognizer/spoken-word.ts";
import type { InferenceMeter } from "../timing/inference-meter.ts";

/** One response. Without `words` it is empty: nothing to say. */
export interface Reply {
  final: boolean;
  /** 1 = the first pass found the end of the utterance; otherwise 0. */
  stability: 0 | 1;
  /** Words of the utterance so far. */
  words: readonly SpokenWord[] | undefined;
  /** The words as text. Begins with a space when an earlier final of the stream had text. */
  transcript: string;
  audioProcessedMs: number;
  /** Speech probabilities of the audio that this reply adds, one for each 80 ms; empty where they were not asked for. */
  vad: readonly number[];
}

/** A reply that will come. */
export interface PostedReply {
  /** Says what the reply is; called once, when it leaves. */
  reply: () => Reply;
  /** When what it answers came, milliseconds. */
  arrivedMs: number;
  /** The last of its call. */
  last: boolean;
}

/** Takes the replies of one call, in order. */
export interface ReplyPort {
  /** The call has ended: nothing more is wanted. */
  readonly over: boolean;
  /** Keeps the place of the next reply; returns the function that says when it leaves. */
  post(posted: PostedReply): (leavesMs: number) => void;
  /** Ends the call: the engine can't go on with it. */
  fail(rejection: Rejection): void;
}

/** A call as its configuration describes it. */
export interface CallSpec {
  config: RecognitionConfig;
  interim: boolean;
  sampleRateHz: number;
}

/** One stream of audio within an engine. */
export interface EngineCall {
  /** Takes audio that came at `arrivedMs` and stays as it is. */
  push(samples: Int16Array, arrivedMs: number): void;
  /** Asks for a final at once of what has been said; the stream goes on. */
  force(arrivedMs: number): void;
  /** The audio has ended; the last reply follows. */
  finish(arrivedMs: number): void;
  /** The call is over; what has not been worked on is left. */
  close(): void;
}

/** Streaming and whole files are served by different models, as on the real servers. */
export type CallType = "online" | "offline";

/** Recognises speech for the Riva service. */
export interface Engine {
  /** Names of its models. */
  readonly models: Readonly<Record<CallType, string>>;
  /** Whether it imitates, or what it is that really listens: stands beside everything that the server says. */
  readonly mark: ServerMark;
  /** Its entry in the answer to a request for models. */
  readonly facts: Readonly<Record<string, string>>;
  readonly meter: InferenceMeter;
  /** Inference requests that no work has begun on. */
  readonly pending: number;
  open(spec: CallSpec, replies: ReplyPort): EngineCall;
  /**
   * Recognises a whole file, without pauses ending anything; resolves when the answer leaves.
   * @throws Rejection when it can't
   */
  recognize(samples: Int16Array, spec: CallSpec, arrivedMs: number): Promise<Reply>;
  /** Ends it, with all processes that it has. */
  stop(): Promise<void>;
}
