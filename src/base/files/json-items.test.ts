import fc from "fast-check";
import { expect, test } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import { jsonItems } from "./json-items.ts";

const items = (text: string): unknown[] =>
  jsonItems(text, "m", "manifest").map(({ value, line }) => [line, value]);

test.each<[string, unknown[]]>([
  ["", []],
  ["\n \n", []],
  [
    '{"a":1}\n\n{"a":2}',
    [
      [1, { a: 1 }],
      [3, { a: 2 }],
    ],
  ],
  [
    '[{"a":1},{"a":2}]',
    [
      [1, { a: 1 }],
      [1, { a: 2 }],
    ],
  ],
  [
    '\n[\n  {"a": "]},{"},\n\n  {\n "a": [1, {"b": "\\"["}] }\n]\n',
    [
      [3, { a: "]},{" }],
      [5, { a: [1, { b: '"[' }] }],
    ],
  ],
  ["[]", []],
  ["[ ]\n", []],
  [
    "[1, null]",
    [
      [1, 1],
      [1, null],
    ],
  ],
])("%j", (text, expected) => {
  expect(items(text)).toEqual(expected);
});

test.each([
  ['{"a":1},\n{"a":2}', /^m:1: not JSON/, /comma at the end/],
  ['{"a":1}\n{"a":}', /^m:2: not JSON/, /one JSON object a line/],
  ['[{"a":1},]', /^m:1: not JSON \(a comma without an element/, /Remove the comma/],
  ['[\n{"a":1},\n,{"a":1}]', /^m:3: not JSON \(a comma without an element/, /Remove the comma/],
  ["[,]", /^m:1: not JSON/, /Remove/],
  ['[\n{"a":1}\n{"a":2}]', /^m:2: not JSON/, /one array/],
  ['[{"a":1},\n{"a":', /^m:2: not JSON \(the array is not closed/, /closing/],
  ['[{"a":1}] x', /^m:1: not JSON \(the array ends here/, undefined],
  ["{'a': 1}", /^m:1: not JSON/, /manifest/],
])("%j is refused with its line", (text, message, hint) => {
  const error = thrownBy(() => items(text));
  expect([error.message, error.exitCode]).toEqual([expect.stringMatching(message), 2]);
  if (hint !== undefined) expect(error.hint).toMatch(hint);
});

test("an array reads as JSON.parse reads it, whatever its layout", () => {
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), fc.constantFrom(undefined, 1, "\t"), (values, space) => {
      const text = JSON.stringify(values, undefined, space);
      expect(jsonItems(text, "m", "manifest").map(({ value }) => value)).toEqual(JSON.parse(text));
    }),
  );
});

test("deep nesting and long lines are read", () => {
  const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
  expect(items(`{"a":${deep}}`)).toHaveLength(1);
  expect(items(`[${deep}]`)).toHaveLength(1);
  expect(items(JSON.stringify({ a: "x".repeat(5_000_000) }))).toHaveLength(1);
});
