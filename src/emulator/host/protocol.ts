/** Messages between the Riva service and a process of recognisers. Samples are copied, everything else is plain data. */
import type { Reply } from "../engines/engine.ts";
import type { BackendSettings } from "./decoder.ts";

/** How a stream wants to be listened to. */
export interface ListenSpec {
  sampleRateHz: number;
  interim: boolean;
  /** Pause that ends an utterance. */
  stopHistoryMs: number;
  /** Shorter pause of the first pass; Infinity = none. */
  stopHistoryEouMs: number;
}

/** Work that is answered by one reply: audio, and whether a final is wanted after it, the last one perhaps. */
export interface Work {
  type: "audio" | "force" | "finish";
  id: number;
  samples: Int16Array;
}

export type ToRecognizer =
  | { type: "load"; engine: string; settings: BackendSettings }
  | { type: "open"; id: number; spec: ListenSpec }
  | Work
  | { type: "close"; id: number };

export type FromRecognizer =
  | { type: "ready" }
  /** It can't recognise anything and ends. */
  | { type: "failed"; message: string; hint?: string }
  | { type: "opened"; id: number }
  /** Answers to pieces of work that were done together, one a stream, each stream's in order; `workMs` = time that it took. */
  | { type: "replies"; replies: readonly { id: number; reply: Reply }[]; workMs: number }
  /** Instead of a reply or `opened`: the stream can't go on. */
  | { type: "broken"; id: number; message: string };

/** One end of the channel between both. */
export interface Channel<Outgoing, Incoming> {
  send(message: Outgoing): void;
  onMessage(handler: (message: Incoming) => void): void;
}
