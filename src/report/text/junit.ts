/**
 * The result as JUnit XML, the form that CI servers read: a suite for each run, a test case for each check of validity and
 * each SLO. Keeps to what Ant writes and Jenkins accepts. What could not be judged is an `error`, never a pass.
 */
import { markValue } from "../../base/server-mark.ts";
import type { Regression, RegressionRow } from "../../metrics/judge/regression.ts";
import type { Check, RunResult } from "../../metrics/result/result.ts";
import { noteLines } from "../words/failure-notes.ts";
import { differenceText } from "./gate-report.ts";
import { markup, textOf, type Markup } from "../words/markup.ts";
import { markLines, observedText, runTitle, verdictSentence } from "../words/wording.ts";

/** What a CI server makes of a check: a failure is the target's, an error says that nobody knows. */
type Ending = "passed" | "failure" | "error" | "skipped";

interface Case {
  className: "validity" | "slo";
  check: Check;
  ending: Ending;
}

/** The document. @param regression of the runs against a baseline: a suite of its own, dated like the last run */
export function renderJunit(runs: readonly RunResult[], regression?: Regression): string {
  const last = runs.at(-1);
  return textOf(markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
${runs.map(suite)}${regression === undefined || last === undefined ? [] : regressionSuite(regression, last, runs.length)}</testsuites>
`);
}

function regressionSuite({ rows, baseline }: Regression, { run }: RunResult, id: number): Markup {
  const count = (verdict: Check["verdict"]): number => rows.filter((row) => row.verdict === verdict).length;
  return markup`<testsuite id="${id}" package="riva-bench" name="against ${baseline.length} baseline run(s)" timestamp="${run.startedAt.slice(0, 19)}" hostname="${run.host}" tests="${rows.length}" failures="${count("fail")}" errors="${count("inconclusive")}" skipped="0" time="0">
<properties>
${baseline.map((name) => markup`<property name="baseline" value="${name}"/>\n`)}</properties>
${rows.map(regressionCase)}<system-out/>
<system-err/>
</testsuite>
`;
}

function regressionCase(row: RegressionRow): Markup {
  const bodies: Record<Check["verdict"], Markup> = {
    pass: markup``,
    fail: markup`<failure type="worse" message="${differenceText(row)}">${row.advice}</failure>`,
    inconclusive: markup`<error type="inconclusive" message="${differenceText(row)}">${row.advice}</error>`,
  };
  return markup`<testcase classname="riva-bench.baseline" name="${row.figure.name}" time="0">${bodies[row.verdict]}</testcase>
`;
}

function suite(result: RunResult, id: number): Markup {
  const { run } = result;
  const cases = casesOf(result);
  const count = (ending: Ending): number => cases.filter((one) => one.ending === ending).length;
  const seconds = (Date.parse(run.endedAt) - Date.parse(run.startedAt)) / 1000;
  return markup`<testsuite id="${id}" package="riva-bench" name="${runTitle(result)}" timestamp="${run.startedAt.slice(0, 19)}" hostname="${run.host}" tests="${cases.length}" failures="${count("failure")}" errors="${count("error")}" skipped="${count("skipped")}" time="${seconds.toFixed(3)}">
<properties>
${propertiesOf(result).map(([name, value]) => markup`<property name="${name}" value="${value}"/>\n`)}</properties>
${cases.map(testCase)}<system-out>${result.verdict.toUpperCase()}: ${verdictSentence(result)}</system-out>
<system-err>${warnings(result)}</system-err>
</testsuite>
`;
}

function propertiesOf({ run, target, verdict, validity }: RunResult): [name: string, value: string][] {
  return [
    ["verdict", verdict],
    ["validity", validity.status],
    ["run", run.id],
    ["target", target.name],
    ["address", target.uri],
    ["emulated", markValue(target)],
    ["seed", `${run.seed}`],
    ["plan", run.planHash],
    ["program", run.tool],
  ];
}

function casesOf(result: RunResult): Case[] {
  const { validity, slos, verdict, run } = result;
  return [
    ...validity.checks.map((check): Case => {
      // A degraded run keeps its verdict and warns; a partial one has not shown what was asked of it.
      const broken = check.verdict === "fail" || (run.interrupted && check.name === "interrupted");
      return { className: "validity", check, ending: broken ? "error" : "passed" };
    }),
    ...slos.map((check): Case => {
      const ending = { pass: "passed", fail: "failure", inconclusive: "error" } as const;
      return { className: "slo", check, ending: verdict === "void" ? "skipped" : ending[check.verdict] };
    }),
  ];
}

function testCase({ className, check, ending }: Case): Markup {
  const limit = className === "validity" && check.limit !== undefined ? `, limit ${check.limit}` : "";
  const message = `${check.name}: observed ${observedText(check)}${limit}`;
  const type = ending === "failure" ? "slo" : className === "slo" ? "inconclusive" : "void";
  const bodies: Record<Ending, Markup> = {
    passed: markup``,
    skipped: markup`<skipped/>`,
    failure: markup`<failure type="${type}" message="${message}">${check.advice}</failure>`,
    error: markup`<error type="${type}" message="${message}">${check.advice}</error>`,
  };
  return markup`<testcase classname="riva-bench.${className}" name="${check.name}" time="0">${bodies[ending]}</testcase>
`;
}

/** What makes no test case fail and should still be read. */
function warnings(result: RunResult): string {
  const { validity, target } = result;
  const degraded = validity.checks.flatMap((check) =>
    check.verdict === "inconclusive" ? [`${check.name}: ${check.advice ?? observedText(check)}`] : [],
  );
  return [...markLines(target), ...degraded, ...noteLines(result)].join("\n");
}
