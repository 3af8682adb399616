/**
 * The commands of the pages that a newcomer follows, run as they stand by the built command line in an empty folder. A line is
 * left out when it says that it needs a GPU or a cluster.
 */
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { tempFolder } from "../support/bench-process.ts";
import { blocksOf } from "../support/docs.ts";

/** Commands that run longer than a test may, and others in their place. */
const SHORTER: Readonly<Record<string, string>> = {
  "npx bench compare emulator-legacy emulator-nim --streams 10":
    "npx bench compare emulator-legacy emulator-nim --streams 2 --pairs 1 --warmup 1s --duration 3s",
  'npx bench --scenario smoke --quiet || echo "exit code $?"':
    'npx bench --scenario smoke --quiet --warmup 1s --duration 2s || echo "exit code $?"',
};

/** Stands in for the port of the pages, which may be taken. */
const PORT = String(20_000 + (process.pid % 20_000));

/** Commands that other tests run: install, the tests of a transport, and half a minute of NVIDIA's procedure (test/proof). */
const DONE_ELSEWHERE = [
  "npm ci",
  "npx vitest run --project unit test/conformance",
  "npx bench --scenario nvidia-table --streams 4",
];

/** The lines of a page's scripts that are to be run, in order. */
function linesOf(page: string): string[] {
  return blocksOf(page, "sh")
    .flatMap((script) => script.replaceAll("\\\n", " ").split("\n"))
    .filter((line) => line.trim() !== "" && !/# needs a (?:GPU|cluster)/.test(line))
    .filter((line) => !DONE_ELSEWHERE.includes(line))
    .map((line) => (SHORTER[line] ?? line).replaceAll("50051", PORT))
    .flatMap((line) =>
      line.endsWith(" &")
        ? [line, `until (: >/dev/tcp/127.0.0.1/${PORT}) 2>/dev/null; do sleep 0.1; done`]
        : [line],
    );
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

test.concurrent("five minutes: a number, a page, an emulator for others", async () => {
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

test.concurrent(
  "NIM against legacy Riva: both profiles are compared, and the table has the figures of the page",
  async () => {
    const { code, output } = await shell(linesOf("docs/nim-or-riva.md"), tempFolder());
    expect([0, 4, 5, 6]).toContain(code);
    const [table = ""] = blocksOf("docs/nim-or-riva.md", "text");
    expect(table).toContain("final_from_speech_end p50");
    if (code !== 5)
      for (const [figure] of table.matchAll(/^[a-z_]+(?: p\d\d)?(?= {2,})/gm))
        expect(output).toContain(figure);
  },
);

test.concurrent("migrating: the scenario of the page and that of the command can be run", async () => {
  const cwd = tempFolder();
  const [scenario = ""] = blocksOf("docs/migrating.md", "yaml");
  writeFileSync(join(cwd, "as-nvidia.yaml"), scenario);
  expect(linesOf("docs/migrating.md")).toEqual([]);
  const lines = [
    "npx bench plan --scenario as-nvidia.yaml",
    "npx bench plan --scenario nvidia-table --streams 4",
  ];
  const { code, output } = await shell(["set -e", ...lines], cwd);
  expect([code, output]).toEqual([0, output]);
});

test.concurrent("exit codes: the command prints one that the page has", async () => {
  const { code } = await shell(linesOf("docs/exit-codes.md"), tempFolder());
  expect(code).toBe(0);
});
