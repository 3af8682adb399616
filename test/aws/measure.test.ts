/** The scripts that measure, for real: an emulated NIM and a gateway before it in the place of the host. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { fakePrograms, program } from "../support/aws.ts";
import type { Finished } from "../support/bench-process.ts";
import { tempFolder } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import type { RunningGateway } from "../support/gateway-process.ts";
import { startGatewayProcess } from "../support/gateway-process.ts";

const PATH = process.env["PATH"] ?? "";
const IMAGE = `nvcr.io/nim/nvidia/parakeet@sha256:${"0123456789abcdef".repeat(4)}`;

/** As production-validation, with fewer callers for seconds. */
const SHORT = `
name: short-validation
load:
  model: stages
  settle: 1s
  stages:
    - { name: calm, model: concurrency, streams: 2, for: 5s }
    - { name: busy, model: concurrency, streams: 4, for: 5s }
duration: { warmup: 1s }
audio: { clips: { max: 3s } }
slo: [error_ratio < 100%]
`;

let emulator: RunningEmulator;
let gateway: RunningGateway;
beforeAll(async () => {
  emulator = await startEmulatorProcess(["--http-port", "0"]);
  gateway = await startGatewayProcess([emulator.port]);
});
afterAll(async () => {
  await gateway.stop();
  await emulator.stop();
});

/** A folder with the riva.env that riva-100-provision.sh would have written for the emulator. */
function hostFolder(more = ""): string {
  const folder = tempFolder();
  const lines = [
    "RIVA_HOST=127.0.0.1",
    `RIVA_PORT=${emulator.port}`,
    `NIM_HTTP_API_PORT=${emulator.httpPort ?? 0}`,
    "GATEWAY_HOST=127.0.0.1",
    `GATEWAY_PORT=${gateway.port}`,
    "RIVA_SCENARIO=short.yaml",
  ];
  writeFileSync(join(folder, "riva.env"), `${lines.join("\n")}\n${more}`);
  writeFileSync(join(folder, "short.yaml"), SHORT);
  return folder;
}

