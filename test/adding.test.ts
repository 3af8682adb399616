/**
 * CONTRIBUTING's table of additions, carried out: a copy of the sources gets a throw-away one of each kind, each a file and a line (with
 * its import where it is not loaded on demand), and the program has it.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";

const copy = mkdtempSync(join(tmpdir(), "riva-bench-adding-"));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

interface Addition {
  /** The new file, when it takes one, and its text. */
  file?: readonly [path: string, text: string];
  table: string;
  /** After this text of the table the line is put. */
  after: string;
  line: string;
  imports?: string;
}

const ADDITIONS: Readonly<Record<string, Addition>> = {
  "a load model": {
    file: [
      "src/scenario/load/models/throwaway.ts",
      `import { z } from "zod";
import { section } from "../../../base/yaml.ts";
import { openKeys, openOptions } from "../options.ts";
import { held } from "../parts.ts";
import { sessionRate } from "../schema-fields.ts";
const schema = section({ model: z.literal("throwaway"), rate: sessionRate, ...openKeys });
export const throwaway = {
  name: "throwaway", schema,
  resolve: (file) => ({ model: file.model, rate: file.rate, ...openOptions(file) }),
  parts: ({ rate }) => [held(2 * rate, "even")],
  words: ({ rate }) => \`twice \${rate}\`,
};
`,
    ],
    table: "src/scenario/load/models.ts",
    after: "export const MODELS = [\n",
    line: "  throwaway,\n",
    imports: 'import { throwaway } from "./models/throwaway.ts";\n',
  },
  "a transport": {
    file: [
      "src/client/throwaway.ts",
      'export const createThrowaway = () => ({ name: "throwaway", close: () => Promise.resolve() });\n',
    ],
    table: "src/client/transports.ts",
    after: "const TABLE = {\n",
    line: '  throwaway: { kind: "gateway", load: async () => (await import("./throwaway.ts")).createThrowaway },\n',
  },
  "a metric": {
    file: [
      "src/metrics/catalogue/throwaway.ts",
      `export const throwaway = {
  name: "throwaway", unit: "ms", better: "lower", per: "session", help: "X_0 - t0.",
  row: { label: "thrown away", group: "latencies", place: 99 },
  of: (o) => o.startedMs,
};
`,
    ],
    table: "src/metrics/catalogue/catalogue.ts",
    after: "export const METRICS: readonly Metric[] = [\n",
    line: "  throwaway,\n",
    imports: 'import { throwaway } from "./throwaway.ts";\n',
  },
  "a report format": {
    file: [
      "src/report/text/throwaway.ts",
      "export const renderThrowaway = (runs) => `${runs.length} runs\\n`;\n",
    ],
    table: "src/report/reporters.ts",
    after: "export const REPORTERS = {\n",
    line: "  throwaway: (runs) => renderThrowaway(runs),\n",
    imports: 'import { renderThrowaway } from "./text/throwaway.ts";\n',
  },
  "a format of datasets": {
    file: [
      "src/dataset/import/throwaway.ts",
      `export const throwaway = {
  name: "throwaway", describe: "one clip", matches: (source) => source.endsWith(".throwaway"),
  async *read(source) { yield { where: source, audio: source }; },
};
`,
    ],
    table: "src/dataset/import/importers.ts",
    after: "export const IMPORTERS: readonly Importer[] = [",
    line: "throwaway, ",
    imports: 'import { throwaway } from "./throwaway.ts";\n',
  },
  "a command": {
    file: [
      "src/cli/commands/throwaway.ts",
      'export const throwawayCommand = (world) => ({ builder: (y) => y, handler: () => world.stdout.write("thrown\\n") });\n',
    ],
    table: "src/cli/bench.ts",
    after: "const COMMANDS: readonly Entry[] = [\n",
    line: '  { command: "throwaway", describe: "Throws", load: async (world) => (await import("./commands/throwaway.ts")).throwawayCommand(world) },\n',
  },
  "a statistic of SLOs": {
    table: "src/metrics/stats/percentiles.ts",
    after: "export const PERCENTILES: Readonly<Record<string, number>> = {\n",
    line: "  p85: 0.85,\n",
  },
};

const PROBE = `
import { loadShape } from "./src/scenario/load/load-shape.ts";
import { loadInWords } from "./src/scenario/load/load.ts";
import { parseScenario } from "./src/scenario/scenario.ts";
import { openTransport, transportsFor } from "./src/client/transports.ts";
import { METRICS } from "./src/metrics/catalogue/catalogue.ts";
import { LATENCY_ROWS } from "./src/report/words/wording.ts";
import { REPORT_FORMATS, REPORTERS } from "./src/report/reporters.ts";
import { parseSlo, shareAllowed } from "./src/metrics/judge/slo.ts";
const { load } = parseScenario(
  "name: x\\nload: { model: throwaway, rate: 3 }\\nduration: { warmup: 1s, steady: 9s }\\nslo: [throwaway p85 < 1s]\\n", "x.yaml");
console.log(JSON.stringify({
  load, words: loadInWords(load), levels: loadShape(load, 1000).segments.map(({ to }) => to),
  transport: (await openTransport("throwaway", {})).name, ofGateway: transportsFor("gateway"),
  metric: METRICS.some(({ name }) => name === "throwaway"), row: LATENCY_ROWS.at(-1),
  format: REPORT_FORMATS.includes("throwaway"), text: REPORTERS.throwaway([1, 2], {}),
  share: shareAllowed(parseSlo("throwaway p85 < 1s")),
}));
`;

it("each is one file and one line", { timeout: 60_000 }, () => {
  cpSync(join(PACKAGE_ROOT, "src"), join(copy, "src"), { recursive: true });
  for (const name of ["node_modules", "package.json", "protos", "scenarios", "targets", "datasets"])
    symlinkSync(join(PACKAGE_ROOT, name), join(copy, name));
  for (const [what, { file, table, after, line, imports = "" }] of Object.entries(ADDITIONS)) {
    if (file !== undefined) writeFileSync(join(copy, file[0]), file[1]);
    const text = readFileSync(join(copy, table), "utf8");
    expect(text.split(after), what).toHaveLength(2);
    writeFileSync(join(copy, table), imports + text.replace(after, after + line));
  }
  writeFileSync(join(copy, "probe.mjs"), PROBE);
  const run = (...args: string[]): string =>
    execFileSync(process.execPath, ["--import", "tsx", ...args], { cwd: copy, encoding: "utf8" });
  expect(JSON.parse(run("probe.mjs"))).toEqual({
    load: { model: "throwaway", rate: 3, maxOpen: "auto" },
    words: "twice 3",
    levels: [6],
    transport: "throwaway",
    ofGateway: ["throwaway", "gateway"],
    metric: true,
    row: ["throwaway", "thrown away"],
    format: true,
    text: "2 runs\n",
    share: expect.closeTo(0.15, 9) as number,
  });
  expect(run("src/cli/main.ts", "throwaway")).toBe("thrown\n");
  expect(run("src/cli/main.ts", "report", "--help")).toContain('"throwaway"');
  expect(run("src/cli/main.ts", "dataset", "--help")).toContain('"throwaway"');
});
