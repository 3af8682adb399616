/** Ctrl-C and its like while a run is in the cluster: the first drains, the second leaves at once. */
import type { World } from "../base/process/world.ts";

export interface Interrupts {
  /** How often so far. */
  count(): number;
  /** Resolves with the next one. */
  next(): Promise<void>;
  /** No longer listens. */
  forget(): void;
}

/** Counts interrupts from now on. */
export function listenForInterrupts(world: Pick<World, "onInterrupt">): Interrupts {
  let count = 0;
  let call: () => void = () => undefined;
  const wait = (): Promise<void> => new Promise((resolve) => (call = resolve));
  let next = wait();
  const forget = world.onInterrupt(() => {
    count++;
    call();
    next = wait();
  });
  return { count: () => count, next: () => next, forget };
}
