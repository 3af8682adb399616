import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { importerFor } from "./importers.ts";

let root: string;
let sets = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "bench-importers-"));
});
afterAll(() => rm(root, { recursive: true }));

/** The items that the importer found by `auto` reads from these files, with paths relative to their folder. */
async function imported(
  files: Record<string, string | Buffer>,
  source = "",
): Promise<{ format: string; items: unknown[] }> {
  const folder = join(root, `set-${++sets}`);
  await mkdir(folder);
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
  const path = source === "" ? folder : join(folder, source);
  const importer = importerFor(path, "auto");
  const items = [];
  for await (const item of importer.read(path)) items.push(item);
  const plain = JSON.stringify(items).replaceAll(folder, "").replaceAll(root, "..");
  return { format: importer.name, items: JSON.parse(plain) as unknown[] };
}

describe("NeMo", () => {
  it("reads offset and duration as a part, null as absent, and names each broken line", async () => {
    const lines = [
      '\ufeff{"audio_filepath":"a.wav","duration":1.5,"text":"hello","offset":null,"lang":"en"}\r',
      '{"audio_filepath":"long.wav","offset":2.5,"duration":1.25,"text":"a part","speaker":7}',
      '{"audio_filepath":"/abs/b.flac","offset":0,"text":""}',
      "",
      '{"audio_filepath":"c.wav","duration":NaN}',
      '{"text":"no audio"}',
      '{"audio_filepath":"d.wav","duration":-1}',
      '{"audio_filepath":"../up.wav","text":["x"]}',
      '["a.wav"]',
      '{"audio_filepath":"https://host/a.wav"}',
      '{"audio_filepath":"../up.wav","id":"x","text_left":"yes","text_right":"no"}',
    ];
    const { format, items } = await imported({ "train.json": `${lines.join("\n")}\n` }, "train.json");
    expect(format).toBe("nemo");
    const where = (line: number): string => `/train.json:${line}`;
    expect(items).toEqual([
      { where: where(1), audio: "/a.wav", claimedS: 1.5, text: "hello", language: "en" },
      {
        ...{ where: where(2), audio: "/long.wav", part: { startS: 2.5, endS: 3.75 } },
        ...{ text: "a part", speaker: "7" },
      },
      { where: where(3), audio: "/abs/b.flac", part: { startS: 0 }, text: "" },
      { where: where(5), reason: expect.stringMatching(/^not JSON/) as string },
      { where: where(6), reason: "no path of the audio (audio_filepath, file, path)" },
      { where: where(7), reason: "duration: -1 is no number of seconds" },
      { where: where(8), reason: "text: must be text" },
      { where: where(9), reason: "no JSON object; a manifest has one a line" },
      { where: where(10), reason: "https://host/a.wav: audio is read from files only; download it first" },
      { where: where(11), id: "x", audio: "../up.wav", channelTexts: ["yes", "no"] },
    ]);
  });

  it("names lines that are no text", async () => {
    const line = Buffer.from('{"audio_filepath":"a.wav"}\n');
    const bad = Buffer.from('{"text":"caf\xe9"}\n{"text":"\0"}\n', "latin1");
    const long = Buffer.concat([Buffer.alloc(2 ** 21, "x"), Buffer.from("\n")]);
    const { items } = await imported({ "m.jsonl": Buffer.concat([line, bad, long, line]) }, "m.jsonl");
    expect(items).toEqual([
      { where: "/m.jsonl:1", audio: "/a.wav" },
      { where: "/m.jsonl:2", reason: "not valid UTF-8" },
      { where: "/m.jsonl:3", reason: "holds NUL: not text" },
      { where: "/m.jsonl:4", reason: "longer than 1048576 bytes" },
      { where: "/m.jsonl:5", audio: "/a.wav" },
    ]);
    const wide = Buffer.from('\ufeff{"audio_filepath":"a.wav"}\n', "utf16le");
    await expect(imported({ "m.jsonl": wide }, "m.jsonl")).rejects.toThrow(/it is UTF-16, not UTF-8/);
  });
});

