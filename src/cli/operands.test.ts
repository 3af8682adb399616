import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runBench } from "../../test/support/fake-world.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "bench-operands-"));
});
afterAll(() => rm(cwd, { recursive: true }));

test.each([
  ["-"],
  ["run", "-"],
  ["check", "-"],
  ["check", "--json", "-"],
  ["transcribe", "-"],
  ["transcribe", "--json", "-"],
  ["transcribe", "a.wav", "-"],
  ["transcribe", "--", "-"],
  ["report", "-"],
  ["gate", "-"],
  ["gate", "--json", "-"],
  ["compare", "a", "-"],
  ["history", "-"],
  ["history", "--json", "-"],
  ["scenarios", "-"],
  ["plan", "-"],
])("a lone - is refused: bench %s %s %s", async (...args) => {
  const { err, exitCode } = await runBench(args, { cwd });
  expect(err).toBe("bench: - is not taken for standard input\n  Write /dev/stdin.\n");
  expect(exitCode).toBe(2);
});

test.each([
  [["transcribe", "--target", "grpc://127.0.0.1:1", "--", "gone.wav"], "gone.wav"],
  [["transcribe", "--json", "--", "true"], "true"],
  [["transcribe", "--", "-x.wav"], "-x.wav"],
  [["transcribe", "--", "--"], "--"],
  [["report", "--", "gone"], "gone"],
  [["gate", "--", "gone"], "gone"],
  [["history", "--", "gone"], "gone"],
  [["history", "--json", "--", "--gone"], "--gone"],
  [["scenarios", "--", "gone"], "gone"],
  [["compare", "--", "gone-a", "gone-b"], "gone-"],
  [["compare", "gone-a", "--", "gone-b"], "gone-"],
])("operands after -- are taken: bench %j", async (args, name) => {
  const { err, exitCode } = await runBench(args, { cwd });
  expect(err).toContain(name);
  expect(err).not.toMatch(/Unknown|Not enough|bug|meaning/);
  expect(exitCode).toBe(2);
});

test.each([
  [["transcribe", "--target", "--", "a.wav"], "No value after --target"],
  [["check", "--", "--json"], "Unknown argument: ./--json"],
  [["transcribe", "--"], "Not enough non-option arguments"],
])("what -- does not mend: bench %j", async (args, message) => {
  const { err, exitCode } = await runBench(args, { cwd });
  expect(err).toContain(message);
  expect(exitCode).toBe(2);
});
