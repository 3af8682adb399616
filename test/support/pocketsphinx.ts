/** Debian's PocketSphinx for tests that need a recogniser that really listens. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";

/**
 * Whether PocketSphinx is here; installs it where that can be done. Says loudly when it can't be had: the tests that need it are
 * then left out.
 */
export function hasPocketSphinx(): boolean {
  const { status, stderr, error } = spawnSync(join(PACKAGE_ROOT, "scripts/get-pocketsphinx.sh"), {
    encoding: "utf8",
    timeout: 180_000,
  });
  if (status === 0) return true;
  process.stderr.write(`\n== PocketSphinx: NOT RUN, it can't be had here\n${error?.message ?? stderr}\n`);
  return false;
}
