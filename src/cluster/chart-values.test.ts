import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { newRunId } from "../base/run-id.ts";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import type { ClusterFlags } from "./chart-values.ts";
import { chartValues } from "./chart-values.ts";
import { releaseOf } from "./release.ts";
import { joinMsOf } from "./values-file.ts";

const cwd = mkdtempSync(join(tmpdir(), "riva-bench-values-"));

function valuesOf(flags: Partial<ClusterFlags>, env: Record<string, string> = {}): Promise<object> {
  return chartValues({ root: PACKAGE_ROOT, cwd, env }, { joinMs: 300_000, ...flags }, "night");
}

const RUN = { id: "night", resultInLog: true, flags: [], joinTimeoutSeconds: 300 };

test("without anything: the chart's scenario against an emulator of its own", async () => {
  expect(await valuesOf({})).toEqual({ run: RUN, emulator: { enabled: true } });
});

test("a limit of waiting that nobody gave is left to the values", async () => {
  expect(await valuesOf({ joinMs: undefined })).toHaveProperty("run", {
    id: "night",
    resultInLog: true,
    flags: [],
  });
});

test("a file of values says how long pods wait, and may not name the run", async () => {
  const file = join(cwd, "some.yaml");
  const read = (text: string): Promise<number | undefined> => {
    writeFileSync(file, text);
    return joinMsOf(file);
  };
  expect(await read("run: { joinTimeoutSeconds: 900 }\nworkers: { count: 3 }\n")).toBe(900_000);
  expect(await read("workers: { count: 3 }\n")).toBe(undefined);
  expect(await read("")).toBe(undefined);
  await expect(read("run: { id: mine }\n")).rejects.toMatchObject({
    exitCode: 2,
    message: `${file}: run.id: the name of a run is given by --run`,
  });
  await expect(joinMsOf(join(cwd, "none.yaml"))).rejects.toMatchObject({ exitCode: 2 });
});

test("names and addresses are passed on, and win over a file of values", async () => {
  expect(
    await valuesOf({
      ...{ scenario: "soak", target: "grpcs://asr.example:443", workers: 8, values: "v.yaml" },
      ...{ image: "registry.example:5000/a/riva-bench:1.2", seed: 7, duration: "10m", slo: ["rtfx > 20"] },
    }),
  ).toEqual({
    image: { repository: "registry.example:5000/a/riva-bench", tag: "1.2", digest: "" },
    scenario: { name: "soak", file: "" },
    target: { name: "grpcs://asr.example:443", file: "" },
    workers: { count: 8 },
    run: { ...RUN, flags: ["--seed=7", "--duration=10m", "--slo=rtfx > 20"] },
  });
});

test("files are sent as they are", async () => {
  const scenario =
    "name: mine\nload: { model: concurrency, streams: 2 }\nduration: { warmup: 1s, steady: 9s }\nslo: []\n";
  const target = 'name: mine\nuri: grpcs://asr.example\nmetadata: { x-api-key: "${RIVA_API_KEY}" }\n';
  writeFileSync(join(cwd, "mine.yaml"), scenario);
  writeFileSync(join(cwd, "target.yaml"), target);
  expect(await valuesOf({ scenario: "mine.yaml", target: "./target.yaml" })).toEqual({
    scenario: { file: scenario },
    target: { name: "", file: target },
    run: RUN,
  });
});

test("a target that is an emulator is one in the cluster", async () => {
  expect(await valuesOf({ target: "emulator-legacy" })).toMatchObject({
    emulator: { enabled: true, profile: "legacy" },
    target: { name: "" },
  });
});

test("an image by digest", async () => {
  const digest = `sha256:${"0".repeat(64)}`;
  expect(await valuesOf({ image: `riva-bench@${digest}` })).toMatchObject({
    image: { repository: "riva-bench", tag: "", digest },
  });
});

const TRACE = "load: { model: trace, file: arrivals.csv }\n";
const CLOSED = "load: { model: concurrency, streams: 2 }\nduration: { warmup: 1s, steady: 9s }\n";

test.each([
  [{ workers: 0 }, "--workers 0: must be a whole number from 1 to 1000"],
  [{ image: "https://registry/x:1" }, "--image https://registry/x:1: not the name of an image"],
  [{ image: "registry/UPPER CASE" }, "--image registry/UPPER CASE: not the name of an image"],
  [{ scenario: "smok" }, 'unknown scenario "smok"'],
  [{ target: "nmi" }, 'unknown target "nmi"'],
  [{ target: "grpc://user:password@host" }, "an address holds no credentials"],
  [{ scenario: "smoke", duration: "-3" }, "--duration"],
])("%o is refused here", async (flags, message) => {
  await expect(valuesOf(flags)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message) as string,
  });
});

