import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { readManifest } from "../../../src/base/dataset/manifest.ts";
import { jsonObject } from "../json.ts";
import { refusableLater } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const keys = [
  "id",
  "file",
  "audio_filepath",
  "duration",
  "duration_s",
  "text",
  "speech_start_s",
  "speech_end_s",
  "words",
  "word",
  "start_s",
  "end_s",
  "speaker",
  "offset",
];
const values = ["a.wav", "../a.wav", "/etc/passwd", "a", "1.5"];
const folder = mkdtempSync(join(tmpdir(), "fuzz-manifest-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

export const manifest: FuzzTarget = {
  name: "manifest",
  about: "manifests of datasets: JSON lines or an array (base/manifest.ts)",
  dictionary: [
    ...keys.map((key) => `"${key}":`),
    '"a.wav"',
    "\n",
    "[",
    "]",
    "null",
    "1e999",
    "-1",
    "\xef\xbb\xbf",
  ],
  grammar: fc.oneof(
    fc.array(jsonObject(keys, values), { maxLength: 4 }).map((lines) => lines.join("\n")),
    fc.array(jsonObject(keys, values), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
  ),
  run(input) {
    const path = join(folder, "manifest.jsonl");
    writeFileSync(path, input);
    return refusableLater(async () => (await readManifest(path)).entries);
  },
};
