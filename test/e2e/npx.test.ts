/** Started by `npx`, as the README says: a signal to npx reaches what it runs, though npm's shell does not hand it on. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, it } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/package-root.ts";

it("kill of `npx bench emulator &` ends the emulator", async () => {
  const npx = spawn("npx", ["--no", "bench", "emulator", "--port", "0"], {
    cwd: PACKAGE_ROOT,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  try {
    let said = "";
    for (const stream of [npx.stdout, npx.stderr]) stream.on("data", (text) => (said += String(text)));
    while (!/127\.0\.0\.1:\d+/.test(said))
      await Promise.race([once(npx.stdout, "data"), once(npx.stderr, "data")]);
    npx.kill("SIGTERM");
    // Its output is closed when the last process that could write to it has ended.
    await once(npx, "close");
    expect(said).toMatch(/0 streams \(at most 0 at once\)/);
  } finally {
    try {
      if (npx.pid !== undefined) process.kill(-npx.pid, "SIGKILL");
    } catch {
      // Nothing is left of it, as it should be.
    }
  }
}, 30_000);
