/** A speech service with slots and a gateway in memory, for rollouts; its calls can be killed in the middle. */
import { createHash } from "node:crypto";
import { BenchError } from "../../src/base/errors.ts";
import type { Clock } from "../../src/base/clock.ts";
import type { RolloutPlan, RolloutPorts, Step } from "../../src/rollout/ports.ts";
import type { RolloutState } from "../../src/rollout/state.ts";
import { NO_STATE } from "../../src/rollout/state.ts";

/** Versions that pass. Others are named for where they fail: bad-start, bad-ready, bad-smoke. */
export const GOOD = /\/good-/;

/** The plan of tests: all there is. */
export const PLAN: RolloutPlan = {
  slots: ["blue", "green"],
  ...{ hasStop: true, hasRunning: false, hasGateway: true, hasSmoke: true, keepPrevious: false },
  ...{ readyLimitMs: 10_000, drainLimitMs: 60_000 },
};

/** An image of this name with a digest of its own. */
export function pinned(name: string): string {
  return `registry.example/${name}@sha256:${createHash("sha256").update(name).digest("hex")}`;
}

/** A clock on which nobody waits: whoever sleeps is woken at once, and it is as late as he asked for. */
function eagerClock(): Clock {
  let nowMs = 0;
  const wakeAt: Clock["wakeAt"] = (atMs, wake) => {
    let isOff = false;
    setImmediate(() => {
      if (isOff) return;
      nowMs = Math.max(nowMs, atMs);
      wake();
    });
    return () => (isOff = true);
  };
  const epochMs = (): number => nowMs + 1_700_000_000_000;
  return {
    ...{ nowMs: () => nowMs, machineMs: () => nowMs, epochMs, wallMs: epochMs },
    ...{ wakeAt, wakeExactlyAt: wakeAt },
  };
}

export class FakeService {
  /** Images by slot. */
  running: Record<string, string> = {};
  /** Slots in the gateway's list. */
  order: string[] = [];
  saved: RolloutState = NO_STATE;
  /** Calls with what they did. */
  calls: string[] = [];
  steps: Step[] = [];
  /** Sessions open on each slot; asking takes one away. */
  sessions: Record<string, number> = {};
  isDead = false;
  /** Called before each call. */
  onCall: (call: string) => void = () => undefined;
  readonly clock: Clock = eagerClock();
  readonly #plan: RolloutPlan;
  #killedAt = Infinity;
  #afterIts = false;

  constructor(plan: RolloutPlan) {
    this.#plan = plan;
  }

  /** The call of this number from now on is its last, before or after its work. */
  killAt(call: number | undefined, afterIts: boolean): void {
    this.#killedAt = call ?? Infinity;
    this.#afterIts = afterIts;
  }

  revive(): void {
    this.isDead = false;
    this.#killedAt = Infinity;
  }

  ports(): RolloutPorts {
    return {
      clock: this.clock,
      start: ({ image, slot }) =>
        this.#do(`start ${slot}`, () => {
          if (image.includes("bad-start")) throw BenchError.target("exit code 1");
          this.running[slot] = image;
        }),
      stop: ({ slot }) =>
        this.#do(`stop ${slot}`, () => {
          const others = Object.entries(this.running).filter(([other]) => other !== slot);
          this.running = Object.fromEntries(others);
        }),
      isRunning: ({ slot, image }) =>
        this.#do(`running ${slot}`, () => this.running[slot] === image && !image.includes("bad-ready")),
      probe: ({ slot, image }) =>
        this.#do(`probe ${slot}`, () =>
          this.running[slot] === image && !image.includes("bad-ready")
            ? { ok: true, detail: "ready" }
            : { ok: false, detail: "tcp: refused" },
        ),
      smoke: ({ slot, image }) =>
        this.#do(`smoke ${slot}`, () =>
          this.running[slot] === image && GOOD.test(image)
            ? { exitCode: 0, detail: "every SLO holds", run: "runs/1" }
            : { exitCode: 3, detail: "an SLO did not hold", run: "runs/1" },
        ),
      point: (order) =>
        this.#do(`point ${order.map(({ slot }) => slot).join(" ")}`, () => {
          this.order = order.map(({ slot }) => slot);
        }),
      sessions: ({ slot }) =>
        this.#do(`sessions ${slot}`, () => {
          const open = this.sessions[slot] ?? 0;
          this.sessions[slot] = Math.max(0, open - 1);
          return open;
        }),
      save: (state) => {
        this.#die(false);
        this.saved = state;
        this.#die(true);
      },
      tell: (step) => void this.steps.push(step),
      note: () => undefined,
      recovered: () => undefined,
    };
  }

  /** Its work, unless it is killed. With two slots, callers find a good version from the first rollout on, whatever happens. */
  async #do<T>(call: string, act: () => T): Promise<T> {
    await Promise.resolve();
    this.onCall(call);
    this.#die(false);
    this.calls.push(call);
    try {
      return act();
    } finally {
      this.#mustServe(call);
      this.#die(true);
    }
  }

  #mustServe(call: string): void {
    const [first] = this.order;
    if (first === undefined || this.saved.current === undefined || this.#plan.slots.length === 1) return;
    const serving = this.running[first];
    if (serving === undefined || !GOOD.test(serving))
      throw new Error(`after "${call}" callers are sent to ${first}, where ${serving ?? "nothing"} runs`);
  }

  #die(isAfter: boolean): void {
    if (!this.isDead && this.#afterIts === isAfter && this.#killedAt-- <= 0) this.isDead = true;
    if (this.isDead) throw new Error("killed");
  }
}
