import { expect, test } from "vitest";
import { z } from "zod";
import { thrownBy } from "../../test/support/thrown.ts";
import { parseYaml, section } from "./yaml.ts";

function bomb(): string {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let level = 1; level < 9; level++) {
    const alias = `*a${level - 1}`;
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => alias).join(", ")}]`);
  }
  return lines.join("\n");
}

test.each([
  ["a bomb of aliases", bomb(), "its aliases (*name) unfold to more than anybody writes by hand"],
  ["an unknown alias", "a: *nope", "no anchor for the alias *nope"],
  ["an alias within its anchor", "a: &a [*a]", "an alias (*name) within its own anchor (&name)"],
  ["a map that holds itself", "a: &a { b: *a }", "an alias (*name) within its own anchor (&name)"],
  ["deep brackets", `a: ${"[".repeat(100_000)}`, "nested too deeply"],
  ["deep braces", `${"{a: ".repeat(20_000)}1${"}".repeat(20_000)}`, "nested too deeply"],
  ["deep dashes", `a:\n${"- ".repeat(50_000)}x`, "nested too deeply"],
  [
    "deep indentation",
    Array.from({ length: 3000 }, (_, i) => `${" ".repeat(i)}a:`).join("\n"),
    "nested too deeply",
  ],
  ["two documents", "a: 1\n---\nb: 2\n", "one document only, without a second ---"],
])("%s is bad input in plain words", (_, text, why) => {
  const error = thrownBy(() => parseYaml(text, "f.yaml", z.unknown()));
  expect([error.exitCode, error.message]).toEqual([2, expect.stringContaining(why)]);
  expect(error.message).toMatch(/^f\.yaml/);
});

test.each(["__proto__", "constructor", "extends", "toString", "hasOwnProperty"])(
  "the key %s is unknown and changes no prototype",
  (key) => {
    const schema = section({ a: z.number().exactOptional() });
    const error = thrownBy(() => parseYaml(`${key}: { polluted: 1 }`, "f.yaml", schema));
    expect(error.message).toContain(`${key}: unknown key`);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  },
);
