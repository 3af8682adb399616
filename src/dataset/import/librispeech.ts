/** LibriSpeech and sets of its shape: `speaker/chapter/speaker-chapter.trans.txt` with the FLAC files beside it. */
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { filesBelow } from "./files-below.ts";
import type { Importer } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import { keyAndRest, sourceLines } from "./source-lines.ts";

const TRANSCRIPTS = ".trans.txt";

/** Reads LibriSpeech trees. */
export const librispeech: Importer = {
  name: "librispeech",
  describe: "LibriSpeech tree: *.trans.txt with .flac (or .wav) files beside it",
  matches(source, names) {
    if (names === undefined || names.includes("wav.scp")) return false;
    for (const file of filesBelow(source)) return file.endsWith(TRANSCRIPTS) || besideTranscripts(file);
    return false;
  },
  async *read(source) {
    for (const file of filesBelow(source)) {
      if (!file.endsWith(TRANSCRIPTS)) continue;
      const beside = new Set(readdirSync(dirname(file)));
      for await (const line of sourceLines(file)) {
        if (isBadLine(line)) {
          yield line;
          continue;
        }
        const { where } = line;
        const [id, text] = keyAndRest(line.text);
        const name = [`${id}.flac`, `${id}.wav`].find((one) => beside.has(one));
        if (text === "") yield { where, reason: "no transcript" };
        else if (name === undefined) yield { where, reason: `${id}.flac is not in ${dirname(file)}` };
        // Upper case is how the corpus is written, not how anything is said.
        else
          yield { where, id, audio: join(dirname(file), name), text: text.toLowerCase(), ...speakerOf(id) };
      }
    }
  },
};

function speakerOf(id: string): { speaker?: string } {
  const speaker = /^(\w+)-\w+-\w+$/.exec(id)?.[1];
  return speaker === undefined ? {} : { speaker };
}

/** Files come in order of name: the first may be `1089-134686-0000.flac`. */
function besideTranscripts(file: string): boolean {
  return readdirSync(dirname(file)).some((name) => name.endsWith(TRANSCRIPTS));
}
