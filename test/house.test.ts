/** The shape of `src/`: folders that can be looked over, and no long chains of files within one. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";

const MOST_FILES = 24;
const LONGEST_CHAIN = 6;

const sources = readdirSync(join(PACKAGE_ROOT, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
  .map((entry) => join(entry.parentPath, entry.name));

function importsOf(file: string): string[] {
  const specifiers = readFileSync(file, "utf8").matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g);
  return [...specifiers].map(([, specifier = ""]) => resolve(dirname(file), specifier));
}

/** The longest way from a file to one that imports nothing of its own folder. */
function chainFrom(file: string): string[] {
  const beside = importsOf(file).filter((other) => dirname(other) === dirname(file));
  const ways = beside.map((other) => chainFrom(other));
  return [file, ...(ways.sort((a, b) => b.length - a.length)[0] ?? [])];
}

it("no folder of src holds more files than one looks over at a glance", () => {
  expect(sources.length).toBeGreaterThan(300);
  const filesIn = new Map<string, number>();
  for (const file of sources) filesIn.set(dirname(file), (filesIn.get(dirname(file)) ?? 0) + 1);
  expect([...filesIn].filter(([, files]) => files > MOST_FILES)).toEqual([]);
});

it("no chain of imports within a folder is longer than six files", () => {
  const long = sources.map(chainFrom).filter((chain) => chain.length > LONGEST_CHAIN);
  expect(long).toEqual([]);
});

it("no run of twelve lines stands twice", () => {
  const RUN = 12;
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const file of sources) {
    const lines = readFileSync(file, "utf8")
      .split("\n")
      .map((line) => line.trim());
    for (let at = 0; at + RUN <= lines.length; at++) {
      const run = lines.slice(at, at + RUN);
      // Imports repeat of themselves, and so do brackets.
      if (run.filter((line) => /^(import\b|\} from|\*|\/\*|[})\];,]*$)/.test(line)).length > RUN / 2)
        continue;
      const text = run.join("\n");
      const before = seen.get(text);
      if (before === undefined) seen.set(text, `${file}:${at + 1}`);
      else twice.push(`${before} = ${file}:${at + 1}`);
    }
  }
  expect(twice).toEqual([]);
});

it("decision records name files that are there", () => {
  const folder = join(PACKAGE_ROOT, "docs/decisions");
  const gone = readdirSync(folder).flatMap((record) =>
    [...readFileSync(join(folder, record), "utf8").matchAll(/`([\w.-]+(?:\/[\w.-]+)+\.ts)`/g)].flatMap(
      ([, path = ""]) =>
        ["", "src"].some((root) => existsSync(join(PACKAGE_ROOT, root, path))) ? [] : [`${record}: ${path}`],
    ),
  );
  expect(gone).toEqual([]);
});
