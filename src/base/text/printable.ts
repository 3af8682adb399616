/**
 * Text of others (a server's answer, a manifest's id, a file's name) made harmless for a terminal, a log and a CI job's output.
 * What a terminal would obey stays visible as an escape: `\u001b` for ESC, so the sequence behind it is plain text.
 */

/**
 * C0 and C1 controls and DEL; bidirectional embeddings, overrides and isolates (they can show text in another order than it
 * is stored: https://trojansource.codes); line and paragraph separators; deprecated format characters; halves of surrogate
 * pairs. Joiners (U+200C, U+200D) and the marks U+200E, U+200F and U+061C stay: languages need them.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/gu;

const UNPRINTABLE_BUT_LAYOUT = /[^\P{Cc}\n\t]|[\p{Cs}\u2028-\u202e\u2066-\u206f\ufff9-\ufffb]/gu;

/** A line that starts like this is a command to the CI server that reads the output: `::error::`, `##[group]`, `##vso[...]`. */
const CI_COMMAND = /^(\s*)(?:(:)(?=:[^:].*::)|(#)(?=#(?:vso)?\[))/u;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** `text` on one line that a terminal and a CI server only print. Characters that would act are shown as JSON escapes them. */
export function printable(text: string): string {
  return inert(text.replaceAll(UNPRINTABLE, escaped));
}

/** As `printable`, for text of several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replaceAll(UNPRINTABLE_BUT_LAYOUT, escaped)
    .split("\n")
    .map(inert)
    .join("\n");
}

/** As `printableLines`, for text that this program has colored: select-graphic-rendition sequences stay, and nothing else does. */
export function printableStyled(text: string): string {
  return text
    .split(/(\u001b\[\d+m)/)
    .map((part, index) => (index % 2 === 1 ? part : printableLines(part)))
    .join("");
}

function escaped(character: string): string {
  return SHORT[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

function inert(line: string): string {
  return line.replace(
    CI_COMMAND,
    (_, blanks: string, colon: string | undefined) => `${blanks}${escaped(colon ?? "#")}`,
  );
}
