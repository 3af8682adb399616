/** What a test expects to be thrown. */
import { BenchError } from "../../src/base/errors.ts";

/** The error for the user that `run` throws; anything else, or none, fails the test. */
export function thrownBy(run: () => unknown): BenchError {
  try {
    run();
  } catch (error) {
    if (error instanceof BenchError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
