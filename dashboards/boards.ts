/** Every board, in the order a person would open them. */
import type { Board } from "./board.ts";
import { CAPACITY } from "./capacity.ts";
import { COMPARISON } from "./comparison.ts";
import { GATEWAY } from "./gateway.ts";
import { GENERATOR } from "./generator.ts";
import { HISTORY } from "./history.ts";
import { LATENCY } from "./latency.ts";
import { OVERVIEW } from "./overview.ts";
import { SERVER } from "./server.ts";

export const BOARDS: readonly Board[] = [
  OVERVIEW,
  LATENCY,
  GENERATOR,
  SERVER,
  GATEWAY,
  COMPARISON,
  CAPACITY,
  HISTORY,
];
