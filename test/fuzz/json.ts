/** Grammars of JSON messages and of the text formats around them. */
import fc from "fast-check";

const scalar = (values: readonly string[]): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.constantFrom(...values),
    fc.constantFrom(
      null,
      true,
      false,
      0,
      -1,
      1,
      0.5,
      16_000,
      8000,
      48_000,
      1e308,
      -1e308,
      2 ** 53,
      "",
      "\u0000",
      "\ud800",
      "__proto__",
    ),
    fc.double({ noNaN: true }),
    fc.string({ maxLength: 12, unit: "binary" }),
  );

/** Objects of the given keys with anything below them, as JSON; now and then a JSON that is no object. */
export function jsonObject(keys: readonly string[], values: readonly string[]): fc.Arbitrary<string> {
  return jsonValue(keys, values).map((value) => JSON.stringify(value));
}

export function jsonValue(keys: readonly string[], values: readonly string[]): fc.Arbitrary<unknown> {
  const key = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...keys) },
    { weight: 1, arbitrary: fc.constantFrom("__proto__", "constructor", "toString", "") },
  );
  return fc.letrec<{ value: unknown; object: unknown }>((tie) => ({
    object: fc.array(fc.tuple(key, tie("value")), { maxLength: 6 }).map(record),
    value: fc.oneof(
      { depthSize: "small" },
      { weight: 4, arbitrary: scalar(values) },
      { weight: 2, arbitrary: tie("object") },
      { weight: 1, arbitrary: fc.array(tie("value"), { maxLength: 4 }) },
    ),
  })).object;
}

/** With own properties of any name, `__proto__` too. */
export function record(entries: readonly (readonly [string, unknown])[]): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  return object;
}
