/** Flags that name a port to listen on. */
import { BenchError } from "./errors.ts";

/** @throws BenchError (exit 2) for what is no port; 0 = any free one */
export function mustBePort(flag: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw BenchError.usage(`${flag} must be a whole number from 0 to 65535`);
}
