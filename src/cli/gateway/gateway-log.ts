/** The gateway's log: JSON lines on standard error. The only importer of pino. */
import { isatty } from "node:tty";
import { destination, pino } from "pino";
import type { Logger } from "pino";
import { printableLines } from "../../base/text/printable.ts";

const STDERR = 2;

export function createGatewayLog(level: string): Logger {
  // Written in the background: a full pipe never holds up audio.
  const out = destination({ dest: STDERR, sync: false });
  // A log that can't be written (its reader gone, its disk full) must not end anyone's session.
  out.on("error", () => undefined);
  const options = { level, base: { service: "riva-bench-gateway" } };
  // JSON leaves C1 controls as they are, and callers name themselves.
  return isatty(STDERR)
    ? pino(options, { write: (line: string) => out.write(printableLines(line)) })
    : pino(options, out);
}
