/** The exit code that a result asks for. */
import type { ExitCode } from "../../base/errors.ts";
import { EXIT } from "../../base/errors.ts";
import type { RunResult } from "./result.ts";

/** A degraded run has the exit code of its SLOs. One part of a run has but its own validity, and whether its target died. */
export function exitCode(result: RunResult): ExitCode {
  if (result.run.interrupted) return EXIT.interrupted;
  switch (result.verdict) {
    case "pass":
      return EXIT.passed;
    case "fail":
      return EXIT.sloFailed;
    case "inconclusive":
      return result.run.shard === undefined ? EXIT.inconclusive : EXIT.passed;
    case "void":
      return EXIT.runVoid;
  }
}
