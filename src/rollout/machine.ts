/**
 * The rollout: a version is started beside the one that serves, judged, given the traffic, and the old one left when its last session has
 * ended. With one slot it takes the place of the old one.
 *
 * Each step is saved before it is done. So after a crash at any moment the next call knows whether the new version had got the
 * traffic for good: before that it is undone, after it is finished.
 */
import type { ExitCode } from "../base/errors.ts";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import type { Author, Ended, RolloutPlan, RolloutPorts, Step } from "./ports.ts";
import type { Release } from "./release.ts";
import { shortImage } from "./release.ts";
import type { Change, RolloutState } from "./state.ts";
import { createSteps, throwIfEnded } from "./steps.ts";

/** Versions that a way back is known to. */
const MOST_EARLIER = 5;

export interface Rollout {
  readonly state: RolloutState;
  /** @throws BenchError (exit 1) when neither version can be made to serve, (2) when the slot of a first version is taken */
  deploy(image: string, author: Author): Promise<Ended>;
  /** Returns to the version before; without a smoke run. @throws BenchError (exit 2) when there is none; as `deploy` */
  back(author: Author): Promise<Ended>;
  /** Stops the version before where it still runs without traffic. @throws BenchError when its hook fails */
  leaveIdle(): Promise<void>;
}

/**
 * @param signal ends the work: before the new version has the traffic the old one is returned to
 * @param rescue ends also the return; the next call recovers
 */
