/** The hypothesis so far, on one line of a terminal. */
import { printable } from "../../base/text/printable.ts";
import type { AsrResponse } from "../../client/transport.ts";
import type { TextSink } from "../../base/process/world.ts";

export interface LivePartials {
  show(response: AsrResponse): void;
  /** Takes the line back. */
  clear(): void;
}

/** A line that is rewritten with each response; undefined where the output is not a terminal. */
export function livePartials(out: TextSink): LivePartials | undefined {
  if (!out.isTTY) return undefined;
  const write = (text: string): void => (out.control ?? out.write)(text);
  const eraseLine = "\r\x1b[K";
  let settled = "";
  return {
    show({ text, final, trailingInterim = "" }) {
      if (final) settled += text;
      const line = printable((final ? settled + trailingInterim : settled + text).trim());
      // The end is what changes; a line that wraps could not be taken back.
      write(eraseLine + line.slice(-(out.columns - 1)));
    },
    clear: () => write(eraseLine),
  };
}
