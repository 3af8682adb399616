import { expect, it } from "vitest";
import { defined } from "./defined.ts";

it("leaves out what is undefined, and nothing else", () => {
  expect(defined({ a: 1, b: undefined, c: null, d: false, e: "" })).toStrictEqual({
    a: 1,
    c: null,
    d: false,
    e: "",
  });
  expect(defined({})).toStrictEqual({});
});
