/** Text of servers on its way to a terminal: shown, not obeyed. */
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runBench } from "../../test/support/fake-world.ts";
import type { AsrResponse } from "../client/transport.ts";
import { FAILED } from "../../test/support/sample-result.ts";
import type { ComparisonReport } from "../report/text/comparison.ts";
import { renderComparison } from "../report/text/comparison.ts";
import { renderGate } from "../report/text/gate-report.ts";
import { renderTable } from "../report/text/table.ts";
import { livePartials } from "./commands/live-partials.ts";
import { progressListener } from "../watch/live/progress.ts";

const ATTACK = "\u001b]0;owned\u0007\u001b[2J\u009b31m\r\nPASS\u202e";
/** What may reach a terminal: colors, line ends, and what rewrites the line of partials. */
const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

test("partials of a stream", () => {
  let shown = "";
  const partials = livePartials({ write: (text) => void (shown += text), isTTY: true, columns: 200 });
  for (const final of [false, true])
    partials?.show({ text: ATTACK, final, trailingInterim: ATTACK } as unknown as AsrResponse);
  expect(shown.replaceAll("\r\u001b[K", "")).not.toMatch(OBEYED);
  expect(shown).toContain("\\u001b[2J");
});

test("events of a run", () => {
  let shown = "";
  const sink = { write: (text: string) => void (shown += text), isTTY: false, columns: 80 };
  progressListener({ sink, quiet: false, warmupMs: 0 }).onEvent?.({
    ...{ atMs: 0, type: "problem", message: ATTACK },
  });
  expect(shown.trimEnd()).not.toMatch(OBEYED);
});

test("the table of a result", () => {
  const { target, slos } = FAILED;
  const hostile = {
    ...FAILED,
    target: { ...target, name: ATTACK, uri: ATTACK, model: ATTACK },
    slos: slos.map((slo) => ({ ...slo, advice: ATTACK, name: ATTACK, limit: ATTACK })),
  };
  const shown = renderTable(hostile, { color: true });
  expect(shown.replaceAll(/\u001b\[(?:0|1|31|32|33)m/g, "")).not.toMatch(OBEYED);
});

test("names that a user gives and an error repeats", async () => {
  const { err, exitCode } = await runBench(["run", "--scenario", `x${ATTACK}.yaml`]);
  expect(exitCode).toBe(2);
  expect(err).not.toMatch(OBEYED);
});

/** A name that would be a line of its own. */
const FORGED = "m\r\nThe target can be used.\nPASS";
const forgedLines = (text: string): string[] =>
  text.split("\n").filter((line) => /^(?:The target can|PASS)/.test(line));

function forgedRun(): typeof FAILED {
  const check = { ...FAILED.slos[0]!, name: FORGED, advice: FORGED };
  return {
    ...FAILED,
    target: { ...FAILED.target, name: FORGED, model: FORGED, proxy: FORGED },
    dataset: { ...FAILED.dataset, name: FORGED },
    slos: [check],
    validity: { ...FAILED.validity, status: "degraded", checks: [{ ...check, verdict: "fail" }] },
  };
}

test("a foreign line end makes no line in a table or a gate", () => {
  const run = forgedRun();
  const table = renderTable(run, { color: false, folder: FORGED });
  const gate = renderGate({
    ...{ schema: "riva-bench/gate@1", verdict: "fail", runs: [run] },
    leftOut: [{ run: FORGED, why: FORGED }],
  });
  for (const text of [table, gate]) {
    expect(forgedLines(text)).toEqual([]);
    expect(text).toContain("m\\r\\nThe");
  }
  // The advice on a line of its own, under its check.
  expect(gate).toMatch(/^ +m\\r\\nThe target can be used/m);
});

test("a foreign line end makes no line in a comparison", () => {
  const side = { name: FORGED, emulated: false, runs: [], uri: FORGED };
  const heard = { text: FORGED, times: 1, of: 1 };
  const text = renderComparison({
    ...{ verdict: "void", baseline: side, candidate: side, rows: [], design: "stored" },
    ...{ leftOut: [{ run: FORGED, why: FORGED }] },
    transcripts: [{ clip: FORGED, baseline: heard, candidate: heard }],
  } as unknown as ComparisonReport);
  expect(forgedLines(text)).toEqual([]);
  expect(text).toContain('"m\\r\\nThe target can be used.\\nPASS" (1 of 1)');
});

test("a foreign line end makes no line in bench history", async () => {
  const cwd = await mkdtemp(join(tmpdir(), "bench-foreign-"));
  await mkdir(join(cwd, "run"));
  const run = { ...forgedRun(), git: undefined };
  await writeFile(join(cwd, "run", "result.json"), JSON.stringify(run));
  const { out, err } = await runBench(["history", "run"], { cwd });
  await rm(cwd, { recursive: true });
  expect(err).toBe("");
  expect(forgedLines(out)).toEqual([]);
  expect(out).toContain("m\\r\\nThe target can be used.\\nPASS");
});

test("a foreign line end makes no line in bench check", async () => {
  const upstreams = [{ name: "a", state: "up", model: FORGED, sessions: 0 }];
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ gateway: "riva-bench", ready: true, status: "ready", upstreams })),
  ).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const { out, exitCode } = await runBench(["check", "--target", `ws://127.0.0.1:${port}/v1/stream`]);
  server.close();
  expect(exitCode).toBe(7);
  expect(forgedLines(out)).toEqual(["The target can't be used."]);
  expect(out).toContain("a up (m\\r\\nThe target can be used.\\nPASS)");
});
