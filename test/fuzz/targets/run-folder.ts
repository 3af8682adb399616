import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { completedSessions, sessionDetails } from "../../../src/store/session-details.ts";
import { readSessionDigest } from "../../../src/store/session-digest-file.ts";
import { openStoredRun } from "../../../src/store/stored-run.ts";
import { valuesByName } from "../../../src/metrics/catalogue/values-by-name.ts";
import { chunkTimes } from "../../../src/metrics/observation/observation.ts";
import { renderHtml } from "../../../src/report/html/html.ts";
import { corpusOf } from "../corpus.ts";
import { refusableLater } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

/** One file a section; sections begin with a line such as "=== sessions.ndjson". */
const SECTION = /^=== ([a-z]+\.(?:ndjson|json|yaml))$/gm;
const FILES = [
  "run.json",
  "scenario.yaml",
  "clips.ndjson",
  "starts.ndjson",
  "sessions.ndjson",
  "events.ndjson",
];

const folder = mkdtempSync(join(tmpdir(), "fuzz-run-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

const whole = corpusOf("run-folder")[0]?.bytes.toString("utf8") ?? "";
const oneValue = fc
  .tuple(fc.nat(), fc.constantFrom("null", "-1", "1e308", "1e12", "0", "[]", "{}", '"x"', "1e-9", "true"))
  .map(([pick, piece]) => {
    const values = [...whole.matchAll(/(?<=":)(?:-?\d+(?:\.\d+)?|"[^"]*"|true|false)/g)];
    const found = values[pick % Math.max(1, values.length)];
    return found === undefined
      ? ""
      : whole.slice(0, found.index) + piece + whole.slice(found.index + found[0].length);
  });

export const runFolder: FuzzTarget = {
  name: "run-folder",
  about:
    "what a run left: session records, starts, clips, events, rebuilt and shown (loadgen/rebuild.ts, report/)",
  dictionary: [
    "\n=== events.ndjson\n",
    "null",
    "[]",
    "{}",
    "1e308",
    '"values":',
    '"v":2',
    '"sentUs":[]',
    '"acceptedAfterUs":[1]',
    '"delayMs":[1e3]',
    '"responses":',
    '"chunks":',
    '"endedMs":1e12',
    '"failure":{}',
  ],
  grammar: oneValue,
  longestBytes: 32_768,
  run(input) {
    for (const name of FILES) rmSync(join(folder, name), { force: true });
    const text = input.toString("utf8");
    const sections = [...text.matchAll(SECTION)];
    for (const [index, { 1: name = "", 0: header, index: at }] of sections.entries()) {
      if (!FILES.includes(name)) continue;
      writeFileSync(join(folder, name), text.slice(at + header.length + 1, sections[index + 1]?.index));
    }
    return refusableLater(async () => {
      const { result } = await openStoredRun(folder, folder);
      await sessionDetails(folder, "final_from_speech_end");
      for await (const session of completedSessions(folder)) {
        chunkTimes(session);
        valuesByName(session);
      }
      renderHtml(result, await readSessionDigest(folder, result));
      return Object.keys(result.metrics);
    });
  },
};
