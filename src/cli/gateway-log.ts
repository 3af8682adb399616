/** The gateway's log: JSON lines on standard error. The only importer of pino. */
import { destination, pino } from "pino";
import type { Logger } from "pino";

export function createGatewayLog(level: string): Logger {
  // Written in the background: a full pipe never holds up audio.
  return pino({ level, base: { service: "riva-bench-gateway" } }, destination({ dest: 2, sync: false }));
}
