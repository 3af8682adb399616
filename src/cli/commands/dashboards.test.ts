import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { boardFiles } from "../../../test/support/board-queries.ts";
import { runBench } from "../../../test/support/fake-world.ts";

const SHIPPED = boardFiles().map(({ file }) => file);

let cwd: string;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "dashboards-"));
});
afterEach(() => rmSync(cwd, { recursive: true }));

function written(file: string): string {
  return readFileSync(join(cwd, "grafana", file), "utf8");
}

test("lists what ships, and writes nothing unasked", async () => {
  const { out, err, exitCode } = await runBench(["dashboards", "--json"], { cwd });
  expect([err, exitCode]).toEqual(["", 0]);
  const { boards, rules } = JSON.parse(out) as { boards: { file: string }[]; rules: string[] };
  expect(boards.map(({ file }) => file)).toEqual(SHIPPED);
  expect(rules).toEqual(["alerts.yaml", "recording.yaml"]);
  expect(readdirSync(cwd)).toEqual([]);
});

test("--out writes them as they ship, rules with the boards", async () => {
  const { out } = await runBench(["dashboards", "--out", "grafana"], { cwd });
  expect(out).toContain(`${SHIPPED.length} boards and 2 files of rules written to grafana`);
  expect(readdirSync(join(cwd, "grafana")).sort()).toEqual(
    [...SHIPPED, "alerts.yaml", "recording.yaml"].sort(),
  );
  const root = new URL("../../../dashboards/", import.meta.url);
  for (const file of SHIPPED)
    expect(written(file)).toBe(readFileSync(new URL(`grafana/${file}`, root), "utf8"));
  expect(written("alerts.yaml")).toBe(readFileSync(new URL("rules/alerts.yaml", root), "utf8"));
});

test("--datasource is chosen in every board, and nothing else changes", async () => {
  await runBench(["dashboards", "--out", "grafana", "--datasource", "prom-eu"], { cwd });
  for (const shipped of boardFiles()) {
    const board = JSON.parse(written(shipped.file)) as typeof shipped;
    const [first, ...others] = board.templating.list;
    expect(first).toMatchObject({ name: "datasource", current: { text: "prom-eu", value: "prom-eu" } });
    expect(others).toEqual(shipped.templating.list.slice(1));
    expect(board.panels).toEqual(shipped.panels);
  }
});

test("a folder that can't be had, and a data source without files, are said", async () => {
  writeFileSync(join(cwd, "grafana"), "");
  const blocked = await runBench(["dashboards", "--out", "grafana"], { cwd });
  expect([blocked.exitCode, blocked.err]).toEqual([2, expect.stringContaining("can't write to --out")]);
  const alone = await runBench(["dashboards", "--datasource", "x"], { cwd });
  expect([alone.exitCode, alone.err]).toEqual([2, expect.stringContaining("Add --out FOLDER")]);
});
