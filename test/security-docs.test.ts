/** docs/security.md quotes the protocol as it is, and names tests that exist. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";

const read = (path: string): string => readFileSync(join(PACKAGE_ROOT, path), "utf8");
const inOneLine = (text: string): string => text.replaceAll(/\s+/g, " ");

const protocol = inOneLine(read("docs/gateway-protocol.md"));
const [, table = ""] = read("docs/security.md").split("| promise | test file | test |");
const ROWS = [...table.matchAll(/^\| (.+) \| `([^`]+\.test\.ts)` \| (.+) \|$/gm)].map(
  ([, promise = "", file = "", title = ""]) => ({ promise, file, title }),
);

test("the table has all of its rows", () => {
  expect(ROWS).toHaveLength(table.split("\n").filter((line) => line.startsWith("| ")).length);
  expect(ROWS.length).toBeGreaterThan(40);
});

test.each(ROWS)("$promise", ({ promise, file, title }) => {
  expect(protocol).toContain(promise);
  expect(existsSync(join(PACKAGE_ROOT, file)), file).toBe(true);
  expect(read(file), title).toContain(title);
});
