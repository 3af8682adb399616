import type { ExitCode } from "../base/errors.ts";
import { EXIT } from "../base/errors.ts";
import type { GateOutcome } from "../metrics/judge/run-gate.ts";

/** Exit codes of `bench gate`. */
export const GATE_EXITS: Readonly<Record<GateOutcome, ExitCode>> = {
  pass: EXIT.passed,
  fail: EXIT.sloFailed,
  worse: EXIT.worse,
  void: EXIT.runVoid,
  inconclusive: EXIT.inconclusive,
};
