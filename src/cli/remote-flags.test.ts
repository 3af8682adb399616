/** Flags of runs and workers that meet at a broker: what is wrong with them is said before anything connects. */
import { expect, it } from "vitest";
import { runBench } from "../../test/support/fake-world.ts";

const URL = "nats://127.0.0.1:1";

it.each([
  [["--nats", URL], /how many workers are there/],
  [["--nats", URL, "--expect-workers", "0"], /--expect-workers 0: must be a whole number from 1 to 1000/],
  [["--nats", URL, "--expect-workers", "2", "--workers", "2"], /--workers 2: with --nats the workers are on/],
  [["--nats", URL, "--expect-workers", "2", "--run", "a/b"], /--run a\/b: not the name of a run/],
  [["--nats", URL, "--expect-workers", "2", "--join-timeout", "soon"], /--join-timeout soon: not a duration/],
  [["--nats", "broker", "--expect-workers", "2"], /--nats broker: not the address of a NATS server/],
  [["--expect-workers", "2"], /--expect-workers applies only with --nats/],
  [["--run", "night"], /--run applies only with --nats/],
  [["worker", "--nats", URL], /--nats: which run\?/],
  [["worker", "--nats", URL, "--run", ".."], /--run \.\.: not the name of a run/],
  [["worker", "--nats", URL, "--run", "night", "--index", "-1"], /--index -1: not a place/],
])("bench %j", async (args, message) => {
  const { err, exitCode } = await runBench(args);
  expect(exitCode).toBe(2);
  expect(err).toMatch(message);
});

it("a pod's index that is no number is refused", async () => {
  const { err, exitCode } = await runBench(["worker", "--nats", URL, "--run", "night"], {
    env: { JOB_COMPLETION_INDEX: "one" },
  });
  expect([exitCode, err]).toEqual([2, expect.stringContaining("JOB_COMPLETION_INDEX=one: not a place")]);
});
