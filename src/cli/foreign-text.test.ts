/** Text of servers on its way to a terminal: shown, not obeyed. */
import { expect, test } from "vitest";
import { runBench } from "../../test/support/fake-world.ts";
import type { AsrResponse } from "../client/transport.ts";
import { FAILED } from "../../test/support/sample-result.ts";
import { renderTable } from "../report/table.ts";
import { livePartials } from "./live-partials.ts";
import { progressListener } from "./progress.ts";

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
