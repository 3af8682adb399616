/** The exit codes that a result and a gate ask for. */
import type { ExitCode } from "../base/errors.ts";
import { EXIT } from "../base/errors.ts";
import type { GateOutcome } from "../metrics/judge/run-gate.ts";
import type { RunResult } from "../metrics/result/result.ts";

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

/** Exit codes of `bench gate`. */
export const GATE_EXITS: Readonly<Record<GateOutcome, ExitCode>> = {
  pass: EXIT.passed,
  fail: EXIT.sloFailed,
  worse: EXIT.worse,
  void: EXIT.runVoid,
  inconclusive: EXIT.inconclusive,
};
