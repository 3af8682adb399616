import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { validateXML } from "xmllint-wasm";
import { hostile } from "../../../test/support/hostile-result.ts";
import { FAILED, INTERRUPTED, PASSED, SAMPLES, VOIDED } from "../../../test/support/sample-result.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { renderJunit } from "./junit.ts";

const SCHEMA = readFileSync(new URL("../../../test/support/junit.xsd", import.meta.url), "utf8");

async function errorsOf(xml: string): Promise<readonly string[]> {
  const { errors } = await validateXML({
    xml: [{ fileName: "junit.xml", contents: xml }],
    schema: [{ fileName: "junit.xsd", contents: SCHEMA }],
  });
  return errors.map(({ message }) => message);
}

test("the schema is one that refuses", async () => {
  expect(await errorsOf("<testsuites><testsuite/></testsuites>")).not.toEqual([]);
  expect(await errorsOf(renderJunit([PASSED]).replace("<skipped/>", ""))).toEqual([]);
  expect(await errorsOf(renderJunit([PASSED]).replace(/ hostname="[^"]*"/, ""))).not.toEqual([]);
});

describe("golden files", () => {
  test.each(SAMPLES)("%s", async (name, result) => {
    const xml = renderJunit([result]);
    expect(await errorsOf(xml)).toEqual([]);
    await expect(xml).toMatchFileSnapshot(`../../../test/golden/run-${name}.junit.xml`);
  });
});

test.each(SAMPLES)("%s with hostile names is still what the schema asks for", async (_, result) => {
  expect(await errorsOf(renderJunit([hostile(result), result]))).toEqual([]);
});

/** How many cases ended how, as a CI server adds them up. */
function endings(result: RunResult): Record<string, number> {
  const [, ...cases] = renderJunit([result]).split("<testcase ");
  const count = (tag: string): number => cases.filter((text) => text.includes(`<${tag}`)).length;
  const found = { failure: count("failure"), error: count("error"), skipped: count("skipped") };
  const said = /tests="(\d+)" failures="(\d+)" errors="(\d+)" skipped="(\d+)"/.exec(renderJunit([result]));
  expect(said?.slice(1).map(Number)).toEqual([cases.length, found.failure, found.error, found.skipped]);
  return found;
}

test("a pass is green, a degraded run warns, a failed SLO is a failure, doubt is an error", () => {
  expect(endings(PASSED)).toEqual({ failure: 0, error: 0, skipped: 0 });
  expect(endings(FAILED)).toEqual({ failure: 3, error: 1, skipped: 0 });
  expect(renderJunit([FAILED])).toMatch(/<system-err>send_lateness_p99: audio left late/);
});

test("a void run judges no SLO and is not green", () => {
  expect(endings(VOIDED)).toEqual({ failure: 0, error: 1, skipped: VOIDED.slos.length });
});

test("a partial run is not green, whatever it found until then", () => {
  expect(endings(INTERRUPTED)).toEqual({ failure: 0, error: 2, skipped: 2 });
  const { run, validity } = PASSED;
  const checks = [...validity.checks, { name: "interrupted", verdict: "inconclusive" as const }];
  const partial = { ...PASSED, run: { ...run, interrupted: true }, validity: { ...validity, checks } };
  expect(endings(partial)).toEqual({ failure: 0, error: 1, skipped: 0 });
});

test("several runs are several suites, numbered", () => {
  expect(renderJunit([PASSED, FAILED]).match(/<testsuite id="\d"/g)).toEqual([
    '<testsuite id="0"',
    '<testsuite id="1"',
  ]);
});
