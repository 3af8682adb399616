/** The files that a dataset is made of, for whoever copies it. */
import { PACKAGE_ROOT } from "../process/package-root.ts";
import { findManifest } from "./find-manifest.ts";
import { readManifest } from "./manifest.ts";

/**
 * The files of a dataset: the path of its manifest, and those of its audio as they stand in it.
 * @throws BenchError (exit 2) when the manifest can't be read
 */
export async function datasetFiles(
  pathOrName: string,
  options: { root?: string } = {},
): Promise<{ manifest: string; files: readonly string[] }> {
  const manifest = await findManifest(pathOrName, options.root ?? PACKAGE_ROOT);
  const { entries } = await readManifest(manifest);
  return { manifest, files: entries.map(({ file }) => file) };
}
