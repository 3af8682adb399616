/** CSV and TSV with a header. */
import type { Importer } from "./importer.ts";
import { tableClips } from "./table.ts";

/** Reads tables. */
export const csv: Importer = {
  name: "csv",
  describe: "CSV or TSV with a header: path, text, and if you like id, duration, offset, speaker, language",
  matches: (source, names) => names === undefined && /\.(?:csv|tsv)$/i.test(source),
  read: (source) => tableClips(source),
};
