/** The Helm charts, as far as they can be checked without helm: their schemas, their READMEs, their versions. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import { chartFolder } from "../src/cluster/install.ts";
import { gatewayFile } from "../src/gateway/config.ts";
import { DEFAULT_JOIN_MS } from "../src/cluster/values-file.ts";
import { chartValues } from "../scripts/chart-readme.ts";

const RUN = chartFolder({ root: PACKAGE_ROOT });
const GATEWAY = join(PACKAGE_ROOT, "deploy/chart/riva-gateway");
const textOf = (chart: string, name: string): string => readFileSync(join(chart, name), "utf8");

interface Part {
  properties?: Record<string, Part>;
}

/** Paths of all values that the schema knows, as deep as it names them. */
function known({ properties }: Part, before = ""): string[] {
  return Object.entries(properties ?? {}).flatMap(([name, part]) => {
    const path = before === "" ? name : `${before}.${name}`;
    return part.properties === undefined ? [path] : known(part, path);
  });
}

test("pods wait as long as `bench cluster` takes them to", () => {
  const { run } = parse(textOf(RUN, "values.yaml")) as { run: { joinTimeoutSeconds: number } };
  expect(run.joinTimeoutSeconds * 1000).toBe(DEFAULT_JOIN_MS);
});

test("a value without a comment does not go unnoticed", () => {
  expect(() => chartValues("# One\none: 1\ntwo: 2\n")).toThrow("values.yaml: two has no comment");
  expect(chartValues("# Both\ngroup:\n  a: 1\n\nother:\n  # Deep\n  b: 2\n")).toEqual([
    { path: "group", default: { a: 1 }, help: "Both" },
    { path: "other.b", default: 2, help: "Deep" },
  ]);
});

test("limits of the gateway that the chart takes are those of the gateway, but for the three that it works out", () => {
  const { definitions } = JSON.parse(textOf(GATEWAY, "values.schema.json")) as {
    definitions: { limits: { properties: object } };
  };
  const all = Object.keys(gatewayFile.parse({}).limits);
  expect([...Object.keys(definitions.limits.properties), "sessions", "longest", "drain"].sort()).toEqual(
    all.sort(),
  );
});

describe.each([
  ["riva-bench", RUN],
  ["riva-gateway", GATEWAY],
])("%s", (_, chart) => {
  const text = (name: string): string => textOf(chart, name);
  const schema = JSON.parse(text("values.schema.json")) as object;

  test("the defaults fit the schema, which knows no value more and none less", () => {
    const validate = new Ajv({ strict: true, strictTypes: false }).compile(schema);
    const defaults = parse(text("values.yaml")) as Record<string, unknown>;
    expect([validate(defaults), validate.errors]).toEqual([true, null]);
    expect(validate({ ...defaults, wrokers: {} })).toBe(false);
    const documented = chartValues(text("values.yaml")).map(({ path }) => path);
    // Helm's own.
    expect(
      known(schema)
        .filter((path) => path !== "global")
        .sort(),
    ).toEqual(documented.sort());
  });

  test("chart, image and package are of one version", () => {
    const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as {
      version: string;
    };
    expect(parse(text("Chart.yaml"))).toMatchObject({ version, appVersion: version });
  });

  test("templates read no value that values.yaml does not have", () => {
    const defaults = parse(text("values.yaml")) as unknown;
    const templates = readdirSync(join(chart, "templates"), { recursive: true, encoding: "utf8" });
    const used = templates
      .filter((name) => /\.(?:yaml|tpl|txt)$/.test(name))
      .flatMap((name) =>
        [...text(join("templates", name)).matchAll(/\.Values((?:\.\w+)+)/g)].map(([, path = ""]) => path),
      );
    expect(used.length).toBeGreaterThan(40);
    for (const path of used) {
      const value = path
        .split(".")
        .slice(1)
        .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], defaults);
      expect([path, value === undefined]).toEqual([path, false]);
    }
  });
});
