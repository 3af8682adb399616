/** Rows of CSV (RFC 4180) and TSV: cells in quotes may hold separators, quotes and line ends; tables with tabs know no quotes. */
import { BenchError } from "../../base/errors.ts";
import type { BadLine } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import type { SourceLine } from "./source-lines.ts";

/** A row of a table; the first one is its header. */
export interface TableRow {
  /** `file:line` of its first line, for messages. */
  where: string;
  cells: readonly string[];
}

/** A row has no more lines: a quote that was forgotten must not swallow the table. */
const LONGEST_ROW_LINES = 100;

const NOT_CLOSED = "a quote is not closed";

/**
 * The rows of a table, all with as many cells as the first. Where the lines from one on are no row, that line is a bad one, and the next
 * begins anew. Blank lines are skipped, also within quotes.
 *
 * @param lines as `sourceLines` gives them
 * @throws BenchError (exit 2) for a header that is none
 */
export async function* tableRows(
  lines: AsyncIterator<SourceLine | BadLine>,
): AsyncGenerator<TableRow | BadLine, void> {
  /** Lines that were read to find the end of a row, and are still to be taken. */
  const ahead: (SourceLine | BadLine)[] = [];
  const line = async (index: number): Promise<SourceLine | BadLine | undefined> => {
    while (ahead.length <= index) {
      const next = await lines.next();
      if (next.done === true) return undefined;
      ahead.push(next.value);
    }
    return ahead[index];
  };
  let separator: string | undefined;
  let columns: number | undefined;
  try {
    for (let first = await line(0); first !== undefined; first = await line(0)) {
      if (isBadLine(first)) {
        yield first;
        ahead.shift();
        continue;
      }
      const { where } = first;
      separator ??= separatorOf(first.text);
      let { text } = first;
      let cells = cellsOf(text, separator);
      let taken = 1;
      while (cells === NOT_CLOSED && taken < LONGEST_ROW_LINES) {
        const more = await line(taken);
        if (more === undefined || isBadLine(more)) break;
        text += `\n${more.text}`;
        taken++;
        cells = cellsOf(text, separator);
      }
      if (typeof cells !== "string") {
        columns ??= cells.length;
        if (cells.length === columns) {
          yield { where, cells };
          ahead.splice(0, taken);
          continue;
        }
      }
      const problem =
        typeof cells === "string" ? cells : `has ${cells.length} fields, the header has ${columns}`;
      const reason = taken > 1 ? NOT_CLOSED : problem;
      if (columns === undefined) throw BenchError.usage(`${where}: ${reason}`);
      yield { where, reason };
      ahead.shift();
    }
  } finally {
    // The file is closed, also for whoever has had enough.
    await lines.return?.();
  }
}

function separatorOf(header: string): string {
  return ["\t", ",", ";"].find((one) => header.includes(one)) ?? ",";
}

/** The cells of a row, or why there are none. */
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
    if (end < 0) return NOT_CLOSED;
    cells.push(cell + row.slice(at + 1, end));
    if (end + 1 === row.length) return cells;
    if (row[end + 1] !== separator) return "text follows a closing quote";
    at = end + 2;
  }
  return cells;
}
