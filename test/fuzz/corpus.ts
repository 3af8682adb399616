/** Inputs that the repository keeps: seeds, and every find. A find is replayed by `test/fuzz-corpus.test.ts` for good. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";

export interface CorpusEntry {
  name: string;
  bytes: Buffer;
}

const FOLDER = fileURLToPath(new URL("./corpus/", import.meta.url));

/** The entries of a target, by name. */
export function corpusOf(target: string): CorpusEntry[] {
  let names: string[];
  try {
    names = readdirSync(`${FOLDER}${target}`);
  } catch {
    return [];
  }
  return names.sort().map((name) => ({ name, bytes: readFileSync(`${FOLDER}${target}/${name}`) }));
}

/** Keeps a find beside the seeds. @returns its path, relative to the repository */
export function keepFind(target: string, bytes: Buffer): string {
  const name = `find-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
  mkdirSync(`${FOLDER}${target}`, { recursive: true });
  writeFileSync(`${FOLDER}${target}/${name}`, bytes);
  return `test/fuzz/corpus/${target}/${name}`;
}
