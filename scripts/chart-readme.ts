/** The README of a Helm chart: how to use it, and a table of all values with the comments of `values.yaml`. */
import { parse } from "yaml";

/** A value that can be set. */
interface Value {
  /** Such as `nats.auth.kind`. */
  path: string;
  default: unknown;
  /** The comment above it. */
  help: string;
}

/**
 * The values of `values.yaml`, in its order. One whose lines below are indented is a group, unless its comment makes it a value.
 * @throws Error for a value without a comment
 */
export function chartValues(text: string): Value[] {
  const defaults: unknown = parse(text);
  const values: Value[] = [];
  let comment: string[] = [];
  const path: string[] = [];
  let inside: number | undefined;
  for (const line of text.split("\n")) {
    const [, indent = "", words] = /^( *)# (.*)$/.exec(line) ?? [];
    const [, keyIndent = "", key] = /^( *)([A-Za-z]\w*):/.exec(line) ?? [];
    if (line.trim() === "") comment = [];
    const level = (words === undefined ? keyIndent : indent).length / 2;
    if (inside !== undefined && line.trim() !== "" && level > inside) continue;
    inside = undefined;
    if (words !== undefined) comment.push(words);
    if (key === undefined) continue;
    path.splice(level, path.length, key);
    const name = path.join(".");
    const value = path.reduce<unknown>((part, one) => (part as Record<string, unknown>)[one], defaults);
    const isGroup = line.trim() === `${key}:` && comment.length === 0;
    if (isGroup) continue;
    if (comment.length === 0) throw new Error(`values.yaml: ${name} has no comment`);
    values.push({ path: name, default: value, help: comment.join(" ") });
    inside = level;
    comment = [];
  }
  return values;
}

/**
 * The README's text.
 * @param words its heading, and how to use the chart
 */
export function chartReadme(words: string, valuesText: string): string {
  const [heading = "", ...rest] = words.trim().split("\n");
  const rows = chartValues(valuesText).map(
    ({ path, default: value, help }) =>
      `| \`${path}\` | \`${JSON.stringify(value)}\` | ${help.replaceAll("|", "\\|")} |`,
  );
  return `${heading}

Generated from \`values.yaml\` by \`npm run generate\`; change comments there and the rest in \`scripts/chart-readme/\`.
${rest.join("\n")}

## Values

| value | default | |
|---|---|---|
${rows.join("\n")}
`;
}
