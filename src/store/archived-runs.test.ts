import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { storeRun } from "../../test/support/stored-runs.ts";
import type { ArchiveLimits } from "./archived-runs.ts";
import { findArchivedRuns } from "./archived-runs.ts";

const SMALL: ArchiveLimits = { entries: 40, bytes: 8 * 2 ** 20, ratio: 100, ratioFromBytes: 2 ** 20 };
let cwd: string;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "archive-"));
  for (const id of ["a", "b"]) storeRun(join(cwd, "main"), { id, sessions: 20, finalMs: () => 400 });
});
afterAll(() => rmSync(cwd, { recursive: true }));

function archive(name: string, ...args: string[]): string {
  execFileSync("tar", ["-C", cwd, "-czf", join(cwd, name), ...args], {
    stdio: ["ignore", "ignore", "ignore"],
  });
  return name;
}

async function refusal(name: string): Promise<string> {
  const before = leftovers();
  const error: unknown = await findArchivedRuns([name], cwd, SMALL).catch((thrown: unknown) => thrown);
  expect(leftovers()).toEqual(before);
  expect(error).toMatchObject({ name: "BenchError", exitCode: 2 });
  return (error as Error).message;
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("riva-bench-archive-"));
}

test.each([
  ["packed", ["-z"], "main.tar.gz"],
  ["plain", [], "main.tar"],
])("runs are read from a %s archive, which leaves nothing behind", async (_, flags, name) => {
  execFileSync("tar", ["-C", cwd, ...flags, "-cf", join(cwd, name), "main"]);
  const runs = await findArchivedRuns([name, "main/a"], cwd, SMALL);
  expect(runs.map(({ result }) => result.run.id).sort()).toEqual(["a", "a", "b"]);
});

test("a decompression bomb is given up early", async () => {
  mkdirSync(join(cwd, "bomb"));
  writeFileSync(join(cwd, "bomb/result.json"), Buffer.alloc(32 * 2 ** 20));
  expect(await refusal(archive("bomb.tgz", "bomb"))).toContain("more than 100 times its size");
});

test("too much of anything is refused", async () => {
  mkdirSync(join(cwd, "large"));
  const noise = Buffer.from(Array.from({ length: 9 * 2 ** 20 }, (_, i) => (i * 2654435761) >>> 24));
  writeFileSync(join(cwd, "large/result.json"), noise);
  execFileSync("tar", ["-C", cwd, "-cf", join(cwd, "large.tar"), "large"]);
  expect(await refusal("large.tar")).toContain("more than 8388608 bytes");
  for (let index = 0; index < 41; index++) mkdirSync(join(cwd, "many", `${index}`), { recursive: true });
  expect(await refusal(archive("many.tgz", "many"))).toContain("more than 40 files");
});

test("a file that is there twice is refused, as the second would take the place of the first", async () => {
  expect(
    await refusal(
      archive("twice.tgz", "main/a/result.json", "--hard-dereference", "main/b", "main/a/result.json"),
    ),
  ).toContain("main/a/result.json twice");
});

test.each([
  ["a path out of the folder", ["-P", "--transform=s,main/a,../escaped,", "main/a/result.json"]],
  ["an absolute path", ["-P", "--transform=s,main/a,/tmp/riva-bench-escaped,", "main/a/result.json"]],
])("%s is refused", async (_, args) => {
  expect(await refusal(archive("escape.tgz", ...args))).toContain("can't be unpacked");
  expect(existsSync(join(tmpdir(), "escaped"))).toBe(false);
  expect(existsSync(join(tmpdir(), "riva-bench-escaped"))).toBe(false);
});

test("links and devices are left out", async () => {
  const folder = join(cwd, "odd/run");
  mkdirSync(folder, { recursive: true });
  symlinkSync(join(cwd, "main/a/result.json"), join(folder, "result.json"));
  execFileSync("sh", ["-c", 'mkfifo "$0"', join(folder, "run.json")]);
  expect(await refusal(archive("odd.tgz", "odd"))).toContain("holds no run");
});

test.each([
  ["nothing", ""],
  ["no archive", "not an archive"],
  ["a cut one", undefined],
])("%s is refused", async (_, content) => {
  if (content === undefined) {
    const whole = execFileSync("tar", ["-C", cwd, "-czf", "-", "main"]);
    writeFileSync(join(cwd, "bad.tgz"), whole.subarray(0, whole.length / 2));
  } else writeFileSync(join(cwd, "bad.tgz"), content);
  expect(await refusal("bad.tgz")).toMatch(/bad\.tgz/);
});

test("several at once do not meet", async () => {
  const name = archive("main.tgz", "main");
  const all = await Promise.all(Array.from({ length: 8 }, () => findArchivedRuns([name], cwd, SMALL)));
  expect(all.map((runs) => runs.length)).toEqual(Array.from({ length: 8 }, () => 2));
  expect(leftovers()).toEqual([]);
});