function script(
  name: string,
  cwd: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<Finished> {
  const path = join(PACKAGE_ROOT, `scripts/riva-${name}.sh`);
  return program(path, args, { cwd, env: { PATH, HOME: cwd, ...env } });
}

test.each([
  ["105-check", [], /The target can be used\. It is emulated\./],
  ["110-transcribe", ["--pace", "0"], /\w+ \w+/],
  ["120-end-to-end", [], /The gateway adds .* to the first partial/],
  ["125-validate-production", ["--quiet"], /short-validation against nim[\s\S]*\nbusy /],
])(
  "riva-%s.sh runs twice with the same end",
  async (name, args, shows) => {
    const folder = hostFolder();
    const dry = await script(name, folder, ["--dry-run", ...args]);
    expect([dry.code, dry.stdout, dry.stderr]).toEqual([
      0,
      "",
      expect.stringMatching(/would run: bench \w+ .*--target nim/),
    ]);
    for (let times = 0; times < 2; times++) {
      const { code, stdout, stderr } = await script(name, folder, args);
      // 5 and 6: this machine was busy, or saw too few sessions.
      expect([stderr, name.startsWith("125") ? [0, 5, 6].includes(code ?? -1) : code === 0]).toEqual([
        expect.stringContaining("runs: bench "),
        true,
      ]);
      expect(stdout).toMatch(shows);
    }
    const logged = readFileSync(join(folder, "riva.log"), "utf8").trim().split("\n");
    expect(logged).toEqual(Array(2).fill(expect.stringMatching(/^20\S+Z \S+ riva-\S+: runs: bench /)));
  },
  120_000,
);

test("a gateway that is not there, a host that is none, a file that is missing: bench's own exit codes", async () => {
  const gone = { RIVA_PORT: "1" };
  expect((await script("105-check", hostFolder(), [], gone)).code).toBe(7);
  expect((await script("120-end-to-end", hostFolder(), [], { GATEWAY_PORT: "1" })).code).toBe(7);
  expect((await script("110-transcribe", hostFolder(), ["missing.wav", "--offline"])).code).not.toBe(0);
  expect((await script("125-validate-production", hostFolder(), ["--quiet"], gone)).code).toBe(7);
  expect(
    (await script("125-validate-production", hostFolder(), [], { RIVA_SCENARIO: "none.yaml" })).code,
  ).toBe(2);
}, 60_000);

test("without a host, a gateway or a build the scripts say what to do", async () => {
  for (const [name, env, message] of [
    ["105-check", { RIVA_HOST: "" }, "written by riva-100-provision.sh"],
    ["120-end-to-end", { GATEWAY_HOST: "" }, "GATEWAY_HOST is not set"],
    ["105-check", { RIVA_SERVER: "triton" }, "RIVA_SERVER is 'triton': nim or legacy"],
    ["105-check", { RIVA_WAIT_S: "45m" }, "RIVA_WAIT_S is '45m': whole seconds"],
    ["105-check", { BENCH: "/nowhere/main.js" }, "run npm ci in"],
  ] as const) {
    const { code, stderr } = await script(name, hostFolder(), [], env);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});

/** A bench that writes down its arguments; `answers` are its exit codes, one a call, the last for good. */
function fakeBench(answers: readonly number[], prints = ""): string {
  const path = join(tempFolder(), "main.cjs");
  writeFileSync(
    path,
    `const { appendFileSync, existsSync, readFileSync } = require("node:fs");
const calls = existsSync("calls") ? readFileSync("calls", "utf8").trim().split("\\n").length : 0;
appendFileSync("calls", process.argv.slice(2).join(" ") + "\\n");
if (process.argv[3] === "status") console.log(${JSON.stringify(prints)});
else process.exitCode = [${answers.join()}][calls] ?? ${answers.at(-1) ?? 0};`,
  );
  return path;
}

const callsIn = (folder: string): string[] => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");

test("riva-105-check.sh asks a server again that can't be used yet, for as long as it is told", async () => {
  const sleepless = `${fakePrograms({ sleep: "exit 0" })}:${PATH}`;
  const folder = hostFolder();
  const env = { PATH: sleepless, RIVA_SERVER: "legacy", RIVA_WAIT_S: "60", BENCH: fakeBench([7, 7, 0]) };
  expect((await script("105-check", folder, ["--json"], env)).code).toBe(0);
  expect(callsIn(folder)).toEqual(Array(3).fill("check --target legacy-riva --json"));
  const other = hostFolder();
  expect((await script("105-check", other, [], { ...env, BENCH: fakeBench([2]) })).code).toBe(2);
  expect(callsIn(other)).toHaveLength(1);
});

test("riva-130-rollback.sh leaves the release that is named, once", async () => {
  const state = (change?: object): string =>
    JSON.stringify({
      schema: "riva-bench/rollout@1",
      current: { image: IMAGE, slot: "host" },
      earlier: ["x"],
      change,
    });
  const asked = "rollout status --config rollout.yaml --json";
  const back = "rollout back --config rollout.yaml --why slow";
  const run = async (image: string[], prints: string, code: number): Promise<[number | null, string[]]> => {
    const folder = hostFolder();
    writeFileSync(join(folder, "rollout.yaml"), "");
    const done = await script("130-rollback", folder, [...image, "--why", "slow"], {
      BENCH: fakeBench([0, code], prints),
    });
    return [done.code, callsIn(folder)];
  };
  expect(await run([IMAGE], state(), 0)).toEqual([0, [asked, back]]);
  expect(await run([IMAGE], state(), 1)).toEqual([1, [asked, back]]);
  expect(await run([IMAGE.replace("@", "-b@")], state(), 0)).toEqual([0, [asked]]);
  const killed = state({ to: { image: IMAGE.replace("@", "-b@") } });
  expect(await run([IMAGE.replace("@", "-b@")], killed, 0)).toEqual([0, [asked, back]]);
  // Nothing is known: saying that there is nothing to do would leave the release that serves.
  expect(await run([IMAGE], JSON.stringify({ schema: "riva-bench/rollout@1", earlier: [] }), 0)).toEqual([
    2,
    [asked],
  ]);
  for (const [args, message] of [
    [["--why", "slow"], "no release is named"],
    [[IMAGE.slice(0, -1)], "no image with its whole digest"],
    [[IMAGE], "rollout.yaml does not exist"],
  ] as const) {
    const folder = hostFolder();
    if (message.startsWith("no ")) writeFileSync(join(folder, "rollout.yaml"), "");
    const { code, stderr } = await script("130-rollback", folder, [...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  }
});