describe("Kaldi", () => {
  it("reads recordings; refuses commands and archives by name", async () => {
    const { format, items } = await imported({
      "wav.scp": "u1 wav/a.wav\nu2 /abs/b.wav\nu3 sox c.mp3 -t wav - |\nu4 raw.ark:17\nu5\nu6 | cat\n",
      text: "u1 HELLO THERE\nu2\n",
      utt2spk: "u1 anna\n",
    });
    expect(format).toBe("kaldi");
    const shell = (command: string): string =>
      `"${command}" is a shell command, which is not run: write its output to a file`;
    expect(items).toEqual([
      { where: "/wav.scp:1", id: "u1", audio: "/wav/a.wav", text: "HELLO THERE", speaker: "anna" },
      { where: "/wav.scp:2", id: "u2", audio: "/abs/b.wav", text: "" },
      { where: "/wav.scp:3", reason: shell("sox c.mp3 -t wav - |") },
      { where: "/wav.scp:4", reason: '"raw.ark:17" is inside an archive: extract it to a file' },
      { where: "/wav.scp:5", reason: "no path of the audio" },
      { where: "/wav.scp:6", reason: shell("| cat") },
    ]);
  });

  it("refuses a second line for one key: which of two transcripts is right nobody knows", async () => {
    const { items } = await imported({
      "wav.scp": "call call.wav\ncall other.wav\n",
      segments: "u1 call 0 1\n",
      text: "u1 hello there\nu1 again\n",
      utt2spk: "u1 anna\nu1 bob\n",
    });
    expect(items).toEqual([
      { where: "/text:2", reason: '"u1" has a line already' },
      { where: "/utt2spk:2", reason: '"u1" has a line already' },
      { where: "/wav.scp:2", reason: 'recording "call" has a line already' },
      {
        ...{ where: "/segments:1", id: "u1", audio: "/call.wav", part: { startS: 0, endS: 1 } },
        ...{ text: "hello there", speaker: "anna" },
      },
    ]);
  });

  it("reads segments of recordings", async () => {
    const { items } = await imported({
      "wav.scp": "call call.wav\n",
      segments: "u1 call 0.5 2.25\nu2 call 3 -1\nu3 gone 0 1\nu4 call 2 1\nu5 call x 1\nu6 call 1\n",
      text: "u1 hi\n",
    });
    const reason = "must be: utterance recording start end, with times in seconds";
    expect(items).toEqual([
      { where: "/segments:1", id: "u1", audio: "/call.wav", part: { startS: 0.5, endS: 2.25 }, text: "hi" },
      { where: "/segments:2", id: "u2", audio: "/call.wav", part: { startS: 3 } },
      { where: "/segments:3", reason: 'wav.scp has no usable recording "gone"' },
      { where: "/segments:4", reason },
      { where: "/segments:5", reason },
      { where: "/segments:6", reason },
    ]);
  });
});

it("LibriSpeech: upper case is how it is written, files lie beside the transcripts", async () => {
  const { format, items } = await imported({
    "SPEAKERS.TXT": "; a comment\n",
    "61/70968/61-70968-0000.flac": "",
    "61/70968/61-70968-0001.wav": "",
    "61/70968/61-70968.trans.txt":
      "61-70968-0000 HE BEGAN\n61-70968-0001 I'M\n61-70968-0002 GONE\n61-70968-0003\n../../etc/x HELLO\n",
  });
  expect(format).toBe("librispeech");
  const [where, folder] = ["/61/70968/61-70968.trans.txt", "/61/70968"];
  expect(items).toEqual([
    {
      where: `${where}:1`,
      id: "61-70968-0000",
      audio: `${folder}/61-70968-0000.flac`,
      text: "he began",
      speaker: "61",
    },
    {
      where: `${where}:2`,
      id: "61-70968-0001",
      audio: `${folder}/61-70968-0001.wav`,
      text: "i'm",
      speaker: "61",
    },
    { where: `${where}:3`, reason: `61-70968-0002.flac is not in ${folder}` },
    { where: `${where}:4`, reason: "no transcript" },
    { where: `${where}:5`, reason: `../../etc/x.flac is not in ${folder}` },
  ]);
});

it("Common Voice: audio in clips/, nowhere else; quotes are letters", async () => {
  const header = "client_id\tpath\tsentence\tlocale\n";
  const { format, items } = await imported({
    "validated.tsv": `${header}${"ab".repeat(64)}\tcv_1.mp3\tHe said "no.\ten\nx\tcv_2\tYes\t\nx\t../../p.mp3\tNo\ten\nx\tcv_3.mp3\n`,
    "clips/cv_1.mp3": "",
  });
  expect(format).toBe("common-voice");
  const clip = (line: number, name: string, rest: object): object => ({
    where: `/validated.tsv:${line}`,
    audio: `/clips/${name}`,
    ...rest,
  });
  expect(items).toEqual([
    clip(2, "cv_1.mp3", { text: 'He said "no.', speaker: "ab".repeat(8), language: "en" }),
    clip(3, "cv_2.mp3", { text: "Yes", speaker: "x" }),
    { where: "/validated.tsv:4", reason: "../../p.mp3: leaves the folder clips" },
    { where: "/validated.tsv:5", reason: "has 2 fields, the header has 4" },
  ]);
});

