// Keeps a pod until the folder of its run has been fetched. It is the sidecar of a run's pod: told to end (SIGTERM) when the run has ended.
//   node hold-results.mjs hold SECONDS    waits for SIGTERM, then so long for `release`; without a folder half a minute at most.
//                                         It does not end while a `send` runs, nor within 5 s after one (it may be begun again)
//   node hold-results.mjs send            RUN_FOLDER as .tar.gz on standard output
//   node hold-results.mjs release         ends the `hold` of the same container
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { create } from "tar";

/** Whether a `send` of this container runs. */
function isSending() {
  return readdirSync("/proc").some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [, program, its] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
      return its === "send" && program === process.argv[1];
    } catch {
      // It has ended.
      return false;
    }
  });
}

const [action, seconds] = process.argv.slice(2);
const folder = process.env.RUN_FOLDER ?? "";

if (action === "hold") {
  const forever = setInterval(() => undefined, 2 ** 30);
  process.on("SIGUSR2", () => process.exit(0));
  process.once("SIGTERM", () => {
    clearInterval(forever);
    // A run that never began has left nothing; whoever follows it must be able to learn that.
    const held = existsSync(folder) ? Number(seconds) : Math.min(Number(seconds), 30);
    let endMs = performance.now() + held * 1000;
    setInterval(() => {
      const nowMs = performance.now();
      if (isSending()) endMs = Math.max(endMs, nowMs + 5000);
      if (nowMs >= endMs) process.exit(0);
    }, 200);
  });
} else if (action === "send") {
  if (!existsSync(folder)) {
    console.error(`hold-results: there is no ${folder}: the run never began`);
    process.exit(3);
  }
  await pipeline(
    create({ gzip: true, portable: true, cwd: dirname(folder) }, [basename(folder)]),
    process.stdout,
  );
} else if (action === "release") {
  process.kill(1, "SIGUSR2");
} else {
  console.error("hold-results: hold SECONDS, send or release");
  process.exit(2);
}
