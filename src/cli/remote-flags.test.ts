/** Flags of runs and workers that meet at a broker: what is wrong with them is said before anything connects. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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

it("answers without load that take longer than workers wait are refused", async () => {
  const scenario = join(mkdtempSync(join(tmpdir(), "parity-")), "slow.yaml");
  writeFileSync(
    scenario,
    "name: slow\nload: { model: concurrency, streams: 2 }\nduration: { warmup: 1s, steady: 6s }\nscoring: { parity: measure }\nslo: [error_ratio < 1%]\n",
  );
  const { err, exitCode } = await runBench(["-s", scenario, "--nats", URL, "--expect-workers", "1"]);
  expect(exitCode).toBe(2);
  expect(err).toMatch(
    /--join-timeout: the answers without load \(scoring\.parity\) take .*workers wait for the run 2m/,
  );
});

it("a pod's index that is no number is refused", async () => {
  const { err, exitCode } = await runBench(["worker", "--nats", URL, "--run", "night"], {
    env: { JOB_COMPLETION_INDEX: "one" },
  });
  expect([exitCode, err]).toEqual([2, expect.stringContaining("JOB_COMPLETION_INDEX=one: not a place")]);
});
