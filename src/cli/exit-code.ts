/** What a result means to the shell. */
import type { ExitCode } from "../base/errors.ts";
import { EXIT } from "../base/errors.ts";
import type { RunResult } from "../metrics/result/result.ts";

/** Exit code of a run; a degraded one has that of its SLOs. */
export function exitCode(result: RunResult): ExitCode {
  if (result.run.interrupted) return EXIT.interrupted;
  switch (result.verdict) {
    case "pass":
      return EXIT.passed;
    case "fail":
      return EXIT.sloFailed;
    case "inconclusive":
      return EXIT.inconclusive;
    case "void":
      return EXIT.runVoid;
  }
}
