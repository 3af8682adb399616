/** Started by `npx`, as the README says: a signal reaches what it runs, and once, though npm's shell does not hand it on. */
import type { ChildProcessByStdio } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { afterEach, expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { sleep } from "../support/bench-process.ts";
import { Caller } from "../support/gateway.ts";

interface Started {
  npx: ChildProcessByStdio<null, Readable, Readable>;
  port: string;
  said(): string;
}

let started: Started | undefined;
afterEach(() => {
  try {
    process.kill(-(started?.npx.pid ?? NaN), "SIGKILL");
  } catch {
    // Nothing is left of it, as it should be.
  }
});

/** In a process group of its own; resolves when it listens. */
async function npxBench(...args: string[]): Promise<Started> {
  const npx = spawn("npx", ["--no", "bench", ...args, "--port", "0"], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let said = "";
  for (const stream of [npx.stdout, npx.stderr]) stream.on("data", (text) => (said += String(text)));
  const listening = /listening on \S*127\.0\.0\.1:(\d+)/;
  while (!listening.test(said)) await Promise.race([once(npx.stdout, "data"), once(npx.stderr, "data")]);
  return (started = { npx, port: listening.exec(said)?.[1] ?? "", said: () => said });
}

it("kill of `npx bench emulator &` ends the emulator", async () => {
  const { npx, said } = await npxBench("emulator");
  npx.kill("SIGTERM");
  // Its output is closed when the last process that could write to it has ended.
  await once(npx, "close");
  expect(said()).toMatch(/0 streams \(at most 0 at once\)/);
}, 30_000);

it.each([
  ["npx alone", 1],
  ["the whole group, as `timeout` does", -1],
])(
  "a gateway drains when the signal is for %s: open sessions are followed to their end",
  async (_, sign) => {
    const { npx, port, said } = await npxBench(
      "gateway",
      "--upstream",
      "grpc://127.0.0.1:1",
      "--fallback",
      "mock",
    );
    const caller = await new Caller(`ws://127.0.0.1:${port}/v1/stream`).opened();
    caller.json({ type: "start" });
    await caller.heard("ready");
    const over = once(npx, "close");
    process.kill((npx.pid ?? NaN) * sign, "SIGTERM");
    await expect.poll(said, { timeout: 5000 }).toMatch(/"draining"/);
    // A second signal would end all sessions at once; it would come within half a second.
    await sleep(1500);
    caller.socket.send(Buffer.alloc(32_000));
    caller.json({ type: "finish" });
    expect(await caller.closed).toMatchObject({ code: 1000 });
    await over;
    expect(said().match(/"draining"/g)).toHaveLength(1);
  },
  60_000,
);
