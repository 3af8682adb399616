/** Conditions: what happens on purpose to a share of the sessions, because it happens to real callers. Pure. */
import { TRANSITION } from "./load/load-shape.ts";

/** An instant of a session, counted from the opening of its microphone; drawn evenly between the two. */
export interface Instant {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Something that comes again and again: `forMs` long, after pauses that are exponential with mean `everyMs`. */
export interface Recurring {
  readonly everyMs: number;
  readonly forMs: number;
}

/** Faults of microphone and network that come together, and the share of sessions they come to. */
export interface Condition {
  readonly name: string;
  /** Of all sessions, 0 to 1. */
  readonly share: number;
  /** Each chunk is held up on its way to the socket, exponentially with this mean, cut at `maxMs`; order is kept. */
  readonly jitter?: { readonly meanMs: number; readonly maxMs: number };
  /** Nothing gets out for a while; then all that waited, at once. */
  readonly stall?: Recurring;
  /** Audio is lost before it reaches us and silence stands in its place, as a jitter buffer conceals it. */
  readonly loss?: Recurring;
  /** The microphone's clock is fast (above 0) or slow by so many parts in a million. */
  readonly driftPpm?: number;
  /** The microphone is off for a while: no audio, not even silence. What was to be said is said afterwards. */
  readonly mute?: { readonly after: Instant; readonly forMs: number };
  /** The caller hangs up in mid-call: the stream is cancelled. */
  readonly hangUp?: { readonly after: Instant };
  /** The caller vanishes: nothing is sent and nothing read any more, and the stream stays open for so long. */
  readonly halfOpen?: { readonly after: Instant; readonly forMs: number };
  /** Responses are left lying on the socket for a while. */
  readonly slowReader?: Recurring;
}

/** A load with one stage lends it no name; what lies between stages stays unjudged as it is. */
export function stageUnder(condition: Condition, stage: string, many: boolean): string {
  if (stage === TRANSITION) return stage;
  return many ? `${stage}-${condition.name}` : condition.name;
}

/** How much longer than its audio a session under any of the conditions may last, beyond what the server makes of it. */
export function longestExtraMs(conditions: readonly Condition[]): number {
  return Math.max(0, ...conditions.map((condition) => heldUpMs(condition) + silentMs(condition)));
}

/** How much longer than its audio a session lasts on average. */
export function meanExtraMs(conditions: readonly Condition[]): number {
  return conditions.reduce((sum, condition) => sum + condition.share * silentMs(condition), 0);
}

/** At the end of the audio: a stall, and the jitter of the last chunk. */
function heldUpMs({ stall, jitter }: Condition): number {
  return (stall?.forMs ?? 0) + (jitter?.maxMs ?? 0);
}

function silentMs({ mute, halfOpen }: Condition): number {
  return (mute?.forMs ?? 0) + (halfOpen?.forMs ?? 0);
}
