import { printable } from "../base/text/printable.ts";

/** Characters of a name that are shown at most. */
const LONGEST = 200;

/** A recogniser's own name for something, for whoever reads an answer on a terminal: inert, cut where it is very long. */
export function shownName(name: string): string {
  // Before the rest is looked at: a name may be megabytes.
  const characters = Array.from(name.slice(0, 2 * LONGEST + 2));
  if (characters.length <= LONGEST) return printable(name);
  return `${printable(characters.slice(0, LONGEST - 1).join(""))}…`;
}