describe("tables", () => {
  it.each([
    [",", "list.csv"],
    [";", "list.csv"],
    ["\t", "list.tsv"],
  ])("with %j between their cells", async (separator, name) => {
    const rows = [
      ["Path", "Transcript", "Duration", "id"],
      ["a.wav", "hello", "1.5", "one"],
      ["b.wav", "", "", ""],
      ["c.wav", "x", "soon", "three"],
      ["", "x", "", ""],
      ["only"],
    ];
    const { format, items } = await imported(
      { [name]: rows.map((row) => row.join(separator)).join("\n") },
      name,
    );
    expect(format).toBe("csv");
    expect(items).toEqual([
      { where: `/${name}:2`, id: "one", audio: "/a.wav", text: "hello", claimedS: 1.5 },
      { where: `/${name}:3`, audio: "/b.wav", text: "" },
      { where: `/${name}:4`, reason: 'duration: "soon" is no number of seconds' },
      { where: `/${name}:5`, reason: "no path of the audio (audio_filepath, file, path)" },
      { where: `/${name}:6`, reason: "has 1 fields, the header has 4" },
    ]);
  });

  it("quotes cells as RFC 4180 does", async () => {
    const { items } = await imported(
      { "q.csv": 'file,text\n"a,b.wav","she said ""no"", twice"\n"open,x\n"a"b,x\na.wav,""\n' },
      "q.csv",
    );
    expect(items).toEqual([
      { where: "/q.csv:2", audio: "/a,b.wav", text: 'she said "no", twice' },
      { where: "/q.csv:3", reason: "a quote is not closed" },
      { where: "/q.csv:4", reason: "text follows a closing quote" },
      { where: "/q.csv:5", audio: "/a.wav", text: "" },
    ]);
  });

  it("takes line ends within quotes, and a forgotten quote for the end of its line alone", async () => {
    const { items } = await imported(
      {
        "q.csv":
          'file,text\r\na.wav,"one\r\ntwo, ""three""\n\nfour"\nb.wav,"open\nc.wav,x\nd.wav,"y"\ne.wav,"never closed\nf.wav,z\n',
      },
      "q.csv",
    );
    expect(items).toEqual([
      { where: "/q.csv:2", audio: "/a.wav", text: 'one\ntwo, "three"\nfour' },
      { where: "/q.csv:6", reason: "a quote is not closed" },
      { where: "/q.csv:7", audio: "/c.wav", text: "x" },
      { where: "/q.csv:8", audio: "/d.wav", text: "y" },
      { where: "/q.csv:9", reason: "a quote is not closed" },
      { where: "/q.csv:10", audio: "/f.wav", text: "z" },
    ]);
  });

  it("must have a header whose quotes are closed", async () => {
    await expect(imported({ "x.csv": 'file,"text\na.wav,hello\n' }, "x.csv")).rejects.toThrow(
      /x\.csv:1: a quote is not closed/,
    );
  });

  it("must have a header that names the audio", async () => {
    await expect(imported({ "x.csv": "a.wav,hello\n" }, "x.csv")).rejects.toThrow(
      /x\.csv:1: the header has no column for the audio/,
    );
  });

  it("with one heading twice are refused: which column counts nobody knows", async () => {
    await expect(imported({ "x.csv": "path,text,text\na.wav,one,two\n" }, "x.csv")).rejects.toThrow(
      /x\.csv:1: the header has two columns "text"/,
    );
  });
});

it("a folder: every sound with its text, at any depth; what has no partner is named", async () => {
  const { format, items } = await imported({
    "a.wav": "",
    "a.txt": " Hello\nthere \r\n",
    "sub/b.flac": "",
    "sub/b.txt": "",
    "c.mp3": "",
    "d.txt": "nobody says this",
    "e.wav": "",
    "e.txt": Buffer.from("caf\xe9", "latin1"),
    "notes.md": "",
  });
  expect(format).toBe("folder");
  expect(items).toEqual([
    { where: "/a.wav", audio: "/a.wav", text: "Hello there" },
    { where: "/c.mp3", reason: "c.txt is missing" },
    { where: "/e.txt", reason: expect.stringMatching(/not valid UTF-8$/) as string },
    { where: "/sub/b.flac", audio: "/sub/b.flac", text: "" },
    { where: "/d.txt", reason: "no sound file of its name" },
  ]);
});

it("a source that is not there, or of no known format, is refused", () => {
  expect(() => importerFor(join(root, "nowhere"), "auto")).toThrow(/nowhere can't be read: no such file/);
  expect(() => importerFor(import.meta.filename, "auto")).toThrow(/its format is not known/);
});
