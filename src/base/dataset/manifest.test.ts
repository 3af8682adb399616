import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { toneBetweenSilence, wavFile } from "../../../test/support/wav.ts";
import type { Clip } from "./dataset.ts";
import { loadDataset } from "./dataset.ts";
import { BenchError } from "../errors.ts";

let folder: string;
let datasets = 0;
const AUDIO = wavFile(toneBetweenSilence(100, 300, 100));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "bench-manifest-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A dataset whose manifest is `manifest`, with half a second of audio at each path. */
async function datasetOf(
  manifest: string | Buffer,
  files: string[] = ["a.wav"],
  name = "manifest.jsonl",
): Promise<string> {
  const path = join(folder, `set-${++datasets}`);
  await mkdir(path);
  for (const file of files) {
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), AUDIO);
  }
  await writeFile(join(path, name), manifest);
  return path;
}

async function clipsOf(...args: Parameters<typeof datasetOf>): Promise<readonly Clip[]> {
  return (await loadDataset(await datasetOf(...args))).clips;
}
const idsOf = async (...args: Parameters<typeof datasetOf>): Promise<string[]> =>
  (await clipsOf(...args)).map(({ id }) => id);

async function failure(...args: Parameters<typeof datasetOf>): Promise<BenchError> {
  const error = await loadDataset(await datasetOf(...args)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof BenchError)) throw new Error(`expected a BenchError, not ${String(error)}`);
  expect(error.exitCode).toBe(2);
  return error;
}

const LINE = '{"audio_filepath":"a.wav","duration":0.5,"text":"hello"}';

test.each<[string, string | Buffer, string?]>([
  ["with a byte order mark", `\ufeff${LINE}\n`],
  ["with CRLF", `${LINE}\r\n`],
  ["with lone CR", `\r${LINE}\r`],
  ["with blank lines", `\n \n${LINE}\n\t\n`],
  ["as an array", `[${LINE}]`],
  ["as an array over many lines", `\ufeff[\r\n${LINE.replaceAll(",", ",\r\n")}\r\n]\r\n`],
  ["as an array in manifest.json", `[${LINE}]`, "manifest.json"],
  ["as lines in manifest.json", LINE, "manifest.json"],
  [
    "with null for what is absent",
    LINE.replace("}", ',"id":null,"speaker":null,"words":null,"offset":null,"duration_s":null}'),
  ],
  ["with keys of objects", LINE.replace("}", ',"__proto__":{"id":"x"},"constructor":1,"toString":null}')],
])("a manifest %s is read", async (_, manifest, name) => {
  const clips = await clipsOf(manifest, ["a.wav"], name);
  expect(clips.map(({ id, text, audioMs, speaker }) => [id, text, audioMs, speaker])).toEqual([
    ["a", "hello", 500, undefined],
  ]);
});

test("numbers become text, in words too", async () => {
  const [clip] = await clipsOf(
    '{"file":"a.wav","id":7,"speaker":1272,"text":42,"words":[{"w":42,"s":0.1,"e":0.4}]}',
  );
  expect(clip).toMatchObject({ id: "7", speaker: "1272", words: [{ word: "42", startMs: 100, endMs: 400 }] });
  expect(clip?.text).toBeTruthy();
});

test.each<[string, string[], string, string[]]>([
  [
    "where names repeat, from the path",
    ["spk1/utt1.wav", "spk2/utt1.wav"],
    "file",
    ["spk1/utt1", "spk2/utt1"],
  ],
  ["only where they repeat", ["x/a.wav", "y/a.wav", "y/b.wav"], "audio_filepath", ["x/a", "y/a", "b"]],
  ["without ./", ["./x/a.wav", "./y/a.wav"], "file", ["x/a", "y/a"]],
  ["with the ending where only that differs", ["a.wav", "a.WAV"], "file", ["a.wav", "a.WAV"]],
  ["without the last ending only", ["a.b.wav"], "file", ["a.b"]],
])("ids are made from the file's name: %s", async (_, files, field, ids) => {
  const manifest = files.map((file) => JSON.stringify({ [field]: file })).join("\n");
  expect(await idsOf(manifest, files)).toEqual(ids);
});

test("a made-up id gives way to a given one", async () => {
  const manifest = '{"file":"x/a.wav"}\n{"file":"b.wav","id":"a"}\n{"file":"c.wav"}';
  expect(await idsOf(manifest, ["x/a.wav", "b.wav", "c.wav"])).toEqual(["x/a", "a", "c"]);
});

