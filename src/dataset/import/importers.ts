/** All formats that can be imported: to add one, write its file and its line here. */
import { readdirSync, statSync } from "node:fs";
import { BenchError } from "../../base/errors.ts";
import { whyUnreadable } from "../../base/files/text-file.ts";
import { commonVoice } from "./common-voice.ts";
import { csv } from "./csv.ts";
import { folder } from "./folder.ts";
import type { Importer } from "./importer.ts";
import { kaldi } from "./kaldi.ts";
import { librispeech } from "./librispeech.ts";
import { nemo } from "./nemo.ts";

/** In the order in which they are tried: the most general ones last. */
export const IMPORTERS: readonly Importer[] = [kaldi, commonVoice, librispeech, nemo, csv, folder];

/**
 * The importer for a source.
 *
 * @param format name of an importer, or "auto"
 * @throws BenchError (exit 2) when the source can't be read, or is of no known format
 */
export function importerFor(source: string, format: string): Importer {
  let names: string[] | undefined;
  try {
    names = statSync(source).isDirectory() ? readdirSync(source) : undefined;
  } catch (error) {
    throw BenchError.usage(`${source} can't be read: ${whyUnreadable(error)}`);
  }
  const found = IMPORTERS.find(({ name, matches }) =>
    format === "auto" ? matches(source, names) : name === format,
  );
  if (found !== undefined) return found;
  throw BenchError.usage(
    `${source}: its format is not known`,
    `Give it with --format: ${IMPORTERS.map(({ name }) => name).join(", ")}.`,
  );
}
