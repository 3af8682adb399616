import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import { FAILED, PASSED } from "../../../test/support/sample-result.ts";
import { REPORT_FORMATS } from "../../report/reporters.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "report-"));
  writeFileSync(join(folder, "passed.json"), JSON.stringify(PASSED));
  writeFileSync(join(folder, "failed.json"), JSON.stringify(FAILED));
});

afterEach(() => rmSync(folder, { recursive: true }));

test.each(REPORT_FORMATS)(
  "a stored run as %s says its verdict, its target and that it is emulated",
  async (format) => {
    const { out, err, exitCode } = await runBench(["report", "passed.json", "--format", format], {
      cwd: folder,
    });
    expect([err, exitCode]).toEqual(["", 0]);
    expect(out).toMatch(/pass/i);
    expect(out).toContain("emulator-nim");
    expect(out).toMatch(/emulated/i);
    expect(out.endsWith("\n")).toBe(true);
  },
);

test("several runs go into one file, and nothing else is said", async () => {
  const args = ["report", "passed.json", "failed.json", "--format", "junit", "--out", "ci.xml"];
  expect(await runBench(args, { cwd: folder })).toEqual({ out: "", err: "", exitCode: 0 });
  const xml = readFileSync(join(folder, "ci.xml"), "utf8");
  expect(xml.match(/<testsuite /g)).toHaveLength(2);
});

test("several results as JSON are a list, one is itself", async () => {
  const json = async (...runs: string[]): Promise<unknown> =>
    JSON.parse((await runBench(["report", ...runs, "--format", "json"], { cwd: folder })).out);
  expect(await json("passed.json")).toEqual(PASSED);
  expect(await json("passed.json", "failed.json")).toEqual([PASSED, FAILED]);
});

test.each([
  [["passed.json", "failed.json", "--format", "html"], "a page holds one run"],
  [["passed.json", "--format", "pdf"], "pdf"],
  [["nowhere.json"], "nowhere.json"],
  [["passed.json", "--out", "no/such/folder.txt"], "can't be written"],
])("report %j is refused with a reason", async (args, reason) => {
  const { err, exitCode } = await runBench(["report", ...args], { cwd: folder });
  expect(exitCode).toBe(2);
  expect(err).toContain(reason);
});
