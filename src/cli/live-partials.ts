/** The hypothesis so far, on one line of a terminal. */
import type { AsrResponse } from "../client/transport.ts";
import type { TextSink } from "./world.ts";

export interface LivePartials {
  show(response: AsrResponse): void;
  /** Takes the line back. */
  clear(): void;
}

/** A line that is rewritten with each response; undefined where the output is not a terminal. */
export function livePartials(out: TextSink): LivePartials | undefined {
  if (!out.isTTY) return undefined;
  const eraseLine = "\r\x1b[K";
  let settled = "";
  return {
    show({ text, final, trailingInterim = "" }) {
      if (final) settled += text;
      const line = (final ? settled + trailingInterim : settled + text).trim();
      // The end is what changes; a line that wraps could not be taken back.
      out.write(eraseLine + line.slice(-(out.columns - 1)));
    },
    clear: () => out.write(eraseLine),
  };
}
