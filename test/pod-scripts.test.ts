/** The two programs that the Helm chart runs beside `bench`. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../src/base/process/package-root.ts";
import { unpackRun } from "../src/cluster/unpack-run.ts";

interface Script {
  child: ChildProcess;
  /** Exit code, or the signal that ended it. */
  ended: Promise<number | string | null>;
  stderr: () => string;
}

function script(name: string, args: readonly string[], folder = ""): Script {
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, "deploy", name), ...args], {
    env: { ...process.env, RUN_FOLDER: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stderr = "";
  child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
  return {
    child,
    ended: new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal))),
    stderr: () => stderr,
  };
}

function runFolder(): string {
  const folder = join(mkdtempSync(join(tmpdir(), "riva-bench-held-")), "night");
  mkdirSync(folder);
  writeFileSync(join(folder, "result.json"), "{}");
  return folder;
}

/** Time for a process to have set up its signal handlers. */
const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1500));

test.each([
  ["a run folder is held from the end of the run until it was fetched", runFolder()],
  ["without a folder a pod is held until whoever follows the run knows", "/nowhere/night"],
])("%s", { timeout: 20_000 }, async (_, folder) => {
  const held = script("hold-results.mjs", ["hold", "60"], folder);
  await soon();
  held.child.kill("SIGTERM");
  await soon();
  expect(held.child.exitCode).toBe(null);
  held.child.kill("SIGUSR2");
  expect(await held.ended).toBe(0);
});

test.each([
  ["a folder", runFolder()],
  ["none", "/nowhere/night"],
])(
  "with %s a pod is held no longer than it was told to",
  async (_, folder) => {
    const held = script("hold-results.mjs", ["hold", "0.2"], folder);
    await soon();
    expect(held.child.exitCode).toBe(null);
    held.child.kill("SIGTERM");
    expect(await held.ended).toBe(0);
  },
  20_000,
);

test.runIf(existsSync("/proc/self/cmdline"))(
  "a pod is held while its folder is being sent",
  async () => {
    const folder = runFolder();
    // More than a pipe takes that nobody reads.
    writeFileSync(join(folder, "sessions.ndjson"), randomBytes(4_000_000));
    const sent = script("hold-results.mjs", ["send"], folder);
    const held = script("hold-results.mjs", ["hold", "0.2"], folder);
    await soon();
    held.child.kill("SIGTERM");
    await soon();
    expect([sent.child.exitCode, held.child.exitCode]).toEqual([null, null]);
    sent.child.stdout!.resume();
    expect(await sent.ended).toBe(0);
    expect(await held.ended).toBe(0);
  },
  20_000,
);

test("what is sent is the folder, and arrives whole or not at all", async () => {
  const target = join(mkdtempSync(join(tmpdir(), "riva-bench-got-")), "results/night");
  const sent = script("hold-results.mjs", ["send"], runFolder());
  await unpackRun(sent.child.stdout!, target);
  expect([await sent.ended, readFileSync(join(target, "result.json"), "utf8")]).toEqual([0, "{}"]);
  const none = script("hold-results.mjs", ["send"], "/nowhere/night");
  await expect(unpackRun(none.child.stdout!, `${target}-2`)).rejects.toThrow("unexpected end of file");
  expect([await none.ended, existsSync(`${target}-2`)]).toEqual([3, false]);
  expect(none.stderr()).toContain("there is no /nowhere/night");
}, 20_000);

test("waits for one server of each address, and gives up in time", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const there = `nats://127.0.0.1:1,nats://127.0.0.1:${port}`;
  const found = script("wait-for.mjs", ["10", there, `grpc://127.0.0.1:${port}`]);
  expect(await found.ended).toBe(0);
  const missing = script("wait-for.mjs", ["0.3", "nats://user:s3cr3t@127.0.0.1:1"]);
  expect(await missing.ended).toBe(1);
  expect(missing.stderr()).toBe("wait-for: nats://127.0.0.1:1 took no connection within 0.3 s\n");
  const told = script("wait-for.mjs", ["60", "nats://127.0.0.1:1"]);
  await soon();
  told.child.kill("SIGTERM");
  expect(await told.ended).toBe(143);
  server.close();
}, 30_000);
