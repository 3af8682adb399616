import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { systemError } from "./system-error.ts";

function thrown(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}

const folder = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
const file = join(folder, "file");
writeFileSync(file, "");

test.each([
  ["a missing file", join(folder, "none"), "no such file or folder (ENOENT)"],
  ["a folder for a file", folder, "it is a folder, not a file (EISDIR)"],
  ["a file for a folder", join(file, "x"), "a part of the path is a file, not a folder (ENOTDIR)"],
  ["a name that is too long", join(folder, "n".repeat(5000)), "the name is too long (ENAMETOOLONG)"],
])("%s is bad input", (_, path, what) => {
  const found = systemError(
    thrown(() => readFileSync(path)),
    "--scenario",
  );
  expect(found).toMatchObject({ exitCode: 2, message: `--scenario: ${what}` });
});

test.runIf(process.platform === "linux")("a full disk is this machine's fault", () => {
  const found = systemError(thrown(() => writeFileSync("/dev/full", "x")));
  expect(found).toMatchObject({ exitCode: 1, hint: "Free some space, or write somewhere else (--out)." });
  expect(found?.message).toContain("the disk is full (ENOSPC)");
});

test("other errors are left to others", () => {
  expect(systemError(new TypeError("x"))).toBeUndefined();
  expect(systemError("ENOSPC")).toBeUndefined();
  expect(systemError(Object.assign(new Error("x"), { code: "ENOSPC" }))).toBeUndefined();
});
