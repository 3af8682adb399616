/** The ports of a rollout on the real world: hooks, servers, the gateway's file, the state's file. */
import { resolve } from "node:path";
import { formatDuration } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import { replaceDurably, replaceShared } from "../../base/files/private-files.ts";
import { readText } from "../../base/files/text-file.ts";
import { systemError } from "../../base/system-error.ts";
import type { GatewayUpstream } from "../../client/http/gateway-state.ts";
import { askGateway } from "../../client/http/gateway-state.ts";
import { withUpstreams } from "../../rollout/gateway-upstreams.ts";
import type { RolloutPlan, RolloutPorts } from "../../rollout/ports.ts";
import type { Release } from "../../rollout/release.ts";
import type { HookName } from "../../rollout/rollout-file.ts";
import { hookFor } from "../../rollout/rollout-file.ts";
import { sleepUntil } from "../../rollout/sleep.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import { probeTarget, smokeTarget } from "./gates.ts";
import type { HookCall } from "./hook.ts";
import { callHook, mustSucceed } from "./hook.ts";
import type { OpenRollout } from "./open-rollout.ts";

/** Limit of one question to a gateway, and the time between two. */
const ASK_LIMIT_MS = 3000;
const ASK_EVERY_MS = 200;
/** Limit of the hook `running`: it looks, it does nothing. */
const RUNNING_LIMIT_MS = 30_000;

/** The order of things by the file. */
export function planOf({ file }: OpenRollout): RolloutPlan {
  return {
    slots: Object.keys(file.slots),
    hasStop: file.stop !== undefined,
    hasRunning: file.running !== undefined,
    hasGateway: file.gateway !== undefined,
    hasSmoke: file.smoke !== undefined,
    keepPrevious: file.keepPrevious,
    readyLimitMs: file.limits.ready,
    drainLimitMs: file.limits.drain,
  };
}

/** @param show gets the steps and notes, for people */
export function hostPorts(
  { file, world, paths }: OpenRollout,
  show: Pick<RolloutPorts, "tell" | "note" | "recovered">,
): RolloutPorts {
  const { clock, cwd } = world;
  const { gateway, limits, smoke } = file;
  const slotOf = ({ slot }: Release) => {
    const found = file.slots[slot];
    if (found !== undefined) return found;
    throw BenchError.usage(
      `slot ${slot} is in ${paths.state} and not in the rollout's file`,
      "A slot that a version serves in can't be renamed: put it back.",
    );
  };
  const call = (name: HookName, list: readonly string[], release: Release, limitMs: number): HookCall => ({
    ...{ name, limitMs, cwd, log: paths.hooks },
    ...hookFor(list, release, slotOf(release).target),
  });

  /** Undefined when the gateway can't be asked. */
  async function upstreamsAt(address: string): Promise<readonly GatewayUpstream[] | undefined> {
    const target = await resolveTarget({ flag: address, env: world.env, cwd, root: world.root });
    const answer = await askGateway(target, clock, ASK_LIMIT_MS);
    return answer.ok ? answer.value?.upstreams : undefined;
  }

  /** Every gateway has these upstreams in this order, and the first can be used. */
  async function mustFollow(names: readonly string[], address: string, signal: AbortSignal): Promise<void> {
    const endMs = clock.nowMs() + limits.reload;
    for (;;) {
      const seen = (await upstreamsAt(address)) ?? [];
      const slots = seen.filter(({ name }) => Object.hasOwn(file.slots, name));
      const follows =
        slots.length === names.length &&
        names.every((name, index) => seen[index]?.name === name) &&
        seen[0]?.state === "up";
      if (follows || signal.aborted) return;
      if (clock.nowMs() >= endMs)
        throw BenchError.target(
          `${address}: the gateway does not use ${names.join(", ")} within ${formatDuration(limits.reload)} of its reload; ` +
            `it has ${seen.map(({ name, state }) => `${name} (${state})`).join(", ") || "none, or does not answer"}`,
          "Its log says why it did not take the new file, or what is wrong with the upstream.",
        );
      await sleepUntil(clock.nowMs() + ASK_EVERY_MS, clock, signal);
    }
  }

  return {
    ...show,
    clock,
    start: (release, signal) => mustSucceed(call("start", file.start, release, limits.start), world, signal),
    async stop(release, signal) {
      if (file.stop !== undefined)
        await mustSucceed(call("stop", file.stop, release, limits.stop), world, signal);
    },
    async isRunning(release, signal) {
      if (file.running === undefined) return true;
      return (await callHook(call("running", file.running, release, RUNNING_LIMIT_MS), world, signal)) === 0;
    },
    probe: (release) => probeTarget(world, slotOf(release).target),
    async smoke(release, signal) {
      if (smoke === undefined) throw new Error("unreachable: there is a smoke gate");
      return smokeTarget(world, { smoke, target: slotOf(release).target, folder: paths.runs, signal });
    },
    async point(order, signal) {
      const [first] = order;
      if (gateway === undefined || first === undefined) return;
      const path = resolve(cwd, gateway.config);
      const upstreams = order.map((release) => {
        const { target, upstream = target } = slotOf(release);
        return { name: release.slot, uri: upstream };
      });
      const slots = Object.keys(file.slots);
      const text = withUpstreams(
        await readText(path, { what: "gateway.config" }),
        gateway.config,
        upstreams,
        slots,
      );
      replaceShared(path, text);
      await mustSucceed(call("reload", gateway.reload, first, limits.reload), world, signal);
      const names = upstreams.map(({ name }) => name);
      for (const address of gateway.addresses) await mustFollow(names, address, signal);
    },
    async sessions({ slot }) {
      const { addresses = [] } = gateway ?? {};
      if (addresses.length === 0) return undefined;
      const all = await Promise.all(addresses.map(upstreamsAt));
      return all.reduce<number | undefined>((sum, upstreams) => {
        const own = upstreams?.filter(({ name }) => name === slot);
        return own === undefined || sum === undefined
          ? undefined
          : own.reduce((open, { sessions }) => open + sessions, sum);
      }, 0);
    },
    save(state) {
      try {
        replaceDurably(paths.state, `${JSON.stringify(state, null, 2)}\n`);
      } catch (error) {
        throw systemError(error, paths.state) ?? error;
      }
    },
  };
}
