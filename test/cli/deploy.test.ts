/** What of `deploy/` can be known without a Docker daemon: files that are there, command lines that are accepted, a valid schema. */
import { existsSync, readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { bench, startBench, tempFolder } from "../support/bench-process.ts";

const ROOT = new URL("../../", import.meta.url);
const text = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

interface Service {
  image: string;
  command?: string[];
  volumes?: string[];
  environment?: Record<string, string>;
}

/** As Compose fills in what is not set: `${NAME:-value}`. */
const compose = parse(
  text("deploy/compose.yaml").replace(/\$\{\w+:-([^}]*)\}/g, (_, value: string) => value),
  { merge: true },
) as { services: Record<string, Service> };

function commandOf(service: string): string[] {
  const found = compose.services[service];
  if (found?.command === undefined || !found.image.startsWith("riva-bench:"))
    throw new Error(`${service} runs no command of ours`);
  return found.command;
}

test("compose.yaml keeps to the Compose specification", () => {
  // The one of https://github.com/compose-spec/compose-spec, as dclint brings it.
  const { $schema, ...schema } = JSON.parse(
    text("node_modules/dclint/schemas/compose.schema.json"),
  ) as Record<string, unknown>;
  expect($schema).toContain("draft-07");
  const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
  expect([validate(compose), validate.errors]).toEqual([true, null]);
  expect(validate({ services: { broken: { image: 7 } } })).toBe(false);
});

test("every folder of this repository that a service mounts is there", () => {
  const mounted = Object.values(compose.services)
    .flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(":")[0] ?? ""))
    .filter((source) => source.startsWith("."));
  expect(mounted.length).toBeGreaterThan(4);
  for (const source of mounted)
    expect([source, existsSync(new URL(source, new URL("deploy/", ROOT)))]).toEqual([source, true]);
});

test("all that the Dockerfile copies and starts is there, once it is built", () => {
  const dockerfile = text("deploy/Dockerfile");
  const copied = [...dockerfile.matchAll(/^COPY (?:--\S+ )*(.+) \S+$/gm)]
    .flatMap(([, sources = ""]) => sources.split(" "))
    // Not what a base brings, nor the empty folder for results.
    .filter((source) => !source.startsWith("/") || source.startsWith("/app/"))
    .map((source) => source.replace(/^\/app\//, ""));
  expect(copied).toContain("dist");
  const ignored = text(".dockerignore").split("\n");
  for (const source of copied) {
    expect([source, existsSync(new URL(source, ROOT))]).toEqual([source, true]);
    // What is built inside comes from the first stage; the rest must get into it.
    if (!["dist", "node_modules"].includes(source)) expect(ignored).not.toContain(source);
  }
  for (const [, script = ""] of dockerfile.matchAll(/"\/app\/([^"]+)"/g))
    expect([
      script,
      copied.some((source) => script.startsWith(source)) && existsSync(new URL(script, ROOT)),
    ]).toEqual([script, true]);
});

test("the gateway's command line is a configuration that it accepts", async () => {
  const { code, stderr } = await bench([...commandOf("gateway"), "--check-config"]);
  expect([stderr, code]).toEqual(["", 0]);
});

test("the emulator's command line starts one", async () => {
  const ports = new Set(["50051", "9000"]);
  const args = commandOf("emulator").map((arg) => (ports.has(arg) ? "0" : arg));
  expect(args.filter((arg) => arg === "0").length).toBe(2);
  const emulator = startBench([...args, "--json"]);
  const ready = new Promise<string>((resolve) =>
    emulator.child.stdout?.once("data", (line: Buffer) => resolve(line.toString())),
  );
  expect(await Promise.race([ready, emulator.finished.then(({ stderr }) => stderr)])).toContain("0.0.0.0");
  emulator.child.kill("SIGTERM");
  expect((await emulator.finished).code).toBe(0);
}, 20_000);

test("the command line of a run is accepted: only its target is missing here", async () => {
  const args = commandOf("bench").map((arg) => arg.replace(/^--target=.*/, "--target=grpc://127.0.0.1:1"));
  const { code, stderr } = await bench(args, { cwd: tempFolder() });
  expect([code, stderr]).toEqual([7, expect.stringContaining("127.0.0.1:1 can't be used")]);
}, 20_000);