export function createRollout(
  ports: RolloutPorts,
  plan: RolloutPlan,
  saved: RolloutState,
  signal: AbortSignal,
  rescue: AbortSignal,
): Rollout {
  const { clock } = ports;
  let state = saved;
  let steps: Step[] = [];
  const run = createSteps(ports, plan, (step) => {
    steps.push(step);
    ports.tell(step);
  });

  function save(next: RolloutState): void {
    ports.save(next);
    state = next;
  }

  function at(step: Change["step"]): void {
    if (state.change !== undefined) save({ ...state, change: { ...state.change, step } });
  }

  const now = (): string => new Date(clock.wallMs()).toISOString();

  function slotFor(): string {
    const free = plan.slots.find((slot) => slot !== state.current?.slot) ?? state.current?.slot;
    if (free === undefined) throw new Error("unreachable: there is a slot");
    return free;
  }

  async function change(kind: Change["kind"], image: string, { by, why }: Author): Promise<Ended> {
    throwIfEnded(signal);
    steps = [];
    const { idle, ...rest } = state;
    const from = state.current;
    const to = { image, slot: slotFor() };
    const fromMs = clock.nowMs();
    if (from === undefined && plan.hasStop) await mustBeFree(to);
    const ended = { kind, to: image, ...(from && { from: from.image }) };
    save({ ...rest, change: { kind, to, step: "prepare", at: now(), by, why } });
    try {
      const isWarm = idle?.image === image && idle.slot === to.slot && (await run.isReady(to, signal));
      if (!isWarm) await bring(from, to);
      if (kind === "deploy" && plan.hasSmoke) await run.smoke(to, signal);
      at("switch");
      await turnTo(to, from, signal);
      throwIfEnded(signal);
      commit(kind, to, from);
    } catch (error) {
      const noticedMs = clock.nowMs();
      // A signal that comes while the old version is put back does not change why.
      const isInterrupted = signal.aborted;
      await giveUp(error);
      return {
        ...ended,
        outcome: isInterrupted ? "interrupted" : "refused",
        exitCode: isInterrupted ? EXIT.interrupted : codeOf(error),
        detail: messageOf(error),
        steps,
        noticedAfterMs: Math.round(noticedMs - fromMs),
        returnedAfterMs: Math.round(clock.nowMs() - noticedMs),
      };
    }
    await finish(to);
    return { ...ended, outcome: "serves", exitCode: EXIT.passed, detail: "", steps };
  }

  /** The first version of all: whatever answers in its slot was not started by a rollout, may have callers, and would be stopped. */
  async function mustBeFree(to: Release): Promise<void> {
    const runs = plan.hasRunning && (await ports.isRunning(to, signal));
    if (!runs && !(await ports.probe(to, signal)).ok) return;
    throw BenchError.usage(
      `something serves in slot ${to.slot} already, and no rollout has started it`,
      "Move its callers and stop it by hand first, or give the first slot an address that is free.",
    );
  }

  async function bring(from: Release | undefined, to: Release): Promise<void> {
    if (plan.hasStop) {
      await run.stop(from?.slot === to.slot ? from : to, signal);
      await run.mustBeEmpty(to, signal);
    }
    await run.start(to, signal);
    await run.ready(to, signal);
  }

  /** Sessions of the one that is left end where they are; it is asked for new ones only when the other fails. */
  async function turnTo(to: Release, from: Release | undefined, until: AbortSignal): Promise<void> {
    if (!plan.hasGateway) return;
    await run.traffic(from === undefined || from.slot === to.slot ? [to] : [to, from], until);
  }

  function commit(kind: Change["kind"], to: Release, from: Release | undefined): void {
    const { change: working, earlier } = state;
    if (working === undefined) throw new Error("unreachable: a change is being made");
    const others = kind === "back" || from === undefined ? earlier : [from.image, ...earlier];
    save({
      ...state,
      current: { ...to, at: now() },
      earlier: others.filter((image) => image !== to.image).slice(0, MOST_EARLIER),
      change: { ...working, step: "settle", ...(from && { left: from }) },
    });
  }

  /** The new version serves for good; the old one is left. */
  async function settle(until: AbortSignal): Promise<void> {
    const { change: working, current, ...rest } = state;
    const left = working?.left;
    if (current === undefined) throw new Error("unreachable: a version serves");
    const isBeside = left !== undefined && left.slot !== current.slot;
    if (isBeside) {
      await run.drain(left, until);
      // Until here sessions that the new one does not take go to the old one.
      if (!(await run.isReady(current, until)))
        throw BenchError.target(`${shortImage(current.image)} does not answer any more`);
      await run.traffic([current], until);
      if (!plan.keepPrevious) await run.stop(left, until);
    }
    save({ ...rest, current, ...(isBeside && plan.keepPrevious && { idle: left }) });
  }

  async function finish(to: Release): Promise<void> {
    try {
      await settle(signal);
    } catch (error) {
      const serves = `${shortImage(to.image)} serves in ${to.slot}`;
      throw new BenchError(`${serves}, but the version before was not left: ${messageOf(error)}`, {
        exitCode: signal.aborted ? EXIT.interrupted : EXIT.ourError,
        hint: "Deploy the same image once more to finish it, or return with `bench rollout back`. Sessions of the version before go on until then.",
      });
    }
  }

  /** The version before serves alone again, and the slot of the new one is empty. */
  async function undo(): Promise<void> {
    const { change: working, current, ...rest } = state;
    if (working === undefined) return;
    const { to, step } = working;
    if (current === undefined) {
      if (plan.hasStop) await run.stop(to, rescue);
    } else if (current.slot === to.slot) {
      if (plan.hasStop) await run.stop(to, rescue);
      await run.start(current, rescue);
      await run.ready(current, rescue);
      await turnTo(current, undefined, rescue);
    } else {
      if (!(await run.isReady(current, rescue))) {
        await run.start(current, rescue);
        await run.ready(current, rescue);
      }
      if (step === "switch") {
        await run.traffic([current, to], rescue);
        await run.drain(to, rescue);
        await run.traffic([current], rescue);
      }
      await run.stop(to, rescue);
    }
    save({ ...rest, ...(current && { current }) });
  }

  async function giveUp(error: unknown): Promise<void> {
    try {
      await undo();
    } catch (again) {
      const { change: working, current } = state;
      const refused = `${shortImage(working?.to.image ?? "")} was refused (${messageOf(error)})`;
      const before = current === undefined ? "its slot" : shortImage(current.image);
      throw new BenchError(`${refused}, and ${before} could not be put back: ${messageOf(again)}`, {
        exitCode: rescue.aborted ? EXIT.interrupted : EXIT.ourError,
        hint: "Mend that, then `bench rollout back` tries again.",
        cause: again,
      });
    }
  }

  /**
   * Undefined when there is nothing to put right.
   *
   * @param forBack the version before is about to be returned to: it is not left
   */
  async function recover(forBack: boolean): Promise<Ended | undefined> {
    const { change: working, current, ...rest } = state;
    if (working === undefined) return undefined;
    steps = [];
    const { kind, to, step, left } = working;
    if (step === "settle" && forBack && kind === "deploy" && left !== undefined && current !== undefined)
      save({ ...rest, current, ...(left.slot !== current.slot && { idle: left }) });
    else if (step === "settle") await settle(signal);
    else await giveUp(new BenchError("its rollout was killed"));
    const serves = current === undefined ? "nothing serves" : `${shortImage(current.image)} serves`;
    return {
      outcome: "recovered",
      exitCode: EXIT.passed,
      kind,
      ...(current && { from: current.image }),
      to: to.image,
      detail: `${kind} of ${shortImage(to.image)} by ${working.by} was killed in "${step}": ${serves}`,
      steps,
    };
  }

  /** Also puts right what a killed rollout left. */
  async function deploy(image: string, author: Author): Promise<Ended> {
    const left = await recover(false);
    if (left !== undefined) ports.recovered(left);
    const { current } = state;
    if (current?.image !== image || !(await run.isReady(current, signal)))
      return change("deploy", image, author);
    const served = { kind: "deploy", from: image, to: image, steps: [] } as const;
    return { ...served, outcome: "serves", exitCode: EXIT.passed, detail: "it has served before" };
  }

  /** A deployment that was killed before its version had the traffic is undone, a way back that was killed after that is finished: no further back. */
  async function back(author: Author): Promise<Ended> {
    const { change: killed } = state;
    const left = await recover(true);
    if (left !== undefined) {
      if ((killed?.kind === "deploy") !== (killed?.step === "settle")) return left;
      ports.recovered(left);
    }
    const [previous] = state.earlier;
    if (previous === undefined)
      throw BenchError.usage(
        "there is no version to return to",
        "`bench rollout status` shows what is known; deploy the version that you want by its digest.",
      );
    return change("back", previous, author);
  }

  return {
    get state() {
      return state;
    },
    deploy,
    back,
    async leaveIdle() {
      const { idle, ...rest } = state;
      if (idle === undefined || state.change !== undefined) return;
      await run.stop(idle, signal);
      save(rest);
    },
  };
}

/** Exit code of a refusal: the gate's own; a hook that failed makes the version unusable; all else is this machine's. */
function codeOf(error: unknown): ExitCode {
  return error instanceof BenchError ? error.exitCode : EXIT.ourError;
}
