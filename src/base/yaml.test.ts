import { expect, test } from "vitest";
import { z } from "zod";
import { thrownBy } from "../../test/support/thrown.ts";
import { parseYaml } from "./yaml.ts";

const NINE = (name: string): string => `[${Array<string>(9).fill(name).join(", ")}]`;

test.each([
  ["aliases of aliases", `a: &a ${NINE("x")}\nb: &b ${NINE("*a")}\nc: &c ${NINE("*b")}\nd: ${NINE("*c")}\n`],
  ["an alias of what holds it", "a: &a [*a]\n"],
  ["an alias of nothing", "a: *b\n"],
  ["deep nesting, not closed", `a: ${"[".repeat(50_000)}\n`],
  ["deep nesting", `a: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`],
])("%s is the file's fault, not a bug", (_, text) => {
  const error = thrownBy(() => parseYaml(text, "s.yaml", z.strictObject({ a: z.number() })));
  expect([error.exitCode, error.message]).toEqual([2, expect.stringMatching(/^s\.yaml:/)]);
});
