/** Ids and file names for clips, in the order of the source: the same source gives the same names again. */
import { basename, extname } from "node:path";
import { BenchError } from "../base/errors.ts";
import type { SourceClip } from "./import/importer.ts";

/** Longest name of a file, in UTF-16 units, without number and ending: well below what file systems take. */
const LONGEST_NAME = 80;

/** Gives names, each once. */
export class ClipNames {
  /** Where an id was first met. */
  readonly #ids = new Map<string, string>();
  readonly #files = new Set<string>();

  /**
   * The id of a clip: its own, else made from the file's name and the part's times.
   * @throws BenchError (exit 2) for a given id that is not the first of its name, or can't be one
   */
  id({ id, audio, part, where }: SourceClip): string {
    if (id === undefined) {
      const stem = basename(audio, extname(audio));
      const times = part === undefined ? [] : [part.startS, part.endS].map((s) => s?.toFixed(3) ?? "end");
      return this.#unused([stem, ...times].join("-"), where);
    }
    const earlier = this.#ids.get(id);
    if (id.trim() === "" || /\p{Cc}/u.test(id))
      throw BenchError.usage("id: is blank, or has a control character");
    if (earlier !== undefined) throw BenchError.usage(`id: "${id}" is already at ${earlier}`);
    this.#ids.set(id, where);
    return id;
  }

  /** Takes a file's name for a clip that has it already; false when another has it by now. */
  takeFile(file: string): boolean {
    const free = !this.#files.has(file.toLowerCase());
    this.#files.add(file.toLowerCase());
    return free;
  }

  /** A WAV file for a clip, its name of letters, digits and `._-` alone. */
  file(id: string): string {
    const plain = id
      .normalize("NFC")
      .replaceAll(/[^\p{L}\p{N}._-]/gu, "_")
      .replace(/^[.-]/, "_")
      .slice(0, LONGEST_NAME);
    let file = `wav/${plain}.wav`;
    // Some file systems do not tell cases apart.
    for (let n = 2; !this.takeFile(file); n++) file = `wav/${plain}-${n}.wav`;
    return file;
  }

  #unused(wanted: string, where: string): string {
    let id = wanted;
    for (let n = 2; this.#ids.has(id); n++) id = `${wanted}-${n}`;
    this.#ids.set(id, where);
    return id;
  }
}
