/** Tables with a header, one clip a row: fields are found by their headings. */
import { BenchError } from "../../base/errors.ts";
import type { BadLine, SourceClip } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import type { FieldName, Fields } from "./named-fields.ts";
import { AUDIO_NAMES, clipOfFields, fieldNamed } from "./named-fields.ts";
import { sourceLines } from "./source-lines.ts";

/**
 * The rows of a table.
 *
 * @param adapt changes the fields of a row, or says what is wrong with them
 * @throws BenchError (exit 2) for a header without a column for the audio, or with one of its columns twice
 */
export async function* tableClips(
  path: string,
  adapt: (fields: Fields) => Fields | string = (fields) => fields,
): AsyncGenerator<SourceClip | BadLine, void> {
  let columns: (FieldName | undefined)[] | undefined;
  let separator = "\t";
  for await (const line of sourceLines(path)) {
    if (isBadLine(line)) {
      yield line;
      continue;
    }
    const { where, text } = line;
    if (columns === undefined) {
      separator = separatorOf(text);
      columns = headings(text, separator, where);
      continue;
    }
    const cells = cellsOf(text, separator);
    if (typeof cells === "string") yield { where, reason: cells };
    else if (cells.length !== columns.length)
      yield { where, reason: `has ${cells.length} fields, the header has ${columns.length}` };
    else {
      const fields: Fields = {};
      for (const [index, field] of columns.entries()) if (field !== undefined) fields[field] ??= cells[index];
      const adapted = adapt(fields);
      yield typeof adapted === "string" ? { where, reason: adapted } : clipOfFields(adapted, path, where);
    }
  }
}

function headings(text: string, separator: string, where: string): (FieldName | undefined)[] {
  const row = cellsOf(text, separator);
  const cells = typeof row === "string" ? [] : row;
  const columns = cells.map(fieldNamed);
  const twice = cells.find((cell, index) => columns[index] !== undefined && cells.indexOf(cell) < index);
  if (twice !== undefined) throw BenchError.usage(`${where}: the header has two columns "${twice}"`);
  if (!columns.includes("audio"))
    throw BenchError.usage(
      `${where}: the header has no column for the audio (${AUDIO_NAMES})`,
      "The first line of a table names its columns.",
    );
  return columns;
}

function separatorOf(header: string): string {
  return ["\t", ",", ";"].find((one) => header.includes(one)) ?? ",";
}

/** The cells of a row (RFC 4180; tables with tabs know no quotes), or why there are none. */
function cellsOf(row: string, separator: string): string[] | string {
  if (separator === "\t") return row.split(separator);
  const cells: string[] = [];
  for (let at = 0; at <= row.length;) {
    if (row[at] !== '"') {
      const end = row.indexOf(separator, at);
      cells.push(row.slice(at, end < 0 ? row.length : end));
      if (end < 0) return cells;
      at = end + 1;
      continue;
    }
    let cell = "";
    let end = row.indexOf('"', at + 1);
    while (end >= 0 && row[end + 1] === '"') {
      cell += row.slice(at + 1, end + 1);
      at = end + 1;
      end = row.indexOf('"', at + 1);
    }
    if (end < 0) return "a quote is not closed on its line";
    cells.push(cell + row.slice(at + 1, end));
    if (end + 1 === row.length) return cells;
    if (row[end + 1] !== separator) return "text follows a closing quote";
    at = end + 2;
  }
  return cells;
}
