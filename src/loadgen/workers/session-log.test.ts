import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLineLog } from "./session-log.ts";

describe("line log", () => {
  it("appends every line whole, also from two writers at once", async () => {
    const folder = await mkdtemp(join(tmpdir(), "line-log-"));
    const path = join(folder, "sessions.ndjson");
    const logs = await Promise.all([openLineLog(path, () => undefined), openLineLog(path, () => undefined)]);
    for (let i = 0; i < 200; i++)
      for (const [j, log] of logs.entries()) log.append(`{"log":${j},"line":${i}}`);
    await Promise.all(logs.map((log) => log.close()));
    const lines = (await readFile(path, "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as object);
    expect(lines.length).toBe(400);
    await rm(folder, { recursive: true });
  });

  it("tells of a full disk once and goes on without throwing", async () => {
    const errors: Error[] = [];
    const log = await openLineLog("/dev/full", (error) => errors.push(error));
    log.append("a");
    await new Promise((resolve) => setTimeout(resolve, 50));
    log.append("b");
    await log.close();
    expect(errors.map((error) => (error as NodeJS.ErrnoException).code)).toEqual(["ENOSPC"]);
  });
});
