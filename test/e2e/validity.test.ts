/** A run that was held up says nothing, and a server that dies never passes: whatever the SLOs say. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import {
  descendants,
  failuresOfOthers,
  isAlive,
  readRun,
  sleep,
  startBench,
  tempFolder,
} from "../support/bench-process.ts";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { unlessSpoiled } from "../support/stalls.ts";

let server: DelayServer | undefined;
afterEach(() => server?.close());

const TEXT = Array.from({ length: 20 }, (_, i) => `word${i}`).join(" ");

async function startRun(extra: readonly string[] = [], env: Record<string, string> = {}) {
  server = await startDelayServer({ partialMs: 20, finalMs: 30, text: TEXT });
  const out = join(tempFolder(), "run");
  const scenario = join(tempFolder(), "lax.yaml");
  // The laxest SLO there is: nothing but validity and the target's life can stop this run from passing.
  writeFileSync(
    scenario,
    `name: lax
description: short clips, nearly nothing asked
load: { model: concurrency, streams: 5 }
duration: { warmup: 1s, steady: 10s }
audio: { clips: { max: 3s } }
slo: ["error_ratio < 100%"]
`,
  );
  const target = ["--target", `grpc://${server.address}`];
  const bench = startBench(["--scenario", scenario, ...target, "--out", out, ...extra], { env });
  // The first progress line comes at the first snapshot after T0.
  await bench.sees(/(warm-up|steady) \d+s/);
  // Sessions of the window are open and some have ended by now.
  await sleep(5500);
  return { bench, out, server };
}

describe("a run that was held up", () => {
  it("is void when its whole process group stands still for a second", async () => {
    const { bench, out } = await startRun();
    process.kill(-bench.child.pid!, "SIGSTOP");
    await sleep(1000);
    process.kill(-bench.child.pid!, "SIGCONT");
    const { code, stdout } = await bench.finished;
    const { result } = readRun(out);
    expect(result.verdict).toBe("void");
    expect(code).toBe(5);
    expect(stdout).toContain("VOID");
    const stall = result.validity.checks.find((check) => check.name === "stalls");
    expect(stall?.verdict).toBe("fail");
    expect(stall?.observed).toBeGreaterThan(900);
  });

  it("is void when the coordinator alone stands still", async () => {
    const { bench, out } = await startRun();
    bench.child.kill("SIGSTOP");
    await sleep(1000);
    bench.child.kill("SIGCONT");
    const { code } = await bench.finished;
    expect(code).toBe(5);
    expect(readRun(out).result.validity.checks.find((check) => check.name === "stalls")?.advice).toContain(
      "coordinator",
    );
  });

  it("is void when the worker is busy with something else", async () => {
    // Loaded into every process of the run; only the worker spins, for 700 ms, in the window.
    const preload = join(tempFolder(), "busy.mjs");
    writeFileSync(
      preload,
      `if (process.argv[2] === "worker") setTimeout(() => { for (const end = Date.now() + 700; Date.now() < end;); }, 6000);`,
    );
    const { bench, out } = await startRun([], { NODE_OPTIONS: `--import=${preload}` });
    const { code } = await bench.finished;
    expect(code).toBe(5);
    expect(readRun(out).result.validity.checks.find((check) => check.name === "stalls")?.advice).toContain(
      "worker",
    );
  });

  it("is not void when nothing happens", { timeout: 240_000 }, async ({ skip }) => {
    const { code, result } = await unlessSpoiled(
      async () => {
        const { bench, out } = await startRun();
        const { code: exitCode } = await bench.finished;
        server?.close();
        return { code: exitCode, result: readRun(out).result };
      },
      ({ result: { verdict } }) => verdict === "void",
      skip,
    );
    expect(result.validity.checks.filter((check) => check.verdict === "fail")).toEqual([]);
    expect(result.verdict).toBe("pass");
    expect(code).toBe(0);
  });
});

describe("a server that dies in the run", () => {
  // Retried: a run that the machine disturbs is void.
  it("never passes, and what was measured is kept", { retry: 2 }, async () => {
    const { bench, out, server: dying } = await startRun();
    dying.close();
    const { code } = await bench.finished;
    const { result, sessions } = readRun(out);
    expect(result.verdict).toBe("fail");
    expect(code).toBe(3);
    expect(result.slos.find((check) => check.name === "target_alive")?.verdict).toBe("fail");
    expect(result.slos.find((check) => check.name.startsWith("error_ratio"))?.verdict).toBe("pass");
    // What was open was reset or lost its connection, what came later was refused; nothing is blamed on the generator.
    const classes = result.sessions.failures.map((failure) => failure.class);
    expect(classes).toContain("refused");
    expect(classes.filter((kind) => !["refused", "reset", "connection-lost"].includes(kind))).toEqual([]);
    expect(result.sessions.scheduled).toBe(result.sessions.completed + result.sessions.failed);
    expect(sessions.some((session) => session.ok)).toBe(true);
  });
});

describe("interrupting a run", () => {
  it("once: drains, writes a partial result, exits 130", async () => {
    const { bench, out } = await startRun();
    bench.child.kill("SIGINT");
    const { code, stdout, stderr } = await bench.finished;
    expect(code).toBe(130);
    expect(stderr).toContain("once more to stop now");
    expect(stdout).toContain("partial result");
    const { result } = readRun(out);
    expect(result.run.interrupted).toBe(true);
    expect(result.verdict).not.toBe("pass");
    expect(result.window.steadyMs).toBeLessThan(10_000);
    expect(result.sessions.scheduled).toBeGreaterThan(0);
    // A busy machine may have spoiled one; the interrupt cut none.
    expect(failuresOfOthers(result)).toEqual([]);
  });

  it("twice: ends at once and still writes", async () => {
    const { bench, out } = await startRun();
    bench.child.kill("SIGINT");
    await sleep(100);
    const asked = performance.now();
    bench.child.kill("SIGINT");
    const { code } = await bench.finished;
    expect(performance.now() - asked).toBeLessThan(2500);
    expect(code).toBe(130);
    expect(readRun(out).result.sessions.failures.every((failure) => failure.class === "cancelled")).toBe(
      true,
    );
  });
});

describe("children", () => {
  it("end within two seconds of losing their parent", async () => {
    const out = join(tempFolder(), "run");
    const bench = startBench(["--scenario", "smoke", "--out", out]);
    await bench.sees(/(warm-up|steady) \d+s/);
    const children = descendants(bench.child.pid!);
    expect(children.length).toBeGreaterThanOrEqual(2);
    bench.child.kill("SIGKILL");
    await sleep(2000);
    expect(children.filter(isAlive)).toEqual([]);
  });
});
