// Builds dist/ with tsc. With --if-stale it does nothing when dist/ was built from exactly these sources, which is
// what `prepare` needs: npm runs it on every install and again on the first `npx bench` of a clone, where a second
// compile would cost seconds and a deleted dist/ would pull the program from under a run.
// The commit goes into dist/commit.txt for `bench --version`: BENCH_COMMIT where it is set (a build without .git, such as
// that of the image), else what git says of this clone; without either there is no such file.
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stampPath = join(root, "dist", ".sources.sha256");

function sourceHash() {
  const hash = createHash("sha256");
  const files = ["package.json", "tsconfig.json", "tsconfig.build.json"].map((name) => join(root, name));
  for (const entry of readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && !entry.name.endsWith(".test.ts")) files.push(join(entry.parentPath, entry.name));
  }
  for (const file of files.sort())
    hash.update(file.slice(root.length)).update("\0").update(readFileSync(file));
  return hash.digest("hex");
}

function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : "";
}

/** Twelve digits and maybe `-dirty`, or nothing. A repository that this package was unpacked into tells nothing of it. */
function commit() {
  if (process.env.BENCH_COMMIT) return process.env.BENCH_COMMIT;
  if (git("rev-parse", "--show-prefix", "--is-inside-work-tree") !== "true") return "";
  return git("describe", "--always", "--dirty", "--abbrev=12", "--exclude=*");
}

/** Removes what was built from sources that are not there any more: it would go into the package. */
function removeStrays() {
  const dist = join(root, "dist");
  for (const entry of readdirSync(dist, { recursive: true, withFileTypes: true })) {
    const built = join(entry.parentPath, entry.name);
    const [, name] = /^(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(built.slice(dist.length)) ?? [];
    if (entry.isFile() && name !== undefined && !existsSync(join(root, "src", `${name}.ts`))) rmSync(built);
  }
}

const haveSources = existsSync(join(root, "src"));
const stamp = existsSync(stampPath) ? readFileSync(stampPath, "utf8") : "";
const wanted = haveSources ? sourceHash() : stamp;
const current = stamp !== "" && stamp === wanted && existsSync(join(root, "dist", "cli", "main.js"));

if (!(process.argv.includes("--if-stale") && current)) {
  let tsc;
  try {
    tsc = createRequire(import.meta.url).resolve("typescript/lib/tsc.js");
  } catch {
    console.error(
      "riva-bench: dist/ must be built and TypeScript is not installed; run `npm ci` without --omit=dev.",
    );
    process.exit(1);
  }
  const built = spawnSync(process.execPath, [tsc, "-p", join(root, "tsconfig.build.json")], {
    stdio: "inherit",
  });
  if (built.status !== 0) process.exit(built.status ?? 1);
  removeStrays();
  mkdirSync(dirname(stampPath), { recursive: true });
  chmodSync(join(root, "dist", "cli", "main.js"), 0o755);
  writeFileSync(stampPath, wanted);
}

if (haveSources) {
  const commitPath = join(root, "dist", "commit.txt");
  const now = commit();
  if (now === "") rmSync(commitPath, { force: true });
  else writeFileSync(commitPath, `${now}\n`);
}
