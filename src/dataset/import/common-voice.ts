/** Common Voice: a TSV with `path` and `sentence`, audio in `clips/` beside it. */
import { readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Importer } from "./importer.ts";
import { tableClips } from "./table.ts";

/** The first of these files that is in the folder is read. */
const TABLES = ["validated.tsv", "test.tsv", "dev.tsv", "train.tsv"];
/** Speakers are hashes of 128 characters. */
const SPEAKER_LENGTH = 16;

/** Reads Common Voice. */
export const commonVoice: Importer = {
  name: "common-voice",
  describe: "Common Voice: its folder (validated.tsv, else test.tsv, ...), or one of its TSV files",
  matches: (source, names) =>
    names === undefined
      ? TABLES.some((name) => source.endsWith(`/${name}`))
      : names.includes("clips") && names.some((name) => TABLES.includes(name)),
  async *read(source) {
    const isFolder = (await stat(source)).isDirectory();
    const names = isFolder ? await readdir(source) : [];
    const table = isFolder
      ? join(source, TABLES.find((name) => names.includes(name)) ?? "validated.tsv")
      : source;
    yield* tableClips(table, ({ audio, speaker, ...fields }) => {
      const name = String(audio);
      // The table comes from elsewhere: it has no business outside of its folder.
      if (/[\\/]/.test(name) || name === "..") return `${name}: leaves the folder clips`;
      const file = /\.\w+$/.test(name) ? name : `${name}.mp3`;
      return {
        ...fields,
        audio: join(dirname(table), "clips", file),
        speaker: typeof speaker === "string" ? speaker.slice(0, SPEAKER_LENGTH) : undefined,
      };
    });
  },
};
