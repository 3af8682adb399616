/**
 * Changes that a new version makes beside package.json, which npm does: the changelog's heading, the charts, the examples. `npm version`
 * runs it, with the version in npm_package_version; `--notes` prints the changelog's part of that version instead.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const UNRELEASED = "## [Unreleased]\n";

/**
 * Puts what stands under [Unreleased] under a heading of `version`, and leaves [Unreleased] empty.
 *
 * @param date YYYY-MM-DD
 * @throws Error when nothing is unreleased, or the version has a heading already
 */
export function releaseChangelog(changelog: string, version: string, date: string): string {
  if (changelog.includes(`\n## [${version}]`))
    throw new Error(`CHANGELOG.md has a part of ${version} already`);
  if (partOf(changelog, "Unreleased") === "")
    throw new Error("CHANGELOG.md says nothing under [Unreleased]: there is nothing to release");
  return changelog.replace(UNRELEASED, `${UNRELEASED}\n## [${version}] - ${date}\n`);
}

/** The changelog's part of `version` (or of `Unreleased`), without its heading; empty where there is none. */
export function partOf(changelog: string, version: string): string {
  const [, ...parts] = changelog.split(/^## \[/m);
  const part = parts.find((each) => each.startsWith(`${version}]`)) ?? "";
  return part.slice(part.indexOf("\n") + 1).trim();
}

/** A Chart.yaml whose version and appVersion are the package's. */
export function chartOf(chart: string, version: string): string {
  return chart.replace(/^(version|appVersion): .*$/gm, (_, key: string) => `${key}: ${version}`);
}

/** An example that installs this version. */
export function exampleOf(example: string, version: string): string {
  return example.replace(/\briva-bench@\d[\w.+-]*/g, () => `riva-bench@${version}`);
}

function edit(path: string, change: (text: string) => string): void {
  writeFileSync(path, change(readFileSync(path, "utf8")));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const version =
    process.env["npm_package_version"] ??
    (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }).version;
  const changelog = join(root, "CHANGELOG.md");
  if (process.argv.includes("--notes")) {
    const notes = partOf(readFileSync(changelog, "utf8"), version);
    if (notes === "")
      throw new Error(`CHANGELOG.md has no part of ${version}: was it made by \`npm version\`?`);
    process.stdout.write(`${notes}\n`);
  } else {
    edit(changelog, (text) => releaseChangelog(text, version, new Date().toISOString().slice(0, 10)));
    for (const chart of readdirSync(join(root, "deploy/chart")))
      edit(join(root, "deploy/chart", chart, "Chart.yaml"), (text) => chartOf(text, version));
    for (const example of readdirSync(join(root, "examples/ci")))
      edit(join(root, "examples/ci", example), (text) => exampleOf(text, version));
  }
}
