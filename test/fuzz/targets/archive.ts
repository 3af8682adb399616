import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { findArchivedRuns } from "../../../src/store/archived-runs.ts";
import { fail, refusableLater } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const folder = mkdtempSync(join(tmpdir(), "fuzz-archive-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
// The archive is unpacked beside it: whatever appears next to it came out of the archive.
const before = readdirSync(folder);

interface Entry {
  name: string;
  type: string;
  body: string;
  size: string | undefined;
  link: string;
}

const entry: fc.Arbitrary<Entry> = fc.record({
  name: fc.constantFrom(
    "run/result.json",
    "run/scenario.yaml",
    "../evil.json",
    "/tmp/evil.json",
    "run/../../x.json",
    "run/run.json",
    "a/result.json",
    "",
    "run/\n",
    "run//sessions.ndjson",
  ),
  type: fc.constantFrom("0", "0", "0", "5", "2", "1", "3", "L", "x", "g", "7", "Z"),
  body: fc.constantFrom("{}", "null", "", '{"schema":"riva-bench/run@1"}', "path=../evil\n"),
  size: fc.option(fc.constantFrom("77777777777", "0", "-1", "x"), { freq: 6, nil: undefined }),
  link: fc.constantFrom("", "/etc/passwd", "../..", "run/result.json"),
});

export const archive: FuzzTarget = {
  name: "archive",
  about: "archives of baselines (cli/run-archive.ts)",
  dictionary: ["ustar\0" + "00", "../", "result.json", "\x1f\x8b\x08", "77777777777 "],
  grammar: fc
    .array(entry, { maxLength: 4 })
    .map((entries) => Buffer.concat([...entries.map(tarEntry), Buffer.alloc(1024)])),
  async run(input) {
    const file = join(folder, "x.tar");
    writeFileSync(file, input);
    const limits = { entries: 100, bytes: 1_000_000, ratio: 200, ratioFromBytes: 100_000 };
    const outcome = await refusableLater(() => findArchivedRuns([file], folder, limits));
    const left = readdirSync(folder).filter((name) => name !== "x.tar" && !before.includes(name));
    if (left.length > 0) fail(`the archive left ${left.join(", ")}`);
    return outcome;
  },
};

/** A header of POSIX tar with its right checksum, and the body. */
function tarEntry({ name, type, body, size, link }: Entry): Buffer {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, "latin1");
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
  header.write((size ?? body.length.toString(8)).padStart(11, "0").slice(0, 11), 124, "latin1");
  header.write("00000000000\0        ", 136, "latin1");
  header.write(type, 156, "latin1");
  header.write(link, 157, 100, "latin1");
  header.write("ustar\0" + "00", 257, "latin1");
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  const padded = Buffer.alloc(Math.ceil(body.length / 512) * 512);
  padded.write(body, "latin1");
  return Buffer.concat([header, padded]);
}
