/** The wait of a shard for the time at which all begin. */
import { BenchError, EXIT } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";

/**
 * How long before T0 the workers get ready: enough to read a dataset and to connect, and no longer than connections without
 * traffic are left alone.
 */
const READY_AHEAD_MS = 120_000;
/** The wall clock is looked at this often: it may be set. */
const LOOK_EVERY_MS = 1000;

/**
 * Resolves when it is time to get the workers ready for a start at `startAtEpochMs`, at once where that is near.
 * @throws BenchError (exit 130) when interrupted
 */
export function untilNearStart(
  { clock, onInterrupt }: Pick<World, "clock" | "onInterrupt">,
  startAtEpochMs: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let cancel = (): void => undefined;
    const forgetInterrupts = onInterrupt(() => {
      cancel();
      forgetInterrupts();
      reject(new BenchError("interrupted before the run began", { exitCode: EXIT.interrupted }));
    });
    const look = (): void => {
      const leftMs = startAtEpochMs - READY_AHEAD_MS - clock.wallMs();
      if (leftMs > 0) cancel = clock.wakeAt(clock.nowMs() + Math.min(leftMs, LOOK_EVERY_MS), look);
      else {
        forgetInterrupts();
        resolve();
      }
    };
    look();
  });
}
