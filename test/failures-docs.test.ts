import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { FAILURE_CLASSES } from "../src/base/outcome.ts";

const PAGE = readFileSync(new URL("../docs/failures.md", import.meta.url), "utf8");

it("docs/failures.md has a section for every failure class, and for no other", () => {
  const sections = [...PAGE.matchAll(/^### (\S+)$/gm)].map(([, name]) => name);
  expect(sections.toSorted()).toEqual([...FAILURE_CLASSES].toSorted());
});

it.each(FAILURE_CLASSES)("says who is to blame for %s", (name) => {
  const [, section = ""] = PAGE.split(new RegExp(`^### ${name}$`, "m"));
  expect(section.split(/^##/m)[0]).toMatch(/[Oo]rigin|`client-config`/);
});
