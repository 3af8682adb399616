import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realClock } from "../../base/clock.ts";
import { isAlive } from "../../base/process/machine.ts";
import { callHook, mustExist, mustSucceed } from "./hook.ts";
import type { HookCall } from "./hook.ts";

const never = new AbortController().signal;
const world = { env: { PATH: process.env["PATH"] }, clock: realClock };

function callOf(script: string, limitMs = 20_000): HookCall {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
  const env = { RELEASE_SLOT: "blue" };
  return { name: "start", argv: ["sh", "-c", script], env, cwd, limitMs, log: join(cwd, "hooks.log") };
}

test("its exit code, its environment, its folder and its output", async () => {
  const call = callOf('echo "$RELEASE_SLOT in $PWD"; exit 3');
  expect(await callHook(call, world, never)).toBe(3);
  expect(readFileSync(call.log, "utf8")).toMatch(/ start: \["sh","-c",.*\]\nblue in .*riva-bench-test-/);
});

test("a failure tells its exit code and the end of its own output", async () => {
  const call = callOf("echo one; echo two >&2; false");
  writeFileSync(call.log, "of another call\n");
  await expect(mustSucceed(call, world, never)).rejects.toMatchObject({
    message: "hook start: exit code 1: one / two",
    exitCode: 7,
  });
});

test("what it leaves in the background is not waited for", async () => {
  const call = callOf("sleep 30 & echo $! > pid");
  expect(await callHook(call, world, never)).toBe(0);
  const pid = Number(readFileSync(join(call.cwd, "pid"), "utf8"));
  expect(isAlive(pid)).toBe(true);
  process.kill(pid, "SIGKILL");
});

/** A hook with a child of its own, which tells when it is there and when it is ended. */
const WITH_CHILD = `sh -c 'trap "echo > ended; exit" TERM; echo > there; sleep 60 & wait' & wait`;
const tells = ({ cwd }: HookCall, what: string): Promise<void> =>
  expect.poll(() => existsSync(join(cwd, what)), { timeout: 10_000 }).toBe(true);

test("at its limit it is ended with all that it started", async () => {
  const call = callOf(WITH_CHILD, 2000);
  await expect(callHook(call, world, never)).rejects.toMatchObject({
    message: "hook start: not done within its limit of 2s",
    exitCode: 7,
  });
  await tells(call, "ended");
});

test("so it is by a signal, with exit code 130", async () => {
  const call = callOf(WITH_CHILD);
  const ending = new AbortController();
  const ended = expect(callHook(call, world, ending.signal)).rejects.toMatchObject({ exitCode: 130 });
  await tells(call, "there");
  ending.abort();
  await ended;
  await tells(call, "ended");
});

test("a program that is not there is told before anything is done", async () => {
  const { cwd } = callOf("");
  expect(() => mustExist("start", ["no-such-program"], cwd, world.env)).toThrow(
    "start: no-such-program: no such program",
  );
  expect(() => mustExist("start", ["./none"], cwd, world.env)).toThrow("./none: no such program");
  expect(() => mustExist("start", ["sh"], cwd, world.env)).not.toThrow();
  await expect(callHook({ ...callOf(""), argv: ["/none"] }, world, never)).rejects.toMatchObject({
    exitCode: 7,
  });
});

test("at its limit all that it started is ended, what does not listen too", async () => {
  const call = callOf(`(trap "" TERM; sleep 30 & echo $! > pid; wait; sleep 30) & sleep 30`, 500);
  await expect(callHook(call, world, never)).rejects.toMatchObject({ exitCode: 7 });
  const pid = Number(readFileSync(join(call.cwd, "pid"), "utf8"));
  await expect.poll(() => isAlive(pid), { timeout: 5000 }).toBe(false);
}, 20_000);
