import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  copyPrivate,
  makeRunFolder,
  openPrivate,
  replaceDurably,
  replaceShared,
  writeNamed,
  writePrivate,
} from "./private-files.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "riva-bench-private-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function modeOf(...path: string[]): string {
  return (statSync(join(folder, ...path)).mode & 0o777).toString(8);
}

/** Text with a mode that the umask of this process has no say in. */
function fileOf(mode: number, ...path: string[]): string {
  const file = join(folder, ...path);
  writeFileSync(file, "before\n");
  chmodSync(file, mode);
  return file;
}

// The umask is the process's, and tests share theirs.
describe.each(["000", "022", "077"])("under umask %s", (umask) => {
  it("files are 0600 and folders 0700", () => {
    const module = fileURLToPath(new URL("./private-files.ts", import.meta.url));
    const code = `import(${JSON.stringify(module)}).then(async (files) => {
      process.chdir(${JSON.stringify(folder)});
      process.umask(0o${umask});
      files.makeRunFolder("a/b");
      files.makePrivateFolders("p/q");
      files.writePrivate("a/b/w", "1"); files.appendPrivate("a/b/a", "1"); files.appendPrivate("a/b/a", "2");
      await (await files.openPrivate("a/b/o")).close();
      files.writePrivate("a/b/result.json", "{}"); files.writeNamed("a/b/named", "1");
      files.makeSharedFolders("s"); files.writeNamed("s/named", "1"); files.appendShared("s/summary", "1");
    });`;
    const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", code], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([0, ""]);
    expect([modeOf("a"), modeOf("a", "b"), modeOf("p"), modeOf("p", "q")]).toEqual(Array(4).fill("700"));
    const inRun = readdirSync(join(folder, "a", "b"));
    expect(inRun.sort()).toEqual(["a", "named", "o", "result.json", "w"]);
    for (const name of inRun) expect([name, modeOf("a", "b", name)]).toEqual([name, "600"]);
    expect(readFileSync(join(folder, "a", "b", "a"), "utf8")).toBe("12");
    const shared = (mode: number): string => (mode & ~parseInt(umask, 8)).toString(8);
    expect([modeOf("s"), modeOf("s", "named"), modeOf("s", "summary")]).toEqual([
      shared(0o777),
      ...[shared(0o666), shared(0o666)],
    ]);
  }, 20_000);
});

it("a file that is there becomes private when it is written", async () => {
  writePrivate(fileOf(0o644, "w"), "after");
  expect([modeOf("w"), readFileSync(join(folder, "w"), "utf8")]).toEqual(["600", "after"]);
  await (await openPrivate(fileOf(0o666, "o"))).close();
  expect([modeOf("o"), readFileSync(join(folder, "o"), "utf8")]).toEqual(["600", "before\n"]);
});

it("a file that is replaced durably is private, and nothing is left beside it", () => {
  replaceDurably(fileOf(0o644, "state"), "after");
  expect([readdirSync(folder), modeOf("state"), readFileSync(join(folder, "state"), "utf8")]).toEqual([
    ["state"],
    "600",
    "after",
  ]);
});

it("a file of others is replaced behind its link and keeps its mode", () => {
  const file = fileOf(0o640, "gateway.yaml");
  symlinkSync(file, join(folder, "link"));
  replaceShared(join(folder, "link"), "after");
  expect([readdirSync(folder), modeOf("gateway.yaml"), readFileSync(file, "utf8")]).toEqual([
    ["gateway.yaml", "link"],
    "640",
    "after",
  ]);
});

it("an empty folder becomes private, one with other things stays its user's", () => {
  for (const name of ["empty", "used"]) {
    mkdirSync(join(folder, name));
    chmodSync(join(folder, name), 0o755);
  }
  fileOf(0o644, "used", "mine");
  makeRunFolder(join(folder, "empty"));
  makeRunFolder(join(folder, "used"));
  expect([modeOf("empty"), modeOf("used"), modeOf("used", "mine")]).toEqual(["700", "755", "644"]);
});

it("a copy is private, the original is left alone, links point to nobody's files", () => {
  mkdirSync(join(folder, "run", "more"), { recursive: true });
  chmodSync(join(folder, "run"), 0o755);
  chmodSync(join(folder, "run", "more"), 0o755);
  fileOf(0o644, "run", "more", "sessions.ndjson");
  symlinkSync(fileOf(0o644, "elsewhere"), join(folder, "run", "link"));
  copyPrivate(join(folder, "run"), join(folder, "copy"));
  expect([modeOf("copy"), modeOf("copy", "more"), modeOf("copy", "more", "sessions.ndjson")]).toEqual([
    ...["700", "700"],
    "600",
  ]);
  expect([modeOf("run"), modeOf("run", "more", "sessions.ndjson"), modeOf("elsewhere")]).toEqual([
    "755",
    "644",
    "644",
  ]);
});

it("a report goes where its user says, also to a device", () => {
  writeNamed("/dev/null", "nothing");
  writePrivate("/dev/null", "nothing");
  expect((statSync("/dev/null").mode & 0o777).toString(8)).toBe("666");
});
