import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRunFolder, recordFiles } from "./run-folder.ts";

let cwd: string;
beforeEach(() => (cwd = mkdtempSync(join(tmpdir(), "folder-"))));
afterEach(() => rmSync(cwd, { recursive: true }));

function begin(): ReturnType<typeof createRunFolder> {
  const folder = createRunFolder("out", "id", cwd);
  folder.write("scenario.yaml", "name: a\n");
  folder.append("histograms.hlog", "#\n");
  for (const path of Object.values(recordFiles(folder.path))) writeFileSync(path, "");
  return folder;
}

it("takes back all that a run wrote which never began", () => {
  begin().discardUnlessBegun();
  expect(existsSync(join(cwd, "out"))).toBe(false);
});

it("leaves what others put into the folder while the run waited", () => {
  const folder = begin();
  mkdirSync(join(folder.path, "night"));
  writeFileSync(join(folder.path, "night/result.json"), "{}");
  writeFileSync(join(folder.path, "notes.txt"), "");
  folder.discardUnlessBegun();
  expect(readdirSync(folder.path).sort()).toEqual(["night", "notes.txt"]);
});

it("leaves what was there before, and a run that began", () => {
  mkdirSync(join(cwd, "out"));
  writeFileSync(join(cwd, "out/scenario.yaml"), "mine");
  begin().discardUnlessBegun();
  expect(readdirSync(join(cwd, "out"))).toEqual(["scenario.yaml"]);
  const begun = begin();
  begun.write("run.json", "{}");
  const names = readdirSync(begun.path);
  begun.discardUnlessBegun();
  expect(readdirSync(begun.path)).toEqual(names);
});

it("is one run's alone from its first moment on, and free again when that never began", () => {
  const waiting = createRunFolder("shared", "id", cwd);
  expect(() => createRunFolder("shared", "id", cwd)).toThrow(
    /is the folder of another run, which waits to begin/,
  );
  waiting.discardUnlessBegun();
  createRunFolder("shared", "id", cwd);
});
