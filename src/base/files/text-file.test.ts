import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import { decodeText, existingPath, readText, readTextSync } from "./text-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-text-"));
});
afterAll(() => rm(folder, { recursive: true }));

const utf16 = (text: string, bigEndian = false): Buffer => {
  const bytes = Buffer.from(text, "utf16le");
  return bigEndian ? bytes.swap16() : bytes;
};
const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

test.each([
  [Buffer.from("a: 1\nb: é\n"), "a: 1\nb: é\n"],
  [Buffer.concat([MARK, Buffer.from("{}")]), "{}"],
  [MARK, ""],
  [Buffer.alloc(0), ""],
  [Buffer.from("a\r\nb\r\n"), "a\nb\n"],
  [Buffer.from("a\rb\rc"), "a\nb\nc"],
  [Buffer.from("a\r\n\rb\n"), "a\n\nb\n"],
  [Buffer.from("e\u0301 \u{1f600} 中"), "e\u0301 \u{1f600} 中"],
])("text %#", (bytes, text) => {
  expect(decodeText(bytes, "a.txt")).toBe(text);
});

test.each<[Buffer, string, string]>([
  [
    Buffer.concat([Buffer.from([0xff, 0xfe]), utf16('{"a":1}')]),
    "it is UTF-16, not UTF-8",
    "iconv -f UTF-16 -t UTF-8",
  ],
  [
    Buffer.concat([Buffer.from([0xfe, 0xff]), utf16('{"a":1}', true)]),
    "it is UTF-16, not UTF-8",
    "iconv -f UTF-16 -t UTF-8",
  ],
  [utf16('{"a":1}'), "it is UTF-16LE, not UTF-8", "iconv -f UTF-16LE -t UTF-8"],
  [utf16('{"a":"é中"}', true), "it is UTF-16BE, not UTF-8", "iconv -f UTF-16BE -t UTF-8"],
  [Buffer.from([0xff, 0xfe, 0, 0, 0x41, 0, 0, 0]), "it is UTF-32, not UTF-8", "iconv -f UTF-32 -t UTF-8"],
  [Buffer.from("a\ncaf\xe9\n", "latin1"), "line 2, byte 5 (0xe9): not valid UTF-8", "iconv -f WINDOWS-1252"],
  [Buffer.from([0x61, 0xed, 0xa0, 0x80]), "line 1, byte 1 (0xed): not valid UTF-8", "WINDOWS-1252"],
  [Buffer.from([0x61, 0x0a, 0xc0, 0x80]), "line 2, byte 2 (0xc0): not valid UTF-8", "WINDOWS-1252"],
  [Buffer.from([0xf4, 0x90, 0x80, 0x80]), "line 1, byte 0 (0xf4): not valid UTF-8", "WINDOWS-1252"],
  [Buffer.from([0x61, 0xe4, 0xb8]), "line 1, byte 1 (0xe4): not valid UTF-8", "WINDOWS-1252"],
  [Buffer.from("ab\ncd\0ef"), "line 2, byte 5 is NUL: not a text file", ""],
])("refused %#", (bytes, reason, advice) => {
  const error = thrownBy(() => decodeText(bytes, "my file.jsonl"));
  expect([error.message, error.exitCode]).toEqual([`my file.jsonl can't be read: ${reason}`, 2]);
  expect(error.hint ?? "").toContain(advice);
});

test("the advised command quotes the name and writes beside the file", () => {
  expect(thrownBy(() => decodeText(utf16("{}{}{}"), "d/my file.jsonl")).hint).toBe(
    "Convert it: iconv -f UTF-16LE -t UTF-8 'd/my file.jsonl' > 'd/my file.utf8.jsonl'",
  );
});

test("a file is named as the user named it, with why it can't be read", async () => {
  const gone = join(folder, "gone.csv");
  await expect(readText(gone, { what: "trace", shown: "gone.csv" })).rejects.toMatchObject({
    message: "trace gone.csv can't be read: no such file or folder (ENOENT)",
    exitCode: 2,
  });
  await expect(readText(folder)).rejects.toThrow(`${folder} can't be read: a folder, not a file (EISDIR)`);
  expect(thrownBy(() => readTextSync(folder)).message).toBe(
    `${folder} can't be read: a folder, not a file (EISDIR)`,
  );
});

test.each([
  ["composed", "décor/é.txt", "NFD"],
  ["decomposed", "naïve/ü.txt", "NFC"],
] as const)("a path that is %s on the disk is found by its other form", async (_, name, form) => {
  const stored = name.normalize(form === "NFC" ? "NFD" : "NFC");
  const path = join(folder, stored);
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, "here");
  expect(await existingPath(join(folder, name.normalize(form)))).toBe(path);
  expect(await readText(join(folder, name.normalize(form)))).toBe("here");
});

test("a path that does not exist in any form stays as it is", async () => {
  for (const path of ["/no/sûch", "nö", join(folder, "x.txt"), ""])
    expect(await existingPath(path)).toBe(path);
});
