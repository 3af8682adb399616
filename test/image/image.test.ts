/** The image, used as by someone who has nothing but it: `npm run test:image` builds it first. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { EXIT } from "../../src/base/errors.ts";
import { readRun, undisturbed } from "../support/bench-process.ts";
import {
  engine,
  engineSays,
  healthy,
  IMAGE,
  inContainer,
  resultsFolder,
  RUN,
  startContainer,
  stopContainer,
} from "../support/containers.ts";

const MOST_MEGABYTES = 250;
const USER = 10_001;
/** All share the emulator's network, a loopback interface, as the containers of a pod do. */
const ON_NETWORK = ["--network", `container:${RUN}-emulator`];
const EMULATOR = "grpc://127.0.0.1:50051";

function onlyRunIn(folder: string): ReturnType<typeof readRun> & { folder: string } {
  const [name = "none", ...more] = readdirSync(folder);
  expect(more).toEqual([]);
  return { ...readRun(join(folder, name)), folder: join(folder, name) };
}

beforeAll(async () => {
  const name = await startContainer(
    "emulator",
    ["emulator", "--host", "0.0.0.0", "--port", "50051", "--http-port", "9001"],
    ["--network", "none", "--env", "HEALTH_URL=http://127.0.0.1:9001/v1/health/ready"],
  );
  await healthy(name);
});

test(`is smaller than ${MOST_MEGABYTES} MB`, async () => {
  const megabytes = Number(await engineSays("image", "inspect", "--format", "{{.Size}}", IMAGE)) / 1e6;
  console.log(`${IMAGE}: ${megabytes.toFixed(0)} MB`);
  expect(megabytes).toBeGreaterThan(100);
  expect(megabytes).toBeLessThan(MOST_MEGABYTES);
});

test("runs as a user without rights, with nothing to write to and no shell", async () => {
  const script = `
    const { readFileSync, writeFileSync } = require("node:fs");
    const tried = (path) => { try { writeFileSync(path, ""); return "written"; } catch (error) { return error.code; } };
    const status = readFileSync("/proc/self/status", "utf8");
    console.log(JSON.stringify({
      user: process.getuid(), group: process.getgid(), capabilities: /CapEff:\\s*(\\w+)/.exec(status)[1],
      program: tried("/app/dist/x"), work: tried("/work/x"), memory: process.constrainedMemory(),
    }));`;
  const { stdout, stderr } = await inContainer(["-e", script], ["--entrypoint", "node"]);
  expect(stderr).toBe("");
  expect(JSON.parse(stdout)).toEqual({
    user: USER,
    group: USER,
    capabilities: "0000000000000000",
    program: "EROFS",
    work: "EROFS",
    memory: 512 * 2 ** 20,
  });
  expect((await inContainer(["-c", "true"], ["--entrypoint", "sh"])).code).toBe(127);
});

test("a smoke run against the emulator in another container passes", async () => {
  let attempts = 0;
  const { result, folder } = await undisturbed(async () => {
    const { folder, mount } = resultsFolder(`smoke-${attempts++}`, USER);
    const { code, stderr } = await inContainer(
      ["--scenario", "smoke", "--target", EMULATOR],
      [...ON_NETWORK, ...mount, "--cpus", "2"],
    );
    const run = onlyRunIn(folder);
    if (run.result.verdict !== "void") expect([code, stderr]).toEqual([EXIT.passed, expect.any(String)]);
    return run;
  });
  expect([result.verdict, result.target.uri, result.target.emulated]).toEqual(["pass", EMULATOR, true]);
  expect(result.sessions.completed).toBeGreaterThan(30);
  expect(existsSync(join(folder, "report.html"))).toBe(true);
  expect(statSync(folder).uid).toBe(USER);
}, 120_000);

test("SIGTERM ends a run with what it has so far", async () => {
  const { folder, mount } = resultsFolder("stopped", USER);
  const name = await startContainer(
    "run",
    ["--scenario", "concurrency-10", "--target", EMULATOR],
    [...ON_NETWORK, ...mount],
  );
  const log = (): string => join(folder, readdirSync(folder)[0] ?? "none", "sessions.ndjson");
  await expect
    .poll(() => existsSync(log()) && statSync(log()).size, { timeout: 40_000, interval: 200 })
    .toBeGreaterThan(0);
  // Without a server to ask a run is healthy while it goes on.
  expect((await engine("exec", name, "node", "/app/deploy/healthcheck.mjs")).code).toBe(0);
  const { code, tookMs } = await stopContainer(name);
  expect(code).toBe(EXIT.interrupted);
  expect(tookMs).toBeLessThan(15_000);
  const { result, sessions } = onlyRunIn(folder);
  expect(result.run.interrupted).toBe(true);
  expect(sessions.length).toBeGreaterThan(0);
}, 90_000);

test("SIGTERM ends a container whose program is still loading", async () => {
  const name = await startContainer(
    "early",
    ["gateway", "--port", "9000", "--upstream", EMULATOR],
    ON_NETWORK,
  );
  // Until Node itself runs, the kernel drops signals for the first process. A gateway that listens to them ends with 0.
  const state = async (): Promise<string> => {
    await engine("kill", "--signal", "TERM", name);
    return engineSays("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}", name);
  };
  await expect.poll(state, { timeout: 20_000, interval: 10 }).toBe(`exited ${EXIT.interrupted}`);
}, 30_000);

test("the gateway serves its page and carries a session to the emulator", async () => {
  const name = await startContainer(
    "gateway",
    ["gateway", "--host", "0.0.0.0", "--port", "9000", "--upstream", EMULATOR],
    [...ON_NETWORK, "--env", "HEALTH_URL=http://127.0.0.1:9000/health/ready"],
  );
  await healthy(name);
  const { stdout } = await inContainer(
    ["-e", 'fetch("http://127.0.0.1:9000/").then(async (r) => console.log(r.status, await r.text()))'],
    [...ON_NETWORK, "--entrypoint", "node"],
  );
  expect(stdout).toMatch(/^200 <!doctype html>/i);
  const checked = await inContainer(["check", "--target", "ws://127.0.0.1:9000/v1/stream"], ON_NETWORK);
  expect(checked.stdout).toMatch(/ok +utterance .* "[a-z ]+"/);
  expect(checked.code).toBe(EXIT.passed);
  expect(await stopContainer(name)).toMatchObject({ code: EXIT.passed });
}, 60_000);

test("what it was told wrong ends with 2 and a sentence", async () => {
  const { code, stderr } = await inContainer(["--scenarios", "smoke"]);
  expect([code, stderr]).toEqual([EXIT.usage, expect.stringContaining("Unknown argument: scenarios")]);
});

test("says that it may not write to the results folder", async () => {
  const { mount } = resultsFolder("of-root", 0);
  const { code, stderr } = await inContainer(
    ["--scenario", "smoke", "--target", EMULATOR],
    [...ON_NETWORK, ...mount],
  );
  expect([code, stderr]).toEqual([
    EXIT.usage,
    expect.stringMatching(/the run folder can't be written: EACCES: permission denied.*\/work\/results/),
  ]);
});

test("the health check fails where no server answers", async () => {
  const name = await startContainer(
    "idle",
    ["emulator", "--port", "50052"],
    [...ON_NETWORK, "--env", "HEALTH_URL=http://127.0.0.1:9003/v1/health/ready"],
  );
  await pause(500);
  const { code, stderr } = await engine("exec", name, "node", "/app/deploy/healthcheck.mjs");
  expect([code, stderr]).toEqual([1, expect.stringContaining("ECONNREFUSED")]);
});
