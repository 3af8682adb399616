/** A search for the capacity over NATS, with levels below the number of workers, too. */
import { afterAll, beforeAll, expect, it } from "vitest";
import type { NatsServer } from "../support/nats-server.ts";
import { startNatsServer } from "../support/nats-server.ts";
import { remoteSeries } from "../support/remote-series.ts";

let broker: NatsServer;
beforeAll(async () => (broker = await startNatsServer()));
afterAll(() => broker.close());

/** A void run, of a machine that is busy, is made again. */
const LIMIT_MS = 300_000;

it(
  "a search for the capacity, its levels also below the number of workers",
  async () => {
    const { code, said, runs } = await remoteSeries(broker, [
      ...["capacity", "--max", "1", "--probe", "3s", "--budget", "1m", "--replicates", "1"],
    ]);
    expect([0, 5, 6], said).toContain(code);
    expect(runs.length).toBeGreaterThanOrEqual(1);
  },
  LIMIT_MS,
);
