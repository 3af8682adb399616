/** The licences of what an installation brings along: `scripts/third-party-licenses.ts`, held against the lock file. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { LockedPackage } from "../scripts/third-party-licenses.ts";
import { licenceProblems, runtimePackages } from "../scripts/third-party-licenses.ts";

const lock = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  packages: Record<string, LockedPackage>;
};

test("every package that is installed with ours has a licence that was agreed to", () => {
  const packages = runtimePackages(lock.packages);
  expect(packages.size).toBeGreaterThan(100);
  expect([...packages.keys()]).toContain("node_modules/codec-parser");
  expect([...packages.keys()]).not.toContain("node_modules/vitest");
  expect(licenceProblems(packages)).toEqual([]);
});

test.each([
  [{ license: "MIT OR GPL-3.0-only" }, []],
  [{ license: "(MIT AND Zlib)" }, []],
  [{ license: "MIT AND GPL-3.0-only" }, ["a has the licence MIT AND GPL-3.0-only, which is not on the list"]],
  [
    { license: "GPL-3.0-only AND (MIT OR ISC)" },
    ["a has the licence GPL-3.0-only AND (MIT OR ISC), which is not on the list"],
  ],
  [{ license: "LGPL-3.0-or-later" }, ["a has the licence LGPL-3.0-or-later, which is not on the list"]],
  [{}, ["a names no licence"]],
  [{ license: "GPL-3.0-only", dev: true }, []],
])("%j: %j", (locked, problems) => {
  const found = licenceProblems(runtimePackages({ "": {}, "node_modules/x/node_modules/a": locked }));
  expect(found.map((problem) => problem.replace(" of scripts/third-party-licenses.ts", ""))).toEqual(
    problems,
  );
});
