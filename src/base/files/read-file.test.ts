import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readNamedBytes } from "./read-file.ts";

const folder = mkdtempSync(join(tmpdir(), "riva-bench-test-"));

test("a file and a pipe are read to their end", async () => {
  writeFileSync(join(folder, "file"), "abc");
  expect((await readNamedBytes(join(folder, "file"))).toString()).toBe("abc");
  const pipe = join(folder, "pipe");
  execFileSync("sh", ["-c", 'mkfifo "$0"', pipe]);
  spawn("sh", ["-c", 'printf def > "$0"', pipe]);
  expect((await readNamedBytes(pipe)).toString()).toBe("def");
  expect((await readNamedBytes("/dev/null")).length).toBe(0);
});

test.each(["/dev/zero", "/dev/urandom", "/dev/full"])("%s, which never ends, is refused", async (path) => {
  await expect(readNamedBytes(path)).rejects.toMatchObject({ exitCode: 2, message: "a device, not a file" });
});

test("a file that is too long is refused before it is read", async () => {
  writeFileSync(join(folder, "long"), "");
  truncateSync(join(folder, "long"), 2 ** 31);
  await expect(readNamedBytes(join(folder, "long"))).rejects.toMatchObject({ exitCode: 2 });
});
