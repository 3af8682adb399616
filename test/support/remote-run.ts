/** A short run whose workers are started by the test, as they would be on other machines. */
import type { BenchProcess } from "./bench-process.ts";
import { startBench } from "./bench-process.ts";
import type { ShortRun } from "./short-run.ts";
import { shortRun } from "./short-run.ts";

export interface RemoteRun extends ShortRun {
  coordinator: BenchProcess;
  workers: BenchProcess[];
}

let runs = 0;

/** A name that no other run of these tests has. */
export function newRunId(): string {
  return `run-${process.pid}-${++runs}`;
}

export interface RemoteRunOptions {
  flags?: readonly string[];
  workerFlags?: readonly string[];
  /** More flags of one of them, besides those of all. */
  workerFlagsOf?: (index: number) => readonly string[];
  env?: Record<string, string>;
  failEvery?: number;
  /** How long the two sides wait for each other. */
  joinTimeout?: string;
  /** Another scenario than that of `shortRun`. */
  scenario?: string;
}

/** Starts the run and so many workers, the first at index 0. */
export async function remoteRun(
  url: string,
  workers: number,
  {
    flags = [],
    workerFlags = [],
    workerFlagsOf = () => [],
    env = {},
    joinTimeout = "30s",
    ...options
  }: RemoteRunOptions = {},
): Promise<RemoteRun> {
  const id = newRunId();
  const broker = ["--nats", url, "--run", id, "--join-timeout", joinTimeout];
  const run = await shortRun("elsewhere", {
    ...options,
    flags: [...broker, "--expect-workers", `${workers}`, ...flags],
  });
  return {
    ...run,
    coordinator: startBench(run.args, { env }),
    workers: Array.from({ length: workers }, (_, index) =>
      startBench(["worker", ...broker, "--index", `${index}`, ...workerFlags, ...workerFlagsOf(index)], {
        env,
      }),
    ),
  };
}
