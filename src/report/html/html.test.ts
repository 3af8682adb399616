import { describe, expect, test } from "vitest";
import { hostile } from "../../../test/support/hostile-result.ts";
import { FAILED, INTERRUPTED, PASSED, SAMPLES } from "../../../test/support/sample-result.ts";
import { spokenSession } from "../../../test/support/session-line.ts";
import { parseRunResult } from "../../metrics/result/read-result.ts";
import { type RunResult } from "../../metrics/result/result.ts";
import { renderHtml } from "./html.ts";
import { createDigest, type SessionDigest } from "../../metrics/result/session-digest.ts";

/** The page without what never changes with a result: the library, our script, the style sheets. */
function ours(page: string): string {
  return page
    .replaceAll(/<style>[^]*?<\/style>/g, "<style></style>")
    .replaceAll(/<script>[^]*?<\/script>/g, "<script></script>")
    .replaceAll(/'sha256-[^']*'/g, "'sha256-'");
}

test.each(SAMPLES)("the sample %s is a result that could be read from a file", (_, result) => {
  expect(parseRunResult(JSON.stringify(result), "sample")).toEqual(result);
});

describe("golden files", () => {
  test.each(SAMPLES)("%s", async (name, result) => {
    await expect(ours(renderHtml(result))).toMatchFileSnapshot(`../../../test/golden/run-${name}.html`);
  });
});

test("says beside a check that passed that it had nothing to test, and gives no sign to what rounds to nothing", () => {
  const untested = { name: "steady_state", verdict: "pass" as const, advice: "not tested: too short" };
  const still = { name: "collapse", verdict: "pass" as const, observed: -0.000_001, limit: "< 1%" };
  const page = ours(
    renderHtml({ ...PASSED, validity: { status: "valid", checks: [untested] }, slos: [still] }),
  );
  expect(page).toContain('<tr class="advice"><td colspan="4">not tested: too short</td></tr>');
  expect(page).toContain("0.00 %");
  expect(page).not.toContain("-0.00 %");
});

test.each(SAMPLES)("%s needs nothing from elsewhere, and every id is unique", (_, result) => {
  const page = ours(renderHtml(result));
  expect(page).not.toMatch(/<img|src=|href="(?!#|data:,")|url\(|@import/);
  const ids = [...ours(page).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
});

/** Tags in order, without the values of their attributes. */
function tags(page: string): string[] {
  return [...ours(page).matchAll(/<\/?[a-z][^<>]*>/g)]
    .map(([tag]) => tag.replaceAll(/"[^"]*"/g, '""'))
    .filter((tag) => tag !== "<wbr>");
}

test.each(SAMPLES)("%s with hostile names is the same document", (_, result) => {
  // An SLO whose name is none is no line in a chart.
  const slos = result.slos.map((slo) => ({ ...slo, name: "none" }));
  expect(tags(renderHtml(hostile(result)))).toEqual(tags(renderHtml({ ...result, slos })));
});

test("the emulated label stands beside the target's name", () => {
  expect(renderHtml(PASSED)).toContain('against emulator-nim <span class="emulated">EMULATED</span></h1>');
  expect(renderHtml(PASSED)).toContain("emulator-nim (emulated)</title>");
  expect(renderHtml(FAILED).replace(/<style>[^]*<\/style>/, "")).not.toMatch(/emulated/i);
});

test("the verdict comes first, with its reasons", () => {
  const [, head = ""] = renderHtml(FAILED).split("<header>");
  expect(head.trimStart()).toMatch(/^<div class="verdict fail">\n<p><strong>FAIL<\/strong>/);
  expect(head).toContain("3 of 4 SLOs did not hold");
  expect(head).toContain("target_<wbr>alive</code>: 3; 3 session(s) were refused a connection");
});

test("what the server said is drawn where it said something, and an emulator's says whose it is", () => {
  const titles = (page: string): string[] =>
    [...page.matchAll(/<figcaption>((?:Emulated s|S)erver: [^<]*)/g)].map(([, title = ""]) => title);
  expect(titles(renderHtml(FAILED))).toContain("Server: GPU power");
  expect(titles(renderHtml(PASSED))).toEqual([]);
  const server = { requests: 40, failures: 0, queueMs: 3.5, computeMs: 12 };
  const timeline = PASSED.timeline.map((point) => ({ ...point, server }));
  expect(titles(renderHtml({ ...PASSED, timeline }))).toEqual([
    "Emulated server: request time",
    "Emulated server: requests",
  ]);
});

test("all after the steady part is shaded, also when the drain took longer than planned", () => {
  const [last] = PASSED.timeline.slice(-1);
  const late = { ...last!, fromMs: 99_000, toMs: 100_000 };
  const [, json = ""] =
    /<script type="application\/json"[^>]*>([^<]*)</.exec(
      renderHtml({ ...PASSED, timeline: [...PASSED.timeline, late] }),
    ) ?? [];
  const { spans } = JSON.parse(json) as { spans: { label: string; from: number; to: number }[] };
  expect(spans.at(-1)).toEqual({ label: "drain", from: 70, to: 100 });
});

/** A digest of so many sessions of a run. */
function digestOf(result: RunResult, sessions: number): SessionDigest {
  const made = createDigest(result);
  for (let seq = 0; seq < sessions; seq++) made.add(spokenSession({ seq, scheduledMs: 10_000 + seq }));
  return made.end();
}

test("sessions whose end nobody recorded are not said to be in the records", () => {
  const all = Object.values(PASSED.sessionsByPhase).reduce((sum, { scheduled }) => sum + scheduled, 0);
  expect(renderHtml(PASSED, digestOf(PASSED, all))).toContain(`All ${all} sessions are in`);
  const partial = renderHtml(PASSED, digestOf(PASSED, 20));
  expect(partial).toContain(`20 of ${all} sessions are in`);
  expect(partial).toContain("one a line; of the others no end was recorded.");
});

test("curves are spoken of where there are some, and confidence where something was judged", () => {
  const page = renderHtml(INTERRUPTED, digestOf(INTERRUPTED, 20));
  expect(page).toContain("<p>The maps show every session");
  expect(page).toContain("Of a void run nothing is judged.");
  expect(page).not.toMatch(/The curves|confidence/);
  expect(renderHtml(PASSED)).toContain("99&nbsp;% confidence");
});

test("the command to run it again survives a shell", () => {
  const target = { ...FAILED.target, uri: "grpc://it's here; rm -rf ~" };
  const page = renderHtml({ ...FAILED, target });
  expect(page).toContain("--target &#39;grpc://it&#39;\\&#39;&#39;s here; rm -rf ~&#39; --seed 1</pre>");
  expect(renderHtml(PASSED)).toContain("--target emulator-nim --seed 1</pre>");
});

test("a week is reduced to the highest of every group of points", () => {
  const [point] = PASSED.timeline.slice(30);
  const timeline = Array.from({ length: 2400 }, (_, second) => ({
    ...point!,
    fromMs: second * 1000,
    toMs: (second + 1) * 1000,
    metrics: { send_lateness: { count: 1, p50: 1, p95: 1, p99: second === 1234 ? 77 : 1, max: 99 } },
  }));
  const page = renderHtml({ ...PASSED, timeline, window: { warmupMs: 0, steadyMs: 2_400_000, drainMs: 0 } });
  expect(page).toContain("Every point is the highest of 10 points");
  expect(page).toContain("p99: 1 to 77 ms");
});
