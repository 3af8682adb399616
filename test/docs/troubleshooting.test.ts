/** docs/troubleshooting.md has messages that the product prints: those that a command line brings out, and those of the sources. */
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { runBench } from "../support/fake-world.ts";

const page = readFileSync(join(PACKAGE_ROOT, "docs/troubleshooting.md"), "utf8");
const MESSAGES = [...page.matchAll(/^### `(.+)`$/gm)].map(([, message = ""]) => message);

/** Command lines that end before any load; `FOLDER` is an empty one. */
const PROVOKED: Readonly<Record<string, readonly string[]>> = {
  'unknown command "..."': ["runn"],
  "Unknown argument: ...": ["--scenari", "smoke"],
  'unknown scenario "..."': ["--scenario", "smokee"],
  'unknown target "..."': ["--target", "gpu-box"],
  "unknown key; did you mean ...?": ["--scenario", "FOLDER/scenario.yaml"],
  "needs a unit": ["--slo", "final_from_close p95 < 800"],
  'no metric "..."': ["--slo", "final_from_clos p95 < 800ms"],
  "holds no run": ["report", "FOLDER/nothing"],
  "can't be used: connect ECONNREFUSED ...": ["--target", "grpc://127.0.0.1:9"],
  "can't be looked up: getaddrinfo ENOTFOUND ...": ["check", "--target", "grpc://no-such-host.invalid:50051"],
  "RIVA_SSL_CA: ... does not exist": ["check", "--target", "grpcs://127.0.0.1:9"],
};

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "riva-bench-troubles-"));
  writeFileSync(join(path, "scenario.yaml"), "name: mine\nlod: { model: concurrency, streams: 5 }\n");
  return path;
}

function filesOf(path: string): string[] {
  return readdirSync(path, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => join(entry.parentPath, entry.name));
}

test("every command line here is for a message of the page", () => {
  expect(MESSAGES.length).toBeGreaterThan(20);
  for (const message of Object.keys(PROVOKED)) expect(MESSAGES).toContain(message);
});

test.each(Object.entries(PROVOKED))("%s", async (message, args) => {
  const path = folder();
  const env = message.startsWith("RIVA_SSL_CA") ? { RIVA_SSL_CA: "/no/such.pem" } : {};
  const heard = await runBench(
    args.map((arg) => arg.replace("FOLDER", path)),
    { cwd: path, env },
  );
  const pattern = message.split("...").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  expect(`${heard.out}${heard.err}`).toMatch(new RegExp(pattern.join(".*")));
  expect(heard.exitCode).toBeGreaterThan(0);
});

const SOURCES = filesOf(join(PACKAGE_ROOT, "src")).map((path) =>
  readFileSync(path, "utf8").replaceAll(/["`] \+\s+["`]/g, ""),
);

test.each(MESSAGES.filter((message) => !(message in PROVOKED)))("is in the sources: %s", (message) => {
  // What stands for a placeholder in the sources: the rest of a text, or a value that is put in.
  const parts = message.split(/\.\.\.|gRPC/).map((part) => part.trim());
  expect(SOURCES.some((source) => parts.every((part) => source.includes(part)))).toBe(true);
});
