/** `deploy/compose.yaml` made into one that stands outside of the repository. */
import { BenchError } from "../../base/errors.ts";

const IMAGE = /^[\w./:@-]+$/;

/** Each is there once at least: what changed in compose.yaml must not pass unnoticed. */
const EDITS: readonly (readonly [what: string, pattern: RegExp, replacement: (image: string) => string])[] = [
  ["the file's own path", / -f deploy\/compose\.yaml/g, () => ""],
  ["the build before the start", / --build\b/g, () => ""],
  ["the base image", / or NODE_IMAGE=\S+/g, () => ""],
  ["the build", /^ {2}build:\n(?: {4,}\S.*\n)+/m, () => ""],
  ["our image", /^ {2}image: riva-bench:\S+$/m, (image) => `  image: \${RIVA_BENCH_IMAGE:-${image}}`],
  ["the boards", /\.\.\/dashboards\//g, () => "./dashboards/"],
];

/**
 * Compose file with an image in place of the build, and boards and rules beside it.
 *
 * @param text `deploy/compose.yaml`
 * @param image its name, where RIVA_BENCH_IMAGE does not give another
 * @throws BenchError (exit 2) when `image` is no name of an image
 */
export function standaloneCompose(text: string, image: string): string {
  if (!IMAGE.test(image))
    throw BenchError.usage(
      `--image ${image}: not the name of an image`,
      "Write registry.example/riva-bench:0.1.0, or ...@sha256:DIGEST.",
    );
  return EDITS.reduce((edited, [what, pattern, replacement]) => {
    if (edited.search(pattern) === -1) throw new Error(`deploy/compose.yaml: ${what} is not where it was`);
    return edited.replace(pattern, () => replacement(image));
  }, text);
}
