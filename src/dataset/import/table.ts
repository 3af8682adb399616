/** Tables with a header, one clip a row: fields are found by their headings. */
import { BenchError } from "../../base/errors.ts";
import type { BadLine, SourceClip } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import type { FieldName, Fields } from "./named-fields.ts";
import { AUDIO_NAMES, clipOfFields, fieldNamed } from "./named-fields.ts";
import { sourceLines } from "./source-lines.ts";
import { tableRows } from "./table-rows.ts";

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
  for await (const row of tableRows(sourceLines(path))) {
    if (isBadLine(row)) {
      yield row;
      continue;
    }
    const { where, cells } = row;
    if (columns === undefined) {
      columns = headings(cells, where);
      continue;
    }
    const fields: Fields = {};
    for (const [index, field] of columns.entries()) if (field !== undefined) fields[field] ??= cells[index];
    const adapted = adapt(fields);
    yield typeof adapted === "string" ? { where, reason: adapted } : clipOfFields(adapted, path, where);
  }
}

function headings(cells: readonly string[], where: string): (FieldName | undefined)[] {
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
