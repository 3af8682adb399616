/**
 * YAML that people write: every complaint names the file, the line, the column and the key. The only importer of yaml.
 */
import { isMap, isScalar, isSeq, LineCounter, parseDocument, stringify } from "yaml";
import type { Document } from "yaml";
import { z } from "zod";
import { parseDurationMs, WEEK_MS } from "./duration.ts";
import { BenchError, messageOf, nearestName } from "./errors.ts";

/** At most this many problems of one file are told at once. */
const MAX_PROBLEMS = 5;

/** A schema for a mapping in which unknown keys are errors that name the nearest known key. */
export function section<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  const known = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      const near = nearestName(String(issue.keys[0]), known);
      return near === undefined
        ? `unknown key; known are ${known.join(", ")}`
        : `unknown key; did you mean ${near}?`;
    },
  });
}

/** A duration such as 30 (seconds), 30s, 5m or 500ms, up to a week; milliseconds once it is read. */
export function durationField(
  defaultText: string,
): z.ZodPipe<
  z.ZodDefault<z.ZodUnion<readonly [z.ZodString, z.ZodNumber]>>,
  z.ZodTransform<number, string | number>
> {
  return z
    .union([z.string(), z.number()])
    .default(defaultText)
    .transform((value, context) => {
      const ms = parseDurationMs(String(value));
      if (ms !== undefined && ms > 0 && ms <= WEEK_MS) return ms;
      context.addIssue({
        code: "custom",
        message: "must be a duration such as 30, 30s, 5m or 500ms, 168h at most",
      });
      return z.NEVER;
    });
}

/**
 * Reads `text` as YAML and holds it against `schema`.
 *
 * @throws BenchError (exit 2): one line a problem, each starting with `file:line:column: key:`.
 */
export function parseYaml<T>(text: string, fileName: string, schema: z.ZodType<T>): T {
  const lines = new LineCounter();
  refuseBottomless(text, fileName);
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${fileName}:${line}:${col}`;
  };

  const syntax = document.errors[0];
  if (syntax !== undefined)
    throw BenchError.usage(`${at(syntax.pos[0])}: not valid YAML: ${syntaxProblem(syntax)}`);
  const parsed = schema.safeParse(plainData(document, fileName));
  if (parsed.success) return parsed.data;

  const problems = parsed.error.issues.map((issue) => {
    const path = issue.code === "unrecognized_keys" ? [...issue.path, issue.keys[0] ?? ""] : issue.path;
    const key = path.length === 0 ? "" : `${path.join(".")}: `;
    const problem = inPlainWords(issue.message.replace(/^Invalid input: /, ""));
    return `${at(offsetOf(document, path))}: ${key}${problem}`;
  });
  throw BenchError.usage(problems.slice(0, MAX_PROBLEMS).join("\n"));
}

/** Levels of brackets, and columns before a line's text, that nobody needs. */
const MOST_BRACKETS = 100;
const MOST_INDENT = 200;

/**
 * The parser calls itself for each level. A stack that is used up is not always an error that can be caught: V8 ends the process
 * when it has to compile a regular expression just then. So it is never let come so far. Brackets in texts count too.
 *
 * @throws BenchError (exit 2) that names the line
 */
function refuseBottomless(text: string, fileName: string): void {
  let depth = 0;
  for (const [index, line] of text.split("\n").entries()) {
    for (const character of line) {
      if (character === "[" || character === "{") depth++;
      else if ((character === "]" || character === "}") && depth > 0) depth--;
      if (depth > MOST_BRACKETS) break;
    }
    const indent = /^(?:[ \t]|[-?:](?=[ \t]))*/.exec(line)?.[0].length ?? 0;
    if (depth > MOST_BRACKETS || indent > MOST_INDENT)
      throw BenchError.usage(`${fileName}:${index + 1}: not usable YAML: nested too deeply`);
  }
}

function syntaxProblem({ code, message }: { code: string; message: string }): string {
  if (code === "MULTIPLE_DOCS") return "one document only, without a second ---";
  return message;
}

/** As many uses of anchors as a person writes. */
const MOST_ALIASES = 100;
const UNKNOWN_ALIAS = "Unresolved alias (the anchor must be set before the alias): ";

/** @throws BenchError (exit 2) for aliases that multiply without bound, lead nowhere or to themselves, and nesting that no stack holds */
function plainData(document: Document, fileName: string): unknown {
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES });
    // Whoever reads it may write it again, into a run folder or a message.
    JSON.stringify(value);
    return value;
  } catch (error) {
    throw BenchError.usage(
      `${fileName}: not usable YAML: ${dataProblem(messageOf(error))}`,
      "Write the values out.",
    );
  }
}

function dataProblem(message: string): string {
  if (message.includes("alias count"))
    return "its aliases (*name) unfold to more than anybody writes by hand";
  if (message.includes("circular")) return "an alias (*name) within its own anchor (&name)";
  return message.replace(UNKNOWN_ALIAS, "no anchor for the alias *");
}

/** What each type is called by who writes YAML. */
const TYPES: Readonly<Record<string, string>> = {
  object: "keys with values ({ key: value })",
  array: "a list",
  string: "text",
  number: "a number",
  boolean: "true or false",
  null: "nothing",
};

/** "expected object, received number" as a person would say it; other messages stay. */
function inPlainWords(message: string): string {
  const [, expected = "", received = ""] = /^expected (\w+), received (\w+)$/.exec(message) ?? [];
  if (received === "undefined") return "is missing";
  const [wanted, got] = [TYPES[expected], TYPES[received]];
  return wanted === undefined ? message : `must be ${wanted}${got === undefined ? "" : `, not ${got}`}`;
}

/** YAML text of plain data, long texts unfolded. */
export function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 });
}

/**
 * The text with the value of a top-level key replaced; comments and all else stay as they are.
 *
 * @throws BenchError (exit 2): not YAML, or no mapping at its top
 */
export function withYamlKey(text: string, fileName: string, key: string, value: unknown): string {
  parseYaml(text, fileName, z.looseObject({}).nullish());
  const document = parseDocument(text);
  document.set(key, document.createNode(value, { flow: false }));
  return document.toString({ lineWidth: 0 });
}

/** Where in the text the value at `path` begins; for what is missing, where the mapping that lacks it begins. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const segment of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(segment));
      if (pair === undefined || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      if (isScalar(node)) offset = node.range?.[0] ?? offset;
    } else {
      break;
    }
  }
  return offset;
}
