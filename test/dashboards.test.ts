/** What can be said of boards, rules and runbooks without a Prometheus. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { BOARDS } from "../dashboards/boards.ts";
import { GATEWAY_FAMILIES } from "../src/gateway/metric-families.ts";
import { METRICS } from "../src/metrics/catalogue/catalogue.ts";
import { EXPOSED_FAMILIES } from "../src/watch/exposed.ts";
import { familyName } from "../src/watch/exposition.ts";
import { boardFiles, panelsOf } from "./support/board-queries.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, "utf8");
const RULES = read("dashboards/rules/recording.yaml");
const ALERTS = read("dashboards/rules/alerts.yaml");

/** Names of ours in a text, without a histogram's suffix. */
function namesIn(text: string): string[] {
  const found = text.matchAll(/(?<![\w:/.-])bench_[a-z0-9_]+(?![\w-]*[/.:])/g);
  return [...new Set([...found].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")))];
}

const EXPOSED = new Set([...EXPOSED_FAMILIES, ...GATEWAY_FAMILIES].map(({ name }) => name));
const BOARD_TEXT = boardFiles()
  .flatMap((board) => [
    ...panelsOf(board).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    JSON.stringify(board.annotations),
    JSON.stringify(board.templating),
  ])
  .join("\n");

describe("every metric that is named is exported", () => {
  it.each<readonly [string, string]>([
    ["boards", BOARD_TEXT],
    ["recording rules", RULES],
    ["alerts", ALERTS],
    ["README.md", read("README.md")],
    ["docs/gateway-protocol.md", read("docs/gateway-protocol.md")],
    ["docs/prometheus.md", read("docs/prometheus.md").replaceAll("bench_...", "")],
    ...readdirSync(`${ROOT}docs/runbooks`).map((file) => [file, read(`docs/runbooks/${file}`)] as const),
  ])("in %s", (_, text) => {
    expect(namesIn(text).filter((name) => !EXPOSED.has(name))).toEqual([]);
  });

  it("and every metric that is exported is on a board, in a rule, or explained as left out", () => {
    /** For loads without pace, which have a name of their own so that nobody puts them beside the others. */
    const BY_HAND = ["bench_rtfx_offline"];
    const shown = new Set(namesIn(`${BOARD_TEXT}\n${RULES}\n${ALERTS}`));
    expect([...EXPOSED].filter((name) => !shown.has(name)).sort()).toEqual(BY_HAND.sort());
  });
});

it("heat maps and percentiles of every metric of the server are on the board of latencies", () => {
  const metrics = METRICS.filter(({ per, ofFailed }) => per !== "run" && ofFailed !== true);
  const board = boardFiles().find(({ uid }) => uid === "riva-bench-latency");
  const asked = (board === undefined ? [] : panelsOf(board)).map(({ targets = [] }) => targets[0]?.expr);
  expect(asked.length).toBe(2 * metrics.length);
  for (const metric of metrics) {
    const family = new RegExp(`\\b${familyName(metric)}_bucket\\b`);
    expect(asked.filter((expr = "") => family.test(expr)).length, metric.name).toBe(2);
  }
});

describe.each(boardFiles())("board $uid", (board) => {
  it("has every panel that is declared, where Grafana shows it: in its row when that is closed, after it when open", () => {
    const declared = BOARDS.find(({ uid }) => uid === board.uid)?.rows ?? [];
    expect(panelsOf(board).map((panel) => panel.title)).toEqual(
      declared.flatMap(({ panels }) => panels.map((panel) => panel.title)),
    );
    const rows = board.panels.filter(({ type }) => type === "row");
    expect(rows.map(({ title, collapsed }) => [title, collapsed])).toEqual(
      declared.map(({ title, collapsed = false }) => [title, collapsed]),
    );
    for (const { panels = [], collapsed } of rows) expect(panels.length > 0).toBe(collapsed);
  });

  it("is of schema 1, with a data source variable first", () => {
    expect(board.schemaVersion).toBeGreaterThanOrEqual(36);
    expect(board.templating.list[0]).toMatchObject({ name: "datasource", type: "datasource" });
  });

  it.each(panelsOf(board))("panel $title has unit, help and the data source variable", (panel) => {
    expect(panel.description?.length).toBeGreaterThan(20);
    expect(panel.fieldConfig?.defaults?.unit).toBeTruthy();
    expect(panel.fieldConfig?.defaults?.noValue).toBeTruthy();
    expect(panel.datasource?.uid).toBe("${datasource}");
    expect(panel.targets?.length).toBeGreaterThan(0);
    for (const target of panel.targets ?? []) expect(target.datasource?.uid).toBe("${datasource}");
  });
});

describe("alerts", () => {
  const { groups } = parse(ALERTS) as {
    groups: {
      rules: {
        alert: string;
        expr: string;
        labels: Record<string, string>;
        annotations: Record<string, string>;
      }[];
    }[];
  };
  const alerts = groups.flatMap(({ rules }) => rules);

  it.each(alerts)(
    "$alert has an area, a severity and a runbook that says what to do",
    ({ labels, annotations }) => {
      expect(labels).toMatchObject({
        area: expect.any(String) as string,
        severity: expect.any(String) as string,
      });
      const runbook = annotations["runbook_url"] ?? "";
      expect(existsSync(`${ROOT}${runbook}`), runbook).toBe(true);
      for (const part of ["**Meaning.**", "**Confirm.**", "**Do.**", "**Roll back.**"])
        expect(read(runbook)).toContain(part);
    },
  );

  interface Tested {
    name: string;
    alert_rule_test?: { alertname: string; exp_alerts?: unknown[] }[];
  }
  const testsIn = (file: string): Tested[] =>
    (parse(read(`dashboards/rules/tests/${file}`)) as { tests: Tested[] }).tests;
  const namesOf = (tests: readonly Tested[], firing: boolean): string[] => [
    ...new Set(
      tests.flatMap(({ alert_rule_test: rules = [] }) =>
        rules
          .filter(({ exp_alerts: fired = [] }) => fired.length > 0 === firing)
          .map(({ alertname }) => alertname),
      ),
    ),
  ];
  const names = alerts.map(({ alert }) => alert).sort();

  it("are each tested by promtool: firing, not firing, without data, and over a counter that starts again", () => {
    const told = ["runs.yaml", "server.yaml", "gateway.yaml"].flatMap(testsIn);
    expect(namesOf(told, true).sort()).toEqual(names);
    expect(namesOf(told, false).sort()).toEqual(names);
    for (const test of testsIn("no-data.yaml")) expect(namesOf([test], false).sort()).toEqual(names);
    // Recording rules that end in a rate, and counters by their name.
    const ofCounters = alerts.filter(({ expr }) => /_total\b|rate\d/.test(expr)).map(({ alert }) => alert);
    expect(namesOf(testsIn("resets.yaml"), false).sort()).toEqual(ofCounters.sort());
  });
});