test.each<[string, string | Buffer, RegExp, RegExp?]>([
  [
    "a given id twice",
    '{"file":"a.wav","id":"x"}\n{"file":"a.wav","id":"x"}',
    /:2: id: "x" is already on line 1/,
  ],
  [
    "ids that are equal as text",
    '{"file":"a.wav","id":7}\n\n{"file":"a.wav","id":"7"}',
    /:3: id: "7" is already on line 1/,
  ],
  [
    "one file twice",
    '{"file":"a.wav"}\n{"file":"a.wav"}',
    /:2: file: the same file as line 1/,
    /an `id` of its own/,
  ],
  [
    "one file twice, written in two ways",
    '{"file":"a.wav"}\n{"file":"./b/../a.wav"}',
    /:2: file: the same file as line 1/,
    /an `id` of its own/,
  ],
  [
    "a given id that is one made from a path later",
    '{"file":"a.wav","id":"b"}\n{"file":"b.wav"}',
    /:2: id: "b" is already on line 1 \(line 2 has no id: its own was made from its path\)/,
    /Give line 2/,
  ],
  [
    "a given id that was made from a path before",
    '{"file":"b.wav"}\n{"file":"a.wav","id":"b"}',
    /:2: id: "b" is already on line 1 \(line 1 has no id: its own was made from its path\)/,
    /Give line 1/,
  ],
  ["a blank id", '{"file":"a.wav","id":" \\u00a0"}', /:1: id: is blank/],
  ["an id with a tab", '{"file":"a.wav","id":"a\\tb"}', /:1: id: has a control character/],
  ["an id of too many digits", '{"file":"a.wav","id":12345678901234567890}', /:1: id: .*too long/, /quotes/],
  ["an id that is no text", '{"file":"a.wav","id":{}}', /:1: id: ids are text or numbers/],
  ["an id of true", '{"file":"a.wav","id":true}', /:1: id: ids are text or numbers/],
  ["no file but null", '{"file":null}', /:1: file: missing/],
  ["a file that is a number", '{"file":7}', /:1: file: .*string/],
  ["an empty path", '{"file":""}', /:1: file: /],
  ["an inherited file", '{"__proto__":{"file":"a.wav"}}', /:1: file: missing/],
  ["a text", '"a.wav"', /:1: .*object/],
  ["a null line", "null", /:1: .*object/],
  ["an array in a line", `${LINE}\n[1]`, /:2: .*object/],
  ["a wrong element of an array", `[\n${LINE},\n{"file":7}]`, /:3: file: .*string/],
  [
    "NaN as Python writes it",
    '{"file":"a.wav","duration":NaN}',
    /:1: not JSON/,
    /JSON has no NaN: write null/,
  ],
  ["-Infinity", '{"file":"a.wav","duration": -Infinity}', /:1: not JSON/, /no -Infinity: write null/],
  ["a comma after a line", `${LINE},\n`, /:1: not JSON/, /comma/],
  ["an infinite duration", '{"file":"a.wav","duration":1e999}', /:1: duration: /],
  [
    "UTF-16 with a mark",
    Buffer.from(`\ufeff${LINE}`, "utf16le"),
    /it is UTF-16, not UTF-8/,
    /iconv -f UTF-16 -t UTF-8/,
  ],
  ["UTF-16 without one", Buffer.from(LINE, "utf16le"), /it is UTF-16LE/, /iconv -f UTF-16LE -t UTF-8/],
  [
    "Latin-1",
    Buffer.from(`{"file":"a.wav","text":"caf\xe9"}`, "latin1"),
    /line 1, byte 27 \(0xe9\)/,
    /iconv/,
  ],
  ["NUL", `${LINE}\n\0`, /line 2, byte \d+ is NUL/],
  [
    "a file that is not there",
    '{"file":"gone.wav"}',
    /:1: file: can't be read \(no such file .*gone\.wav/,
    /folder of the manifest/,
  ],
  ["a folder as a file", '{"file":"."}', /:1: file: can't be read \(a folder, not a file/],
  ["backslashes", '{"file":"clips\\\\a.wav"}', /:1: file: can't be read/, /forward slashes: "clips\/a\.wav"/],
  ["a drive", '{"file":"C:\\\\clips\\\\a.wav"}', /:1: file: can't be read/, /Windows/],
  ["a home", '{"file":"~/a.wav"}', /:1: file: can't be read/, /whole path/],
  ["an address", '{"file":"https://host/a.wav"}', /:1: file: can't be read/, /download/],
])("%s is refused with file and line", async (_, manifest, message, hint) => {
  const error = await failure(manifest);
  expect(error.message).toMatch(message);
  expect(error.message).toContain("manifest.jsonl");
  if (hint !== undefined) expect(error.hint).toMatch(hint);
});

test.each(["NFC", "NFD"] as const)(
  "audio, folder and manifest are found by their other Unicode form: %s",
  async (form) => {
    const other = form === "NFC" ? "NFD" : "NFC";
    const path = await datasetOf(
      `{"file":"${"språ/é.wav".normalize(form)}"}`,
      ["språ/é.wav".normalize(other)],
      "ü.jsonl".normalize(other),
    );
    const { clips } = await loadDataset(join(path, "ü.jsonl".normalize(form)));
    expect(clips[0]?.id.normalize("NFC")).toBe("é");
  },
);

test("absolute paths and paths out of the folder are followed", async () => {
  const path = await datasetOf("", ["../shared-a.wav"]);
  await writeFile(
    join(path, "manifest.jsonl"),
    `{"file":"../shared-a.wav"}\n{"file":"${join(path, "../shared-a.wav")}","id":"b"}`,
  );
  expect((await loadDataset(path)).clips.map(({ id }) => id)).toEqual(["shared-a", "b"]);
});

test("a folder with other manifests names them", async () => {
  const path = await datasetOf(LINE, ["a.wav"], "train.jsonl");
  await expect(loadDataset(path)).rejects.toMatchObject({
    hint: `Name the manifest itself: ${join(path, "train.jsonl")}`,
    exitCode: 2,
  });
});

test("a byte order mark at the start of any line is skipped", async () => {
  const manifest = '\ufeff\ufeff{"file":"a.wav"}\n\ufeff{"file":"b.wav"}';
  expect(await idsOf(manifest, ["a.wav", "b.wav"])).toEqual(["a", "b"]);
});
