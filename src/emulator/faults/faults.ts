/** Decides which streams and replies the ordered faults strike: the same seed and order of calls strike the same ones. */
import type { Random } from "../../base/random.ts";
import { randomStream } from "../../base/random.ts";
import type { Fault, FaultKind, FaultSpec } from "./fault-spec.ts";
import { injectedText, Rejection } from "../call/rejection.ts";

/** How a stream is made to end. */
export interface FaultyEnd {
  /** Since its configuration. */
  afterMs: number;
  how: "error" | "lost-sequence" | "reset" | "disconnect";
  /** What an `error` says. */
  rejection: Rejection;
}

/** What happens to one stream. */
export interface CallFaults {
  /** It is refused with this. */
  refusal: Rejection | undefined;
  end: FaultyEnd | undefined;
  dropsFinal: boolean;
  /** When a reply leaves that was to leave at `leavesMs`, while `others` are open. */
  delayed: (leavesMs: number, others: number) => number;
}

interface Rule {
  fault: Fault;
  random: Random;
}

export class Faults {
  readonly spec: FaultSpec;
  /** Strikes by kind. A refusal is one, a delayed reply is one. */
  readonly struck: Partial<Record<FaultKind, number>> = {};
  readonly #rules: readonly Rule[];
  readonly #sinceMs: number;

  /** @param nowMs when they were set */
  constructor(spec: FaultSpec, nowMs: number) {
    this.spec = spec;
    this.#sinceMs = nowMs;
    // A stream of numbers each, so that adding a rule changes nothing for the others.
    this.#rules = spec.faults.map((fault, i) => ({
      fault,
      random: randomStream(spec.seed, `fault/${i}/${fault.kind}`),
    }));
  }

  /** Draws the lot of a stream that is configured now, while `others` are open; undefined = it is spared. */
  forCall(nowMs: number, others: number): CallFaults | undefined {
    if (this.#rules.length === 0) return undefined;
    const lot: CallFaults = {
      refusal: undefined,
      end: undefined,
      dropsFinal: false,
      delayed: (leavesMs, now) => this.#delayed(leavesMs, now, held),
    };
    const held: Held = { stalls: [], untilMs: -Infinity };
    for (const { fault, random } of this.#rules) {
      // Latency is drawn for each reply; what strikes the server as a whole is not drawn.
      if (!PER_CALL.has(fault.kind)) continue;
      if (random() >= fault.rate || !this.#isOn(fault, nowMs) || others < fault.above) continue;
      this.#strike(fault, lot, held, nowMs);
    }
    return lot;
  }

  /** Counts a strike. */
  count(kind: FaultKind): void {
    this.struck[kind] = (this.struck[kind] ?? 0) + 1;
  }

  #strike(fault: Fault, lot: CallFaults, held: Held, nowMs: number): void {
    const { kind, status, afterMs, lastsMs } = fault;
    switch (kind) {
      case "reject":
        lot.refusal ??= new Rejection(injectedText(status), status);
        break;
      case "drop-final":
        lot.dropsFinal = true;
        break;
      case "stall":
        this.count("stall");
        held.stalls.push({ fromMs: nowMs + afterMs, untilMs: nowMs + afterMs + lastsMs });
        break;
      case "error":
      case "lost-sequence":
      case "reset":
      case "disconnect":
        // Of several ends the first comes.
        if (lot.end && lot.end.afterMs <= afterMs) break;
        lot.end = { afterMs, how: kind, rejection: new Rejection(injectedText(status), status) };
        break;
      default:
        break;
    }
  }

  #delayed(leavesMs: number, others: number, held: Held): number {
    let laterMs = Math.max(leavesMs, held.untilMs);
    for (const { fault, random } of this.#rules) {
      if (fault.kind === "latency") {
        const isOn = this.#isOn(fault, leavesMs) && others >= fault.above && others < fault.below;
        if (!isOn || random() >= fault.rate) continue;
        laterMs = Math.max(laterMs, leavesMs + fault.lastsMs);
        this.count("latency");
      } else if (fault.kind === "freeze") {
        const beginsMs = this.#sinceMs + fault.fromMs;
        laterMs = heldBack(laterMs, { fromMs: beginsMs, untilMs: beginsMs + fault.lastsMs });
      }
    }
    for (const stall of held.stalls) laterMs = heldBack(laterMs, stall);
    // A reply that is held up holds up those behind it.
    if (laterMs > leavesMs) held.untilMs = laterMs;
    return laterMs;
  }

  #isOn({ fromMs, untilMs }: Fault, nowMs: number): boolean {
    const passedMs = nowMs - this.#sinceMs;
    return passedMs >= fromMs && passedMs < untilMs;
  }
}

const PER_CALL: ReadonlySet<FaultKind> = new Set([
  "error",
  "reject",
  "lost-sequence",
  "stall",
  "drop-final",
  "reset",
  "disconnect",
]);

interface Span {
  fromMs: number;
  untilMs: number;
}

/** What holds up the replies of one stream. */
interface Held {
  stalls: Span[];
  untilMs: number;
}

function heldBack(atMs: number, { fromMs, untilMs }: Span): number {
  return atMs >= fromMs && atMs < untilMs ? untilMs : atMs;
}
