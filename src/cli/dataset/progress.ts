/** Progress of what goes over many clips: a line that is written over on a terminal, one every ten seconds elsewhere. */
import type { World } from "../../base/process/world.ts";

const LINE_EVERY_MS = 10_000;
const REDRAW_EVERY_MS = 200;

/** Shows how far something is. */
export interface ProgressLine {
  show(text: () => string): void;
  /** Takes the line off the terminal. */
  end(): void;
}

/** @param quiet nothing is shown */
export function progressLine({ stderr, clock }: World, quiet: boolean): ProgressLine {
  const { isTTY, columns } = stderr;
  let nextMs = clock.nowMs() + (isTTY ? 0 : LINE_EVERY_MS);
  return {
    show(text) {
      const nowMs = clock.nowMs();
      if (quiet || nowMs < nextMs) return;
      nextMs = nowMs + (isTTY ? REDRAW_EVERY_MS : LINE_EVERY_MS);
      if (isTTY) stderr.control?.(`\r\x1b[K${text().slice(0, columns - 1)}`);
      else stderr.write(`${text()}\n`);
    },
    end() {
      if (isTTY && !quiet) stderr.control?.("\r\x1b[K");
    },
  };
}
