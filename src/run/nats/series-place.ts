/** The coordinator's side of a series of runs (a comparison, a search) whose workers stay for all of them. */
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { announce } from "./remote-job.ts";
import type { SeriesNow } from "./messages.ts";
import { FORMAT } from "./messages.ts";
import type { RunBus } from "./run-bus.ts";

/** Workers that wait look so often at least. */
const HEARD_WITHIN_MS = 1000;

export interface SeriesPlace {
  /** Names the next run, which the workers look for from now on. @throws BenchError (exit 1) when the broker does not take it */
  next(): Promise<string>;
  /** There are no more runs; workers end. Never rejects: without a broker they hear nothing, and end by themselves. */
  end(): Promise<void>;
}

/**
 * Puts a series on the broker.
 * @param series its name: workers know all of its runs by that
 * @param tool this program, as `toolOf` names it
 * @throws BenchError (exit 2) when something of this name is there, (exit 1) when the broker does not take it
 */
export async function openSeriesPlace(
  bus: RunBus,
  series: string,
  tool: string,
  clock: Clock,
): Promise<SeriesPlace> {
  await announce(bus, { format: FORMAT, tool, runId: series, isSeries: true });
  let number = 0;
  const put = (now: SeriesNow): Promise<void> => bus.put("series", JSON.stringify(now));
  return {
    async next() {
      const runId = `${series}-${++number}`;
      await put({ number, runId }).catch((error: unknown) => {
        throw new BenchError("the broker does not take the next run of the series", { cause: error });
      });
      return runId;
    },
    async end() {
      await put("ended").catch(() => undefined);
      await pause(clock, HEARD_WITHIN_MS);
      await bus.removePlaces().catch(() => undefined);
    },
  };
}
