import { expect, test } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import { durationFlag } from "./duration.ts";

test.each([
  ["20", 20_000],
  ["20s", 20_000],
  ["1.5s", 1500],
  ["2m", 120_000],
  ["500ms", 500],
  ["1h", 3_600_000],
  [".5", 500],
  [" 3 s ", 3000],
  ["0", 0],
])("%s", (text, ms) => {
  expect(durationFlag("--x", text)).toBe(ms);
});

test.each([
  ["20", 20],
  ["0.2s", 200],
])("%s of a flag in milliseconds", (text, ms) => {
  expect(durationFlag("--x-ms", text, { bare: "ms" })).toBe(ms);
});

test.each([
  "-1",
  "-1s",
  "NaN",
  "Infinity",
  "1e3",
  "",
  "s",
  "1d",
  "1 h 2 m",
  "0x10",
  "9".repeat(400),
  "1,5s",
  "١s",
])("%j is refused with the flag and its spellings", (text) => {
  const error = thrownBy(() => durationFlag("--x", text));
  expect(error).toMatchObject({ exitCode: 2, hint: "Write 20 (seconds), 20s, 1.5s, 2m, 500ms or 1h." });
  expect(error.message).toBe(`--x ${text}: not a duration`);
});

test("bounds are named", () => {
  expect(thrownBy(() => durationFlag("--chunk", "2s", { minMs: 20, maxMs: 1000 })).message).toBe(
    "--chunk 2s: must be 20ms to 1s",
  );
  expect(thrownBy(() => durationFlag("--x", "1000h")).message).toBe("--x 1000h: must be 0ms to 168h");
});
