import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readNamedFile } from "../src/base/files/named-file.ts";
import { readEnvironment } from "../src/base/files/dot-env.ts";
import { loadTrace } from "../src/scenario/load/trace.ts";
import { readRunResult } from "../src/metrics/result/read-result.ts";
import { runBench } from "./support/fake-world.ts";

/** Every reader of text files that users write meets the same marks, encodings and line ends. */

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-texts-"));
});
afterAll(() => rm(folder, { recursive: true }));

interface Reader {
  file: string;
  text: string;
  read(path: string): Promise<unknown>;
  expected: unknown;
}

const check = async (flag: string, path: string): Promise<unknown> => {
  const args = ["gateway", "--upstream", "grpc://127.0.0.1:1", flag, path, "--check-config"];
  const { err, exitCode } = await runBench(args, { cwd: folder });
  if (exitCode !== 0) throw Object.assign(new Error(err), { exitCode });
  return exitCode;
};

const READERS: [name: string, reader: Reader][] = [
  [
    "a scenario or target",
    {
      file: "s.yaml",
      text: "name: x\ndescription: é\n",
      read: async (path) => (await readNamedFile(path, { what: "scenario", folder, cwd: folder })).text,
      expected: "name: x\ndescription: é\n",
    },
  ],
  [
    "a trace of lines",
    {
      file: "t.jsonl",
      text: '{"start_s":1}\n{"start_s":2,"clip":"é"}\n',
      read: async (path) =>
        (await loadTrace(path)).starts.map(({ startMs, clip, line }) => [startMs, clip, line]),
      expected: [
        [1000, undefined, 1],
        [2000, "é", 2],
      ],
    },
  ],
  [
    "a trace of CSV",
    {
      file: "t.csv",
      text: "start_s,clip\n1,é\n",
      read: async (path) =>
        (await loadTrace(path)).starts.map(({ startMs, clip, line }) => [startMs, clip, line]),
      expected: [[1000, "é", 2]],
    },
  ],
  [
    ".env",
    {
      file: ".env",
      text: "A=1\nRIVA_MODEL=é\n",
      read: async () => (await readEnvironment({}, folder))("RIVA_MODEL")?.value,
      expected: "é",
    },
  ],
  [
    "the gateway's settings",
    { file: "g.json", text: '{\n"limits": {}\n}\n', read: (path) => check("--config", path), expected: 0 },
  ],
];

const FORMS: [form: string, write: (text: string) => Buffer][] = [
  ["plain", (text) => Buffer.from(text)],
  ["with a byte order mark", (text) => Buffer.from(`\ufeff${text}`)],
  ["with CRLF", (text) => Buffer.from(text.replaceAll("\n", "\r\n"))],
  ["with lone CR", (text) => Buffer.from(text.replaceAll("\n", "\r"))],
];

const REFUSED: [form: string, write: (text: string) => Buffer, reason: RegExp][] = [
  ["UTF-16", (text) => Buffer.from(`\ufeff${text}`, "utf16le"), /can't be read: it is UTF-16, not UTF-8/],
  ["UTF-16LE without a mark", (text) => Buffer.from(text, "utf16le"), /it is UTF-16LE/],
  ["UTF-16BE without a mark", (text) => Buffer.from(text, "utf16le").swap16(), /it is UTF-16BE/],
  ["Latin-1", (text) => Buffer.from(`${text}#\xe9`, "latin1"), /line \d, byte \d+ \(0xe9\): not valid UTF-8/],
  ["NUL", (text) => Buffer.from(`${text}# \0`), /byte \d+ is NUL/],
];

for (const [name, { file, text, read, expected }] of READERS) {
  const put = async (bytes: Buffer): Promise<string> => {
    const path = join(folder, file);
    await writeFile(path, bytes);
    return path;
  };

  test.each(FORMS)(`${name} is read: %s`, async (_, write) => {
    expect(await read(await put(write(text)))).toEqual(expected);
  });

  test.each(REFUSED)(`${name} is refused with the reason: %s`, async (_, write, reason) => {
    const path = await put(write(text));
    await expect(read(path)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(reason) as string,
    });
    await rm(path);
  });
}

test("a result in UTF-16 is refused by name", async () => {
  const path = join(folder, "result.json");
  await writeFile(path, Buffer.from("\ufeff{}", "utf16le"));
  expect(() => readRunResult(path)).toThrow(`${path} can't be read: it is UTF-16, not UTF-8`);
  await writeFile(path, "\ufeff{}");
  expect(() => readRunResult(path)).toThrow("has no schema");
});
