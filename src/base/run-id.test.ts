import { expect, test } from "vitest";
import { isRunId } from "./run-id.ts";

test.each(["2025-03-14T09-26-53-smoke-5f3a", "main", "v1.2_rc", "测试-1", "a..b"])("%s names a run", (id) => {
  expect(isRunId(id)).toBe(true);
});

test.each([
  ...[
    "",
    ".",
    "..",
    "../x",
    "a/../../b",
    "/etc/x",
    "a\\b",
    "..\\x",
    "-delete",
    ".hidden",
    "a b",
    "a\nb",
    "a\0",
  ],
  ...["\u001b[2J", "a\u202eb", "x".repeat(201), "C:x", "a%2fb", "~", "$(x)"],
])("%j does not", (id) => {
  expect(isRunId(id)).toBe(false);
});
