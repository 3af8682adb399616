import fc from "fast-check";
import { expect, test } from "vitest";
import { printable, printableLines } from "./printable.ts";

const anyText = fc.string({ unit: "binary", maxLength: 200 });

test("nothing that acts on a terminal is left of any text", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u);
      expect(printableLines(text)).not.toMatch(
        /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u,
      );
    }),
  );
});

test("text inside JSON keeps its meaning", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(JSON.parse(printableLines(JSON.stringify({ text })))).toEqual({ text });
    }),
  );
});

test("applied twice is applied once", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(printable(printable(text))).toBe(printable(text));
    }),
  );
});
