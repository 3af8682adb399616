/** NeMo manifests: one JSON object a line, with offset and duration for parts of a file. */
import { messageOf } from "../../base/errors.ts";
import { isRecord } from "../../base/record.ts";
import type { Importer } from "./importer.ts";
import { isBadLine } from "./importer.ts";
import type { Fields } from "./named-fields.ts";
import { clipOfFields, fieldNamed } from "./named-fields.ts";
import { sourceLines } from "./source-lines.ts";

/** Reads NeMo manifests. */
export const nemo: Importer = {
  name: "nemo",
  describe: "NeMo manifest, one JSON object a line (.jsonl, .json, .ndjson)",
  matches: (source, names) => names === undefined && /\.(?:jsonl|json|ndjson)$/i.test(source),
  async *read(source) {
    for await (const line of sourceLines(source)) {
      if (isBadLine(line)) {
        yield line;
        continue;
      }
      const { where, text } = line;
      try {
        const value: unknown = JSON.parse(text);
        if (isRecord(value)) yield clipOfFields(fieldsOf(value), source, where);
        else yield { where, reason: "no JSON object; a manifest has one a line" };
      } catch (error) {
        yield { where, reason: `not JSON (${messageOf(error)})` };
      }
    }
  },
};

function fieldsOf(value: Record<string, unknown>): Fields {
  const fields: Fields = {};
  for (const [key, one] of Object.entries(value)) {
    const field = fieldNamed(key);
    if (field !== undefined) fields[field] ??= one;
  }
  return fields;
}
