import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import type { TestServer } from "../../../test/support/misbehaving-server.ts";
import { listening } from "../../../test/support/misbehaving-server.ts";
import type { Download } from "./downloads.ts";
import { DOWNLOADS } from "./downloads.ts";
import { fetchArchive } from "./fetch-archive.ts";

const root = mkdtempSync(join(tmpdir(), "bench-fetch-"));
afterAll(() => rmSync(root, { recursive: true }));

let archive: Buffer;
let download: Download;
beforeAll(async () => {
  mkdirSync(join(root, "LibriSpeech/test-clean"), { recursive: true });
  // Long enough to come in several pieces.
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 7919) % 251));
  writeFileSync(join(root, "LibriSpeech/test-clean/a.flac"), noise);
  symlinkSync("/etc/passwd", join(root, "LibriSpeech/test-clean/link"));
  await create({ gzip: true, file: join(root, "set.tar.gz"), cwd: root }, ["LibriSpeech"]);
  archive = readFileSync(join(root, "set.tar.gz"));
  download = {
    ...{
      name: "x",
      url: "",
      bytes: archive.length,
      sha256: createHash("sha256").update(archive).digest("hex"),
    },
    ...{ root: "LibriSpeech/test-clean", describe: "a set", licence: "none" },
  };
});

let folder: string;
let server: TestServer;
let ranges: (string | undefined)[];
/** Bytes after which the server goes away. */
let cutAt: number;
let knowsRanges: boolean;
beforeEach(async () => {
  folder = join(mkdtempSync(join(root, "case-")), "download");
  [ranges, cutAt, knowsRanges] = [[], Infinity, true];
  server = await listening(
    http.createServer((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const from = knowsRanges ? Number(/\d+/.exec(range ?? "0")?.[0]) : 0;
      response.writeHead(from > 0 ? 206 : 200);
      if (cutAt === Infinity) response.end(archive.subarray(from));
      else response.write(archive.subarray(from, cutAt), () => setTimeout(() => response.destroy(), 50));
    }),
  );
});
afterEach(() => server.close());

const stop = new AbortController();
const get = (changes: Partial<Download> = {}, signal = stop.signal, onProgress = (): void => undefined) =>
  fetchArchive(
    { ...download, url: `http://${server.address}/x.tar.gz`, ...changes },
    { folder, signal, onProgress },
  );

describe("fetching", () => {
  it("unpacks what it got, files alone, and fetches nothing twice", async () => {
    const source = await get();
    expect(source).toBe(join(folder, "unpacked/LibriSpeech/test-clean"));
    expect(readdirSync(source ?? "")).toEqual(["a.flac"]);
    expect(await get()).toBe(source);
    expect(ranges).toEqual([undefined]);
  });

  it("goes on where the connection broke", async () => {
    cutAt = 1000;
    await expect(get()).rejects.toMatchObject({
      exitCode: 1,
      hint: expect.stringMatching(/goes on/) as string,
    });
    cutAt = Infinity;
    expect(await get()).toMatch(/test-clean$/);
    expect(ranges).toEqual([undefined, "bytes=1000-"]);
  });

  it("begins anew with a server that knows no ranges", async () => {
    cutAt = 1000;
    await expect(get()).rejects.toThrow(/can't be fetched/);
    [cutAt, knowsRanges] = [Infinity, false];
    expect(await get()).toMatch(/test-clean$/);
  });

  it("takes away what has another checksum", async () => {
    await expect(get({ sha256: "0".repeat(64) })).rejects.toThrow(/its SHA-256 is [0-9a-f]{64}, not 0000/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it("refuses more bytes than there should be, and an error of the server", async () => {
    await expect(get({ bytes: 100 })).rejects.toThrow(/more than the 100 bytes/);
    await expect(get({ url: `http://127.0.0.1:1/x` })).rejects.toThrow(/127\.0\.0\.1:1\/x can't be fetched/);
  });

  it("ends quietly when it is interrupted", async () => {
    const interrupt = new AbortController();
    cutAt = 1000;
    expect(await get({}, interrupt.signal, () => interrupt.abort())).toBeUndefined();
    expect(existsSync(join(folder, "archive.tar.gz.part"))).toBe(true);
  });
});

describe("bench dataset fetch", () => {
  it("shows the licence first; what a mirror sends must be the archive that is known", async () => {
    const { err, exitCode } = await runBench(
      [
        "dataset",
        "fetch",
        "librispeech-test-clean",
        "--out",
        "set",
        "--mirror",
        `http://${server.address}/x`,
      ],
      { cwd: join(folder, "..") },
    );
    expect(exitCode).toBe(1);
    expect(err).toMatch(/^LibriSpeech test-clean: .*\nlicence: CC BY 4\.0\. .*\n347 MB from http:/);
    expect(err).toMatch(new RegExp(`ended after ${archive.length} of ${DOWNLOADS[0]?.bytes} bytes`));
  });

  it("leaves a set alone that is there", async () => {
    mkdirSync(join(folder, "set"), { recursive: true });
    writeFileSync(join(folder, "set/manifest.jsonl"), "{}");
    const { out } = await runBench(["dataset", "fetch", "librispeech-test-clean", "--out", "set"], {
      cwd: folder,
    });
    expect(out).toBe("set is there already\n");
  });

  it("knows what can be fetched", async () => {
    const { err, exitCode } = await runBench(["dataset", "fetch", "librispeech-test-claen"]);
    expect([exitCode, err]).toEqual([2, expect.stringMatching(/Did you mean "librispeech-test-clean"\?/)]);
  });
});