test.each([
  [
    "a dataset",
    `name: x\n${CLOSED}audio: { dataset: mine/manifest.jsonl }\nslo: []\n`,
    "audio.dataset: mine/manifest.jsonl is a file of this machine",
  ],
  [
    "a trace",
    `name: x\n${TRACE}duration: { warmup: 1s, steady: 9s }\nslo: []\n`,
    "load.file: arrivals.csv is a file of this machine",
  ],
  [
    "a stored run",
    `name: x\n${CLOSED}scoring: { parity: { run: old } }\nslo: []\n`,
    "scoring.parity: old is a file of this machine",
  ],
])("a scenario that names %s beside itself is refused", async (_, text, message) => {
  writeFileSync(join(cwd, "beside.yaml"), text);
  await expect(valuesOf({ scenario: "beside.yaml" })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message) as string,
  });
});

test("a dataset on a claim is taken by its path there", async () => {
  writeFileSync(join(cwd, "claim.yaml"), `name: x\n${CLOSED}audio: { dataset: /datasets/mine }\nslo: []\n`);
  expect(await valuesOf({ scenario: "claim.yaml" })).toHaveProperty("scenario.file");
});

test("a secret in a target file never becomes a value", async () => {
  writeFileSync(join(cwd, "leaky.yaml"), "name: x\nuri: grpcs://a\nmetadata: { x-api-key: s3cr3t }\n");
  const refused = valuesOf({ target: "leaky.yaml" });
  await expect(refused).rejects.toMatchObject({ exitCode: 2 });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("s3cr3t") as string });
});

test.each([
  ["a passphrase", "uri: grpcs://a\ntls: { keyPassphrase: s3cr3t }", "tls.keyPassphrase: holds a secret"],
  ["credentials of uri", "uri: grpcs://u:s3cr3t@a", "uri: an address holds no credentials"],
  [
    "credentials of http",
    "uri: grpcs://a\nhttp: https://u:s3cr3t@a",
    "http: an address holds no credentials",
  ],
  [
    "credentials of a scrape",
    "uri: grpc://a\nscrape: [{ url: 'http://u:s3cr3t@a/metrics' }]",
    "scrape: an addr",
  ],
  ["a file beside it", "uri: grpcs://a\ntls: { ca: ca.pem }", "tls.ca: ca.pem is a file of this machine"],
])("%s in a target file is refused before it gets into the cluster", async (_, text, message) => {
  writeFileSync(join(cwd, "shown.yaml"), `name: x\n${text}\n`);
  const refused = valuesOf({ target: "shown.yaml" });
  await expect(refused).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining(message) as string,
  });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining("s3cr3t") as string });
});

test("a target file that refers to the environment and to files of the pods is taken", async () => {
  const tls = '{ ca: /tls/ca.pem, key: "${RIVA_SSL_KEY}", keyPassphrase: "${PASS}" }';
  writeFileSync(join(cwd, "plain.yaml"), `name: x\nuri: grpcs://a\ntls: ${tls}\n`);
  expect(await valuesOf({ target: "plain.yaml" })).toHaveProperty("target.file");
});

test("this machine's RIVA_HOST is not silently left out", async () => {
  await expect(valuesOf({}, { RIVA_HOST: "gpu-box" })).rejects.toMatchObject({
    message: "RIVA_HOST is set, and pods don't see this machine's environment",
  });
});

test("a release is named for its run, within what Kubernetes takes", () => {
  expect(releaseOf("night")).toBe("bench-night");
  const made = newRunId({ epochMs: () => 0 }, "concurrency-50");
  expect(made).toMatch(/^1970-01-01T00-00-00-concurrency-50-[0-9a-f]{4}$/);
  expect(releaseOf(made)).toBe(`bench-${made.toLowerCase()}`);
  const long = [`A_b.${"c".repeat(100)}1`, `A_b.${"c".repeat(100)}2`].map(releaseOf);
  expect(new Set(long).size).toBe(2);
  for (const name of [...long, releaseOf("Größe"), releaseOf("é")])
    expect(name).toMatch(/^(?=.{7,48}$)bench-[a-z0-9]+(?:-[a-z0-9]+)*$/);
});
