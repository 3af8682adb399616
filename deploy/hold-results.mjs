// Keeps a pod until the folder of its run has been fetched. It is the sidecar of a run's pod: told to end (SIGTERM) when the run has ended.
//   node hold-results.mjs hold SECONDS    waits for SIGTERM, then so long for `release`; without a folder half a minute at most
//   node hold-results.mjs send            RUN_FOLDER as .tar.gz on standard output
//   node hold-results.mjs release         ends the `hold` of the same container
import { existsSync } from "node:fs";
import { basename, dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { create } from "tar";

const [action, seconds] = process.argv.slice(2);
const folder = process.env.RUN_FOLDER ?? "";

if (action === "hold") {
  const forever = setInterval(() => undefined, 2 ** 30);
  process.on("SIGUSR2", () => process.exit(0));
  process.once("SIGTERM", () => {
    clearInterval(forever);
    // A run that never began has left nothing; whoever follows it must be able to learn that.
    const held = existsSync(folder) ? Number(seconds) : Math.min(Number(seconds), 30);
    setTimeout(() => process.exit(0), held * 1000);
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
