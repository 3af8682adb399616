/**
 * NVIDIA's own realtime client through the gateway: it must understand the dataset's words, with a key where one is needed.
 * Needs `scripts/setup-interop.sh`.
 */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { parseApiKeys } from "../../src/gateway/door/auth.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { TestGateway } from "../support/gateway.ts";
import { testGateway } from "../support/gateway.ts";

const PYTHON = join(PACKAGE_ROOT, "build/interop/venv/bin/python");
const JUDGE = join(PACKAGE_ROOT, "test/interop/realtime_judge.py");
const KEY = "0123456789abcdef";
const clips = (await loadDataset("default")).clips.slice(0, 3);
const run = promisify(execFile);

let emulator: RunningEmulator;
let gateway: TestGateway;
beforeAll(async () => {
  emulator = await startEmulatorProcess(["--profile", "nim"]);
});
afterEach(() => gateway.gateway.drain());
afterAll(() => emulator.stop());

async function judge(...args: string[]): Promise<{ heard?: string; error?: string }[]> {
  const files = clips.map(({ id }) => join(PACKAGE_ROOT, `datasets/core/wav/${id}.wav`));
  const { stdout } = await run(PYTHON, [
    JUDGE,
    "--server",
    `127.0.0.1:${gateway.gateway.port}`,
    ...args,
    ...files,
  ]);
  // The client prints a table of words as well.
  return stdout.split("\n").flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as object] : []));
}

const WORDS = clips.map(({ words }) => ({ heard: words.map(({ word }) => word).join(" ") }));

it("transcribes files from their first byte", async () => {
  gateway = await testGateway([`127.0.0.1:${emulator.port}`]);
  expect(await judge()).toEqual(WORDS);
});

it("signs in with a key, and is told when it must", async () => {
  gateway = await testGateway([`127.0.0.1:${emulator.port}`], { keys: parseApiKeys(`web ${KEY}`, "keys") });
  expect(await judge("--key", KEY)).toEqual(WORDS);
  const [refused] = await judge();
  expect(refused?.error).toContain("requires an API key");
});
