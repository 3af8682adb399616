/** A world in memory, so that the whole command line runs inside a test. */
import { realClock } from "../../src/base/clock.ts";
import type { ExitCode } from "../../src/base/errors.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { bench } from "../../src/cli/bench.ts";
import type { TextSink } from "../../src/base/process/world.ts";

export interface Heard {
  out: string;
  err: string;
  exitCode: ExitCode;
}

/** Runs `bench ARGS...` on the real clock and returns what it said. */
export async function runBench(
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; isTTY?: boolean } = {},
): Promise<Heard> {
  const heard: Heard = { out: "", err: "", exitCode: 0 };
  const sink = (key: "out" | "err"): TextSink => ({
    write: (text) => (heard[key] += text),
    isTTY: options.isTTY ?? false,
    columns: 80,
  });
  await bench({
    args,
    env: options.env ?? {},
    cwd: options.cwd ?? PACKAGE_ROOT,
    root: PACKAGE_ROOT,
    stdout: sink("out"),
    stderr: sink("err"),
    clock: realClock,
    onInterrupt: () => () => undefined,
    setExitCode: (code) => (heard.exitCode = code),
  });
  return heard;
}
