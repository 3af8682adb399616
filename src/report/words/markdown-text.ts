/** GitHub-flavoured Markdown that can't be broken by what is put into it. */

/** A table; `right` are the columns to align there. */
export function table(
  head: readonly string[],
  rows: readonly string[][],
  right: readonly number[] = [],
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, index) => (right.includes(index) ? "--:" : "---"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

const ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;" };

/** Text that Markdown and HTML read nothing into: a server names its own model. */
export function text(value: string): string {
  return value
    .replaceAll(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .replaceAll(/[\\`*_{}[\]#|~!<>&@]/g, (character) => ENTITIES[character] ?? `\\${character}`);
}

/** A name in code; a code span knows no escapes but that of the table's own bar. */
export function code(value: string): string {
  return `\`${value.replaceAll(/[\p{Cc}`\u202a-\u202e\u2066-\u2069]+/gu, " ").replaceAll("|", "\\|")}\``;
}
