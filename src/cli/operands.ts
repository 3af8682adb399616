/** Operands of the command line that yargs would misread: those after `--`, and a lone `-`. */
import { BenchError } from "../base/errors.ts";

/** Ends the values of a flag before it and takes none itself; it says what is the default anyway. */
const SEPARATOR = "--no-debug";

/**
 * The command line as yargs reads it rightly. What follows `--` becomes plain operands, one like `-x` the path `./-x`.
 *
 * @throws BenchError (exit 2) for a lone `-` as an operand
 */
export function withPlainOperands(args: readonly string[]): string[] {
  const flags = beforeDashes(args);
  const operands = args.slice(flags.length + 1);
  // After a flag it may be that flag's value.
  const dash = flags.some((arg, index) => arg === "-" && !/^-/.test(flags[index - 1] ?? ""));
  if (dash || operands.includes("-")) throw loneDash();
  if (operands.length === 0) return [...flags];
  return [...flags, SEPARATOR, ...operands.map((arg) => (arg.startsWith("-") ? `./${arg}` : arg))];
}

/** The part of the command line that may hold flags. */
export function beforeDashes(args: readonly string[]): readonly string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

/** The error about an operand `-`. */
export function loneDash(): BenchError {
  return BenchError.usage("- is not taken for standard input", "Write /dev/stdin.");
}
