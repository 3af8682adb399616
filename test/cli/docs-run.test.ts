/**
 * The commands of the pages that a newcomer follows, run as they stand by the built command line in an empty folder. A line is
 * left out when it says that it needs a GPU or a cluster.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { bench, tempFolder } from "../support/bench-process.ts";
import { blocksOf } from "../support/docs.ts";

/** What runs longer than a test may: its options here, put behind the command. */
const SHORTER: Readonly<Record<string, string>> = {
  "npx bench compare emulator-legacy emulator-nim --streams 10":
    "--streams 2 --pairs 1 --warmup 1s --duration 3s",
};

/** What a checkout's own CI does before any test: install, and the tests of a transport. */
const DONE_BY_CI = ["npm ci", "npx vitest run --project unit test/conformance"];

/** The lines of a page's scripts that are to be run, in order. */
function linesOf(page: string): string[] {
  return blocksOf(page, "sh")
    .flatMap((script) => script.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.trim() !== "" && !/# needs a (?:GPU|cluster)/.test(line))
    .filter((line) => !DONE_BY_CI.includes(line))
    .map((line) => {
      const options = SHORTER[line];
      return options === undefined ? line : `${line.replace(" --streams 10", "")} ${options}`;
    });
}

/** Runs lines in one shell, in which `npx bench` is the built command line. */
function shell(lines: readonly string[], cwd: string): Promise<{ code: number | null; output: string }> {
  const bin = join(cwd, "bin");
  mkdirSync(bin);
  const main = join(PACKAGE_ROOT, "dist/cli/main.js");
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec '${process.execPath}' '${main}' "$@"\n`, {
    mode: 0o755,
  });
  const child = spawn("bash", ["-c", ["set -m", ...lines].join("\n")], {
    cwd,
    env: { PATH: `${bin}:${process.env["PATH"] ?? ""}`, HOME: cwd },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => (output += data.toString()));
  child.stderr.on("data", (data: Buffer) => (output += data.toString()));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output })));
}

/** Exit codes that a busy machine may give to a run that measures, too. */
const MEASURED = [0, 3, 5, 6];

test("five minutes: a number, a page, an emulator for others", async () => {
  const lines = linesOf("docs/five-minutes.md");
  expect(lines[0]).toBe("npx bench --scenario smoke");
  const cwd = tempFolder();
  const { code, output } = await shell(
    lines.map((line) => line.replace("kill %1", "code=$?; kill %1; exit $code")),
    cwd,
  );
  for (const label of blocksOf("docs/five-minutes.md", "text")
    .join("")
    .matchAll(/^(\S+) p\d\d < \d+ms/gm))
    expect(output).toContain(label[0]);
  expect(output).toContain("emulated: these figures show that the harness works");
  expect(output).toContain("The target can be used");
  expect([code, output]).toEqual([0, output]);
});

test("NIM against legacy Riva: both profiles are compared, and the table has the figures of the page", async () => {
  const { code, output } = await shell(linesOf("docs/nim-or-riva.md"), tempFolder());
  expect([0, 4, 5, 6]).toContain(code);
  const [table = ""] = blocksOf("docs/nim-or-riva.md", "text");
  expect(table).toContain("final_from_speech_end p50");
  if (code !== 5)
    for (const [figure] of table.matchAll(/^[a-z_]+(?: p\d\d)?(?= {2,})/gm)) expect(output).toContain(figure);
});

test("migrating: the scenario of the command and that of the page run", async () => {
  const cwd = tempFolder();
  const [scenario = ""] = blocksOf("docs/migrating.md", "yaml");
  writeFileSync(join(cwd, "as-nvidia.yaml"), scenario);
  const lines = linesOf("docs/migrating.md");
  expect(lines).toEqual(["npx bench --scenario nvidia-table --streams 4"]);
  const { code, output } = await shell(lines, cwd);
  expect(MEASURED).toContain(code);
  expect(output).toContain("nvidia-table against emulator-nim");
  const plan = await bench(["plan", "--scenario", "as-nvidia.yaml"], { cwd });
  expect([plan.code, plan.stderr]).toEqual([0, ""]);
});

test("exit codes: the command prints one that the page has", async () => {
  const { code } = await shell(linesOf("docs/exit-codes.md"), tempFolder());
  expect(code).toBe(0);
});
