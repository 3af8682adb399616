/** A comparison over NATS: the workers stay for all of its runs. */
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
  "a comparison",
  async () => {
    const { said, runs } = await remoteSeries(broker, [
      ...[
        "compare",
        "emulator-nim",
        "emulator-nim",
        "--pairs",
        "1",
        "--metric",
        "first_partial_from_onset p50",
      ],
    ]);
    expect(said).toMatch(/first_partial_from_onset p50/);
    expect(runs.length).toBeGreaterThanOrEqual(2);
  },
  LIMIT_MS,
);
