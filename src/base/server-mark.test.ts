import { expect, it } from "vitest";
import { commonMark, markAmong, markWord } from "./server-mark.ts";

it.each([
  [[], { emulated: false }, undefined],
  [[{ type: "online" }], { emulated: false }, undefined],
  [[{ emulated: "true" }, {}], { emulated: true }, "emulated"],
  [[{ emulated: "false" }], { emulated: false }, undefined],
  [
    [{ stand_in: "PocketSphinx, CPU" }, { stand_in: "PocketSphinx, CPU" }],
    { emulated: false, standIn: "PocketSphinx, CPU" },
    "stand-in: PocketSphinx, CPU",
  ],
])("reads the mark of models %j", (parameters, mark, word) => {
  const found = markAmong(parameters);
  expect(found).toEqual(mark);
  expect(markWord(found)).toBe(word);
});

it("joins the marks of several servers", () => {
  const mark = commonMark([
    { emulated: false, standIn: "a" },
    { emulated: true },
    {},
    { emulated: false, standIn: "b" },
    { emulated: false, standIn: "a" },
  ]);
  expect(mark).toEqual({ emulated: true, standIn: "a; b" });
  expect(markWord(mark)).toBe("emulated, stand-in: a; b");
  expect(commonMark([{}, { emulated: false }])).toEqual({ emulated: false });
});
