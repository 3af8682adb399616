/** `scripts/ci-gate.sh` with settings that look like options: what the command line is given, and what stays on the disk. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const SCRIPT = fileURLToPath(new URL("../scripts/ci-gate.sh", import.meta.url));

/** Writes down its arguments, and a result as `bench run` does. */
const FAKE_BENCH = `
const { appendFileSync, mkdirSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
appendFileSync("calls", JSON.stringify(args) + "\\n");
const out = args.find((arg) => arg.startsWith("--out="))?.slice(6);
if (out !== undefined) {
  mkdirSync(out, { recursive: true });
  writeFileSync(out + "/result.json", "{}");
}
process.exitCode = args[0] === "gate" ? 4 : 0;
`;

function gate(env: Record<string, string>, prepare: (folder: string) => void = () => undefined) {
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
  writeFileSync(join(folder, "-bench.cjs"), FAKE_BENCH);
  mkdirSync(join(folder, "kept"));
  writeFileSync(join(folder, "kept/file"), "");
  prepare(folder);
  const { status, stderr } = spawnSync("bash", [SCRIPT], {
    cwd: folder,
    env: { PATH: process.env["PATH"], BENCH: "-bench.cjs", GITHUB_OUTPUT: join(folder, "outputs"), ...env },
    encoding: "utf8",
  });
  const calls = existsSync(join(folder, "calls"))
    ? readFileSync(join(folder, "calls"), "utf8")
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as string[])
    : [];
  const outputs = existsSync(join(folder, "outputs")) ? readFileSync(join(folder, "outputs"), "utf8") : "";
  return { status, stderr, calls, outputs, kept: existsSync(join(folder, "kept/file")) };
}

test.each([
  "-delete",
  "-exec",
  "--help",
  "(",
  "!",
  "-fprint",
  "kept -delete",
  "$(rm -r kept)",
  "; rm -r kept",
  "*",
])("BASELINE=%s is a path that is not there: the run is judged alone and nothing is lost", (baseline) => {
  const { status, calls, kept } = gate({ BASELINE: baseline });
  expect([status, kept]).toEqual([4, true]);
  expect(calls).toEqual([
    ["run", "--scenario=smoke", "--out=./bench-out/run", "--quiet"],
    ["gate", "./bench-out/run", "--junit=./bench-out/junit.xml", "--markdown=./bench-out/gate.md"],
  ]);
});

test.each(["-base line", "base line", "-delete"])("BASELINE=%s is used when it is there", (baseline) => {
  const { calls } = gate({ BASELINE: baseline }, (folder) => {
    mkdirSync(join(folder, baseline));
    writeFileSync(join(folder, baseline, "result.json"), "{}");
  });
  expect(calls[1]).toContain(`--baseline=./${baseline}`);
});

test("OUT, SLO and ARGUMENTS reach the command line whole; patterns stay as they are", () => {
  const { status, calls, outputs } = gate({
    ...{
      OUT: "-o ut",
      SLO: "\n-x < 1\nrtfx > 2  \n",
      ARGUMENTS: "--streams  3\n--seed *",
      TARGET: "grpc://h:1",
    },
  });
  expect(calls[0]).toEqual([
    ...["run", "--scenario=smoke", "--out=./-o ut/run", "--quiet", "--target=grpc://h:1"],
    ...["--streams", "3", "--seed", "*", "--slo=-x < 1", "--slo=rtfx > 2  "],
  ]);
  expect([status, outputs]).toEqual([4, "exit-code=4\n"]);
});

test.each([
  ["TARGET", "--config=x", "begins with a dash"],
  ["SCENARIO", "-x", "begins with a dash"],
  ["OUT", "a\nb", "control character"],
  ["BASELINE", "a\u001b[31m", "control character"],
])("%s that can't be right is refused before anything runs", (name, value, why) => {
  const { status, stderr, calls } = gate({ [name]: value });
  expect([status, calls]).toEqual([2, []]);
  expect(stderr).toContain(`${name} `);
  expect(stderr).toContain(why);
});

test("the result of an earlier job is not judged in place of this one", () => {
  const { status, stderr, calls } = gate({}, (folder) => {
    mkdirSync(join(folder, "bench-out/run"), { recursive: true });
    writeFileSync(join(folder, "bench-out/run/result.json"), "{}");
  });
  expect([status, calls]).toEqual([2, []]);
  expect(stderr).toContain("already holds a run");
});
