/** `bench --version` of a built package: which commit it is, and that it claims none it can't know. */
import { execFileSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { tempFolder } from "../support/bench-process.ts";

const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, "package.json"), "utf8")) as {
  version: string;
};

/** Builds in `folder` (nothing to compile: the sources are those of dist/) and asks what was built. */
function builtVersion(folder: string, env: Record<string, string> = {}): string {
  const options = { cwd: folder, encoding: "utf8", env: { PATH: process.env["PATH"], ...env } } as const;
  execFileSync(process.execPath, ["scripts/build.mjs", "--if-stale"], options);
  return execFileSync(process.execPath, ["dist/cli/main.js", "--version"], options);
}

function copyOfPackage(folder: string): string {
  for (const part of ["package.json", "tsconfig.json", "tsconfig.build.json", "scripts", "src", "dist"])
    cpSync(join(PACKAGE_ROOT, part), join(folder, part), { recursive: true });
  symlinkSync(join(PACKAGE_ROOT, "node_modules"), join(folder, "node_modules"));
  return folder;
}

function commitAll(folder: string): void {
  const git = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
  writeFileSync(join(folder, ".gitignore"), "node_modules\ndist\n");
  for (const args of [
    ["init", "--quiet"],
    ["add", "package.json", "src/index.ts"],
    ["commit", "--quiet", "-m", "x"],
  ])
    execFileSync("git", [...git, ...args], { cwd: folder });
}

test("a clone's commit is in the version, and so are changes that are in no commit", () => {
  const folder = copyOfPackage(tempFolder());
  commitAll(folder);
  const head = execFileSync("git", ["rev-parse", "--short=12", "HEAD"], {
    cwd: folder,
    encoding: "utf8",
  }).trim();
  expect(builtVersion(folder)).toBe(`${version} (commit ${head})\n`);
  execFileSync("git", ["rm", "--quiet", "--cached", "src/index.ts"], { cwd: folder });
  expect(builtVersion(folder)).toBe(`${version} (commit ${head}-dirty)\n`);
}, 30_000);

test("without git there is no commit, unless the build was told it; a repository around the folder is another's", () => {
  const around = tempFolder();
  const folder = copyOfPackage(join(around, "vendor"));
  expect(builtVersion(folder)).toBe(`${version} (no commit)\n`);
  expect(builtVersion(folder, { BENCH_COMMIT: "1a2b3c4d5e6f" })).toBe(`${version} (commit 1a2b3c4d5e6f)\n`);
  execFileSync("git", ["init", "--quiet"], { cwd: around });
  expect(builtVersion(folder)).toBe(`${version} (no commit)\n`);
}, 30_000);
