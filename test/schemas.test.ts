/** The schemas that editors use take every file that comes with the package, and refuse a slip of the hand. */
import { readdirSync, readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const at = (path: string): string => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** YAML blocks of a page that are whole files: those with a name. */
function examplesOf(page: string): unknown[] {
  const blocks = at(page).matchAll(/^```yaml\n(.*?)^```$/gms);
  return [...blocks]
    .map(([, text = ""]) => text)
    .filter((text) => /^name:/m.test(text))
    .map((text): unknown => parse(text));
}

describe.each([
  { kind: "scenario", folder: "scenarios", page: "docs/scenarios.md", slip: { streems: 5 } },
  { kind: "target", folder: "targets", page: "docs/targets.md", slip: { url: "grpc://a:1" } },
])("schema/$kind.schema.json", ({ kind, folder, page, slip }) => {
  const valid = new Ajv2020({ allowUnionTypes: true }).compile(
    JSON.parse(at(`schema/${kind}.schema.json`)) as object,
  );
  const files = readdirSync(new URL(`../${folder}`, import.meta.url)).filter((name) =>
    name.endsWith(".yaml"),
  );

  it.each(files)(`takes ${folder}/%s`, (name) => {
    expect([valid(parse(at(`${folder}/${name}`))), valid.errors]).toEqual([true, null]);
  });

  it(`takes the example of ${page}`, () => {
    const examples = examplesOf(page);
    expect(examples).not.toHaveLength(0);
    for (const example of examples) expect([valid(example), valid.errors]).toEqual([true, null]);
  });

  it("refuses a key that is not known", () => {
    expect(valid({ ...(parse(at(`${folder}/${files[0] ?? ""}`)) as object), ...slip })).toBe(false);
  });
});
