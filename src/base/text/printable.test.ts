import { expect, test } from "vitest";
import { printable, printableLines, printableStyled } from "./printable.ts";

test.each([
  ["a color", "\u001b[31mred\u001b[0m", "\\u001b[31mred\\u001b[0m"],
  ["a window title, ended by BEL", "\u001b]0;owned\u0007", "\\u001b]0;owned\\u0007"],
  ["a link, ended by ST", "\u001b]8;;http://x\u001b\\y", "\\u001b]8;;http://x\\u001b\\y"],
  ["an 8-bit CSI", "\u009b2J", "\\u009b2J"],
  ["cursor tricks", "pass\rfail\b\b\u007f", "pass\\rfail\\u0008\\u0008\\u007f"],
  ["a second line", "one\ntwo\tthree", "one\\ntwo\\tthree"],
  ["NUL", "a\0b", "a\\u0000b"],
  ["an order of its own", "user\u202egpj.exe\u2066", "user\\u202egpj.exe\\u2066"],
  ["line separators", "a\u2028b\u2029c\u0085d", "a\\u2028b\\u2029c\\u0085d"],
  ["half a surrogate pair", "a\ud83db", "a\\ud83db"],
  ["a workflow command", "::error title=x::y", "\\u003a:error title=x::y"],
  ["an indented workflow command", "  ::add-mask::y", "  \\u003a:add-mask::y"],
  ["an older workflow command", "##[group]x", "\\u0023#[group]x"],
  ["an Azure command", "##vso[task.setvariable variable=x]y", "\\u0023#vso[task.setvariable variable=x]y"],
])("shows %s as text", (_, text, shown) => {
  expect(printable(text)).toBe(shown);
});

test.each([
  "please hold, Mr. Brown",
  "👩‍👩‍👧 naïve Ångström",
  "می‌خواهم",
  "שלום\u200f (x)\u200e",
  "请稍等",
  "::1",
  "::ffff:10.0.0.1",
  "# heading",
  "C:\\temp",
  "",
])("leaves %s alone", (text) => {
  expect(printable(text)).toBe(text);
  expect(printableLines(text)).toBe(text);
});

test("colors stay where they are wanted, and nothing else", () => {
  expect(printableStyled("\u001b[31mFAIL\u001b[0m \u001b[2J\u001b]0;x\u0007\n\u009b1m")).toBe(
    "\u001b[31mFAIL\u001b[0m \\u001b[2J\\u001b]0;x\\u0007\n\\u009b1m",
  );
});

test("several lines keep their ends, and none is a command", () => {
  expect(printableLines("a\r\nb\tc\n::error::d\u001b[1m\re")).toBe("a\nb\tc\n\\u003a:error::d\\u001b[1m\\re");
});
