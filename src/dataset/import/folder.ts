/** A folder of sound files, each with its transcript in a text file of the same name. */
import { readFile } from "node:fs/promises";
import { extname, relative } from "node:path";
import { messageOf } from "../../base/errors.ts";
import { decodeText } from "../../base/files/text-file.ts";
import { filesBelow } from "./files-below.ts";
import type { Importer } from "./importer.ts";

const SOUND = /\.(?:wav|flac|opus|ogg|mp3)$/i;

/** Reads folders of sound files. */
export const folder: Importer = {
  name: "folder",
  describe: "folder of sound files, x.wav with its transcript in x.txt",
  matches: (_, names) => names !== undefined,
  async *read(source) {
    const texts = new Set<string>();
    const withSound = new Set<string>();
    for (const file of filesBelow(source)) if (file.endsWith(".txt")) texts.add(file);
    for (const audio of filesBelow(source)) {
      if (!SOUND.test(audio)) continue;
      const stem = audio.slice(0, audio.length - extname(audio).length);
      const transcript = `${stem}.txt`;
      if (!texts.has(transcript)) {
        yield { where: audio, reason: `${relative(source, transcript)} is missing` };
        continue;
      }
      withSound.add(transcript);
      try {
        const text = decodeText(await readFile(transcript), transcript)
          .trim()
          .replaceAll(/\s+/g, " ");
        yield { where: audio, audio, text };
      } catch (error) {
        yield { where: transcript, reason: messageOf(error) };
      }
    }
    for (const text of texts)
      if (!withSound.has(text)) yield { where: text, reason: "no sound file of its name" };
  },
};
