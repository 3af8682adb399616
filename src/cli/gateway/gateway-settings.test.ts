import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { runBench } from "../../../test/support/fake-world.ts";
import { gatewaySettings } from "./gateway-settings.ts";

function folderWith(dotEnv: string): string {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
  writeFileSync(join(cwd, ".env"), dotEnv);
  return cwd;
}

const CHECK = ["gateway", "--check-config", "--upstream", "grpc://127.0.0.1:1"];

test.each([
  "EXTENDS",
  "extends",
  "CONFIG",
  "PKG_CONF",
  "__PROTO__",
  "CONSTRUCTOR",
  "HELP",
  "VERSION",
  "_",
  "TOKEN_SECRET",
])("BENCH_GATEWAY_%s, in .env or the environment, loads no code", async (name) => {
  const proof = join(mkdtempSync(join(tmpdir(), "riva-bench-test-")), "ran");
  const planted = `require("node:fs").writeFileSync(${JSON.stringify(proof)}, "");`;
  const cwd = folderWith(`BENCH_GATEWAY_${name}=./planted.cjs\nNODE_OPTIONS=--require=./planted.cjs\n`);
  writeFileSync(join(cwd, "planted.cjs"), planted);
  writeFileSync(join(cwd, "planted.yaml"), "extends: ./planted.cjs\n");
  await runBench(CHECK, { cwd });
  await runBench(CHECK, {
    cwd: mkdtempSync(join(tmpdir(), "riva-bench-test-")),
    env: { [`BENCH_GATEWAY_${name}`]: join(cwd, "planted.cjs") },
  });
  expect((await runBench(["gateway", "--check-config", "--config", "planted.yaml"], { cwd })).exitCode).toBe(
    2,
  );
  expect(existsSync(proof)).toBe(false);
});

test("an empty variable hides neither .env nor the file: mutual TLS stays, and an error names .env", async () => {
  const cwd = folderWith("BENCH_GATEWAY_TLS_CLIENT_CA=ca.crt\n");
  const env = { BENCH_GATEWAY_TLS_CLIENT_CA: "", BENCH_GATEWAY_PORT: "" };
  expect(await gatewaySettings({ env, cwd })).toEqual({ "tls-client-ca": "ca.crt" });
  writeFileSync(join(cwd, "g.yaml"), "port: 4321\n");
  const withoutCa = { ...env, BENCH_GATEWAY_CONFIG: "" };
  writeFileSync(join(cwd, ".env"), "BENCH_GATEWAY_CONFIG=g.yaml\n");
  const { out } = await runBench(CHECK, { cwd, env: withoutCa });
  expect(JSON.parse(out)).toMatchObject({ port: 4321 });
  writeFileSync(join(cwd, ".env"), "BENCH_GATEWAY_PORT=x\n");
  const { err } = await runBench(CHECK, { cwd, env });
  expect(err).toContain("BENCH_GATEWAY_PORT in .env: must be a whole number");
});

test("the environment comes before .env, an empty value means not set", async () => {
  const cwd = folderWith(
    "BENCH_GATEWAY_PORT=1\nBENCH_GATEWAY_HOST=h\nBENCH_GATEWAY_UPSTREAM=grpc://a:1\nBENCH_GATEWAY_CHECK_CONFIG=true\n",
  );
  const env = { BENCH_GATEWAY_PORT: "2", BENCH_GATEWAY_HOST: "", BENCH_GATEWAY_SERVICE_HOST: "10.0.0.1" };
  expect(await gatewaySettings({ env, cwd })).toEqual({
    port: 2,
    host: "h",
    upstream: ["grpc://a:1"],
    "check-config": true,
  });
});

test("a flag comes before both", async () => {
  const cwd = folderWith("BENCH_GATEWAY_PORT=1\n");
  const { out } = await runBench([...CHECK, "--port", "3"], { cwd, env: { BENCH_GATEWAY_PORT: "2" } });
  expect(JSON.parse(out)).toMatchObject({ port: 3 });
});

test.each([
  [
    "BENCH_GATEWAY_UPSTREM=x",
    /\.env: BENCH_GATEWAY_UPSTREM is no setting.*\n.*Did you mean BENCH_GATEWAY_UPSTREAM\?/,
  ],
  ["BENCH_GATEWAY_EXTENDS=x", /\.env: BENCH_GATEWAY_EXTENDS is no setting/],
  ["BENCH_GATEWAY_PORT=9000x", /BENCH_GATEWAY_PORT in \.env: must be a whole number/],
  ["BENCH_GATEWAY_PORT=tcp://10.0.0.1:9000", /enableServiceLinks: false/],
  ["BENCH_GATEWAY_CHECK_CONFIG=maybe", /BENCH_GATEWAY_CHECK_CONFIG in \.env: must be true or false/],
])("%s is refused by its name", async (line, message) => {
  const { err, exitCode } = await runBench(CHECK, { cwd: folderWith(line) });
  expect([exitCode, err]).toEqual([2, expect.stringMatching(message)]);
});

test.each([
  ["a folder", (path: string) => mkdirSync(path)],
  ["binary", (path: string) => writeFileSync(path, Buffer.from([0xff, 0xfe, 0x52, 0, 0x3d, 0]))],
  ["with NULs", (path: string) => writeFileSync(path, "A\0=b")],
])("a .env that is %s is bad input, for every command that reads it", async (_, make) => {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-test-"));
  make(join(cwd, ".env"));
  for (const args of [CHECK, ["check"]]) {
    const { err, exitCode } = await runBench(args, { cwd });
    expect([exitCode, err]).toEqual([2, expect.stringContaining(`${join(cwd, ".env")} can't be read`)]);
  }
});
