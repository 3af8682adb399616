import fc from "fast-check";
import { decodeText } from "../../../src/base/files/text-file.ts";
import { jsonItems } from "../../../src/base/files/json-items.ts";
import { parseDotEnv } from "../../../src/base/files/dot-env.ts";
import { parseApiKeys } from "../../../src/gateway/door/auth.ts";
import { parseTrace } from "../../../src/scenario/load/trace.ts";
import { jsonObject } from "../json.ts";
import { each, fail, refusable } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const lines = [
  "RIVA_HOST=host",
  'A="b # c" # d',
  "export B='c'",
  "# x",
  "web 0123456789abcdef",
  "start_s,clip",
  "1.5,hello",
  "0,",
  '"1","a"',
  '{"start_s":1.5,"clip":"x"}',
  "[",
  "]",
  "{}",
  "null",
];

export const textFiles: FuzzTarget = {
  name: "text-files",
  about: "`.env`, API keys, traces (CSV and JSON lines), lines of JSON; any encoding",
  dictionary: [...lines, "\n", "\r\n", "=", "'", '"', "#", "\xef\xbb\xbf", "\xff\xfe", "\0", "export "],
  grammar: fc
    .array(
      fc.oneof(
        fc.constantFrom(...lines),
        jsonObject(["start_s", "clip"], ["a"]),
        fc.string({ maxLength: 20 }),
      ),
      { maxLength: 8 },
    )
    .map((all) => all.join("\n")),
  run(input) {
    let text = "";
    const decoded = refusable(() => (text = decodeText(input, "x")));
    if (decoded.startsWith("refused")) return decoded;
    return each(
      () => `${Math.min(9, parseDotEnv(text).size)}`,
      () => refusable(() => parseApiKeys(text, "x")),
      () =>
        refusable(() =>
          parseTrace(text, "x.csv").forEach(({ startMs }) => startMs >= 0 || fail("a start before 0")),
        ),
      () => refusable(() => parseTrace(text, "x.jsonl")),
      () => refusable(() => jsonItems(text, "x", "manifest")),
    );
  },
};
