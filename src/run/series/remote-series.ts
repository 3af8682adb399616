/** The workers of a series when they are on other machines. NATS's packages are loaded here, and only then. */
import { formatDuration } from "../../base/duration.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { newRunId } from "../../base/run-id.ts";
import type { RunInput } from "../run-input.ts";
import type { RemoteSeries } from "./series-runs.ts";

/**
 * Makes a series of runs, with workers of other machines where its input asks for them.
 * @param kind what the series is, for a name of its own where it was given none
 * @param make makes the runs; they get `fleet`, which is undefined when the workers are on this machine
 * @throws BenchError when the broker can't be used or has something of this name; what `make` throws
 */
export async function withRemoteSeries<T>(
  world: World,
  { remote, workers }: Pick<RunInput, "remote" | "workers">,
  kind: string,
  make: (fleet: RemoteSeries | undefined) => Promise<T>,
): Promise<T> {
  if (remote === undefined) return make(undefined);
  const [{ connectBroker }, { openSeriesPlace }, { toolOf }] = await Promise.all([
    import("../nats/broker.ts"),
    import("../nats/series-place.ts"),
    import("../nats/remote-job.ts"),
  ]);
  const { broker, joinMs, runId: series = newRunId(world.clock, kind) } = remote;
  const bus = await connectBroker(broker, series);
  try {
    const place = await openSeriesPlace(bus, series, toolOf(world.root), world.clock);
    world.stderr.write(
      `each run waits up to ${formatDuration(joinMs)} for ${workers} workers, which stay for all of them: bench worker --nats ${broker.shown} --run ${series}\n`,
    );
    let isInterrupted = false;
    // Between two runs nobody else listens: workers must hear that it is over.
    const forget = world.onInterrupt(() => (isInterrupted = true));
    try {
      return await make({
        next() {
          if (isInterrupted) throw new BenchError("interrupted", { exitCode: EXIT.interrupted });
          return place.next();
        },
      });
    } finally {
      await place.end();
      forget();
    }
  } finally {
    await bus.close();
  }
}
