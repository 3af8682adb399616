/** Where the manifest of a dataset is. */
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { BenchError } from "../errors.ts";
import { existingPath } from "../files/text-file.ts";

/** Name of the file in a dataset's folder that an import keeps its progress in. */
export const IMPORT_JOURNAL = "import.jsonl";

/** Names of the manifest in a dataset's folder. */
const MANIFESTS: readonly string[] = ["manifest.jsonl", "manifest.json"];

/**
 * The path of a dataset's manifest.
 * @param pathOrName `default`, a folder, or the manifest itself
 * @param root folder of the package, which `default` is in
 * @throws BenchError (exit 2) when there is none, or the import of the folder is not finished
 */
export async function findManifest(pathOrName: string, root: string): Promise<string> {
  const path =
    pathOrName === "default" ? join(root, "datasets", "core") : await existingPath(resolve(pathOrName));
  for (const candidate of [...MANIFESTS.map((name) => join(path, name)), path]) {
    const found = await stat(candidate).catch(() => undefined);
    if (found?.isFile() === true) return candidate;
  }
  const names = await readdir(path).catch((): string[] => []);
  if (names.includes(IMPORT_JOURNAL))
    throw BenchError.usage(
      `dataset ${pathOrName}: its import is not finished`,
      `Run \`bench dataset import SOURCE --out ${pathOrName}\` again: it goes on from there (${IMPORT_JOURNAL} names the source).`,
    );
  const others = names.filter((name) => /\.jsonl?$/.test(name));
  throw BenchError.usage(
    `dataset ${pathOrName}: no manifest at ${path}`,
    others.length === 0
      ? "A dataset is `default`, a folder with a manifest.jsonl, or a manifest file."
      : `Name the manifest itself: ${others
          .slice(0, 3)
          .map((name) => join(pathOrName, name))
          .join(", ")}`,
  );
}
