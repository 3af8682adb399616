/** The pages of the documentation, and the blocks of code on them. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";

/** Names of the pages in `docs/`, and the README. */
export const PAGES: readonly string[] = [
  "README.md",
  ...readdirSync(join(PACKAGE_ROOT, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

export function pageText(page: string): string {
  return readFileSync(join(PACKAGE_ROOT, page), "utf8");
}

/** The texts of a page's blocks of one language. */
export function blocksOf(page: string, language: string): string[] {
  return [...pageText(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].flatMap(([, of = "", text = ""]) =>
    of === language ? [text] : [],
  );
}

/** The arguments of each `npx bench` of a script, without quotes, comments and what the shell adds. */
export function benchCommands(script: string): string[][] {
  return script
    .replaceAll("\\\n", " ")
    .split("\n")
    .flatMap((line) => [...line.matchAll(/npx bench ?((?:'[^']*'|"[^"]*"|[^'"#&|;>])*)/g)])
    .map(([, rest = ""]) =>
      [...rest.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
        ([, single, double, plain]) => single ?? double ?? plain ?? "",
      ),
    );
}
