/** Whoever reads or watches a run goes away: what was measured is written, and the exit code says that it was cut short. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, openSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { isAlive, readRun, sleep, startBench, tempFolder } from "../support/bench-process.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
/** Longer than any test here waits: only the interruption ends it. */
const LONG = ["run", "--scenario", "smoke", "--streams", "2", "--warmup", "1s", "--duration", "5m"];

async function begun(out: string): Promise<void> {
  while (!existsSync(join(out, "run.json"))) await sleep(100);
}

test("a closed pipe ends a run with a partial result and exit code 130", async () => {
  const out = join(tempFolder(), "run");
  const { child, finished } = startBench([...LONG, "--json-lines", "--out", out]);
  await begun(out);
  child.stdout?.destroy();
  expect((await finished).code).toBe(130);
  expect(readRun(out).result.run.interrupted).toBe(true);
});

test("a closed standard error loses nothing: the run goes on until it is interrupted", async () => {
  const out = join(tempFolder(), "run");
  const { child, finished } = startBench([...LONG, "--out", out]);
  child.stderr?.destroy();
  await begun(out);
  await sleep(2000);
  expect(isAlive(child.pid ?? 0)).toBe(true);
  child.kill("SIGTERM");
  const { code, stdout } = await finished;
  expect(code).toBe(130);
  expect(stdout).toContain(`run folder: ${out}`);
});

test("hangups of the whole process group, as from a terminal that closes, count once", async () => {
  const out = join(tempFolder(), "run");
  const { child, finished } = startBench([...LONG, "--quiet", "--out", out]);
  await begun(out);
  for (let times = 0; times < 3; times++) {
    if (child.pid !== undefined && isAlive(child.pid)) process.kill(-child.pid, "SIGHUP");
    // All three while the result is written, none while Node takes its handlers down at its exit.
    await sleep(20);
  }
  expect((await finished).code).toBe(130);
  expect(readRun(out).result.run.interrupted).toBe(true);
});

const PTY = `
import os, pty, sys, time
pid, terminal = pty.fork()
if pid == 0: os.execvp(sys.argv[2], sys.argv[2:])
while not os.path.exists(sys.argv[1]):
    os.read(terminal, 65536)
os.close(terminal)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) % 256)
`;
const HAS_PYTHON = spawnSync("python3", ["-c", "import pty"]).status === 0;

test.runIf(HAS_PYTHON)("a terminal that closes under the live view does the same", () => {
  const cwd = tempFolder();
  const out = join(cwd, "run");
  const args = ["-c", PTY, join(out, "run.json"), process.execPath, MAIN, ...LONG, "--out", out];
  const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], TERM: "xterm" };
  expect(spawnSync("python3", args, { cwd, env }).status).toBe(130);
  expect(readRun(out).result.run.interrupted).toBe(true);
});

test.runIf(existsSync("/dev/full"))("output that a full disk swallows is never a success", async () => {
  const child = spawn(process.execPath, [MAIN, "scenarios"], {
    cwd: tempFolder(),
    stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
  });
  let stderr = "";
  child.stderr?.on("data", (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  expect([code, stderr]).toEqual([1, "bench: standard output: the disk is full (ENOSPC)\n"]);
});

test.each([["scenarios"], ["--help"], ["plan", "--slo", "rtfx > 1"], ["report", "--help"], ["dashboards"]])(
  "%s into a pipe that is closed at once says nothing",
  async (...args) => {
    const { child, finished } = startBench(args);
    child.stdout?.destroy();
    const { code, stderr } = await finished;
    expect(stderr).not.toMatch(/EPIPE|bug/);
    expect([0, 2]).toContain(code);
  },
);
