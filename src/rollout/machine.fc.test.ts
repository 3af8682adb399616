/** The rollout, killed at any call of any command: the next call ends with one version that serves, and the right one before it. */
import fc from "fast-check";
import { expect, test } from "vitest";
import type { RolloutPlan } from "./ports.ts";
import { createRollout } from "./machine.ts";
import { FakeService, GOOD, PLAN, pinned } from "../../test/support/fake-service.ts";

const never = new AbortController().signal;
const AUTHOR = { by: "ann@host", why: "" };

const image = fc
  .constantFrom("good-1", "good-2", "good-3", "bad-start", "bad-ready", "bad-smoke")
  .map(pinned);
const commands = fc.array(
  fc.record({
    deploy: fc.option(image, { nil: undefined, freq: 3 }),
    /** After so many calls of ports, before or after the call has done its work. */
    killedAt: fc.option(fc.nat(24), { nil: undefined, freq: 2 }),
    afterIts: fc.boolean(),
  }),
  { maxLength: 6 },
);
const plan = fc.record({
  slots: fc.constantFrom(["blue", "green"], ["only"]),
  keepPrevious: fc.boolean(),
});

/** Versions, the one that serves first. */
type Stack = readonly string[];

/** The versions after a command that is not killed. */
function after(stack: Stack, deploy: string | undefined): Stack {
  if (deploy === undefined) return stack.slice(stack.length > 1 ? 1 : 0);
  if (!GOOD.test(deploy) || deploy === stack[0]) return stack;
  return [deploy, ...stack.filter((one) => one !== deploy)].slice(0, 6);
}

const same = (a: Stack, b: Stack): boolean => JSON.stringify(a) === JSON.stringify(b);

test("whatever it is killed in, the next call ends with one serving version and the right one before", async () => {
  await fc.assert(
    fc.asyncProperty(plan, commands, image, async (chosen, list, last) => {
      const rolloutPlan: RolloutPlan = { ...PLAN, ...chosen };
      const service = new FakeService(rolloutPlan);
      /** Each killed command may have been undone or finished by the next. */
      let possible: Stack[] = [[]];
      const call = async (deploy: string | undefined): Promise<void> => {
        const rollout = createRollout(service.ports(), rolloutPlan, service.saved, never, never);
        await (deploy === undefined ? rollout.back(AUTHOR) : rollout.deploy(deploy, AUTHOR)).catch(
          (error: unknown) => {
            if (!service.isDead && !/no version to return to/.test(String(error))) throw error;
          },
        );
      };
      for (const { deploy, killedAt, afterIts } of [
        ...list,
        { deploy: last, killedAt: undefined, afterIts: false },
      ]) {
        service.killAt(killedAt, afterIts);
        const killedDeploy =
          service.saved.change?.kind === "deploy" && service.saved.change.step !== "settle";
        await call(deploy);
        const wasKilled = service.isDead;
        service.revive();
        const next = possible.map((stack) =>
          // Undoing a killed deployment is the way back.
          deploy === undefined && killedDeploy ? stack : after(stack, deploy),
        );
        possible = wasKilled ? [...possible, ...next] : next;
        if (wasKilled) continue;
        const { current, earlier, change, idle } = service.saved;
        const stack = current === undefined ? [] : [current.image, ...earlier];
        expect(change).toBeUndefined();
        expect(
          possible.some((one) => same(one, stack)),
          JSON.stringify({ possible, stack }),
        ).toBe(true);
        possible = [stack];
        if (current !== undefined) expect(service.order).toEqual([current.slot]);
        const running = [current, idle].filter((one) => one !== undefined);
        expect(service.running).toEqual(Object.fromEntries(running.map((one) => [one.slot, one.image])));
      }
    }),
    { numRuns: 600 },
  );
});
