/** Files that `npm version` writes beside package.json: `scripts/release-version.ts`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { chartOf, exampleOf, partOf, releaseChangelog } from "../scripts/release-version.ts";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";

const read = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), "utf8");

const BEFORE = `# Changelog

## [Unreleased]

### Added

- One thing.

## [0.1.0] - 2026-08-01

- The first.
`;

test("what was unreleased gets the version's heading; [Unreleased] is there again, empty", () => {
  const after = releaseChangelog(BEFORE, "0.2.0", "2026-11-29");
  expect(after).toBe(`# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-29

### Added

- One thing.

## [0.1.0] - 2026-08-01

- The first.
`);
  expect([
    partOf(after, "Unreleased"),
    partOf(after, "0.2.0"),
    partOf(after, "0.1.0"),
    partOf(after, "0.3.0"),
  ]).toEqual(["", "### Added\n\n- One thing.", "- The first.", ""]);
});

test("a release of nothing, and a second one of the same version, are refused", () => {
  const after = releaseChangelog(BEFORE, "0.2.0", "2026-11-29");
  expect(() => releaseChangelog(after, "0.3.0", "2026-11-30")).toThrow("nothing to release");
  expect(() => releaseChangelog(BEFORE, "0.1.0", "2026-11-29")).toThrow("0.1.0 already");
});

test("the repository's own changelog can be released", () => {
  const after = releaseChangelog(read("CHANGELOG.md"), "9.9.9", "2026-11-29");
  expect(partOf(after, "9.9.9")).toBe(partOf(read("CHANGELOG.md"), "Unreleased"));
  expect(partOf(after, "Unreleased")).toBe("");
});

test("charts and examples follow the version, and nothing else in them does", () => {
  expect(chartOf("name: x\nversion: 0.1.0\nappVersion: 0.1.0\nkubeVersion: 1\n", "0.2.0")).toBe(
    "name: x\nversion: 0.2.0\nappVersion: 0.2.0\nkubeVersion: 1\n",
  );
  expect(exampleOf("npm install riva-bench@0.1.0-rc.1 # x\nuses: your-org/riva-bench@main\n", "0.2.0")).toBe(
    "npm install riva-bench@0.2.0 # x\nuses: your-org/riva-bench@main\n",
  );
});

test("charts and examples are of this version now", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  const files = [
    ...readdirSync(join(PACKAGE_ROOT, "deploy/chart")).map((chart) => [
      `deploy/chart/${chart}/Chart.yaml`,
      chartOf,
    ]),
    ...readdirSync(join(PACKAGE_ROOT, "examples/ci")).map((example) => [`examples/ci/${example}`, exampleOf]),
  ] as [string, typeof chartOf][];
  expect(files.length).toBeGreaterThan(2);
  for (const [path, change] of files) {
    expect(read(path)).toContain(version);
    expect(change(read(path), version)).toBe(read(path));
  }
});
