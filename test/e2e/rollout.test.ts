/**
 * The rollback drill: versions of a server (emulators) behind the real gateway under load, changed by the built `bench rollout`. A slow
 * one, one that ends at its start and one that an alert tells of are returned from, and no session of the load is lost.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import type { Finished } from "../support/bench-process.ts";
import { bench, readRun, startBench, tempFolder } from "../support/bench-process.ts";
import { launchGateway } from "../support/gateway-process.ts";
import { freePort } from "../support/prometheus-servers.ts";

const EXAMPLE = fileURLToPath(new URL("../../examples/rollout/local", import.meta.url));
const version = (letter: string): string => `registry.example/riva@sha256:${letter.repeat(64)}`;
const [A, SLOW, GOOD, BROKEN] = ["a", "b", "c", "d"].map(version) as [string, string, string, string];

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Answers /api/v1/alerts as Prometheus 2 and 3 do. */
async function fakePrometheus(): Promise<{ url: string; fire(): number }> {
  let activeAt: string | undefined;
  const server: Server = createServer((request, response) => {
    const alert = {
      labels: { alertname: "SloBurnFast", severity: "page" },
      annotations: { summary: "final_from_speech_end p95 burns 20 times its budget" },
      state: "firing",
      activeAt,
      value: "2e+01",
    };
    const known = request.url === "/api/v1/alerts";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" });
    response.end(
      JSON.stringify({ status: "success", data: { alerts: activeAt === undefined ? [] : [alert] } }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fire: () => {
      activeAt = new Date().toISOString();
      return Date.parse(activeAt);
    },
  };
}

interface Ended {
  outcome: string;
  detail: string;
  noticedAfterMs?: number;
  returnedAfterMs?: number;
  steps: { name: string; ok: boolean; tookMs: number; run?: string }[];
}

test("rollback drill: slow, broken and alarming versions are returned from, no session is lost", async () => {
  const folder = tempFolder();
  cpSync(EXAMPLE, folder, { recursive: true });
  const prometheus = await fakePrometheus();
  const [blue, green] = [await freePort(), await freePort()];
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const placed = (name: string): string =>
    readFileSync(join(EXAMPLE, name), "utf8").replaceAll("50051", `${blue}`).replaceAll("50061", `${green}`);
  write("gateway.yaml", placed("gateway.yaml"));
  const gateway = await launchGateway(["--config", join(folder, "gateway.yaml")]);
  stops.push(() => gateway.child.kill("SIGKILL"));
  write("gateway.pid", `${gateway.child.pid}`);
  const address = `ws://127.0.0.1:${gateway.port}/v1/stream`;
  write(
    "rollout.yaml",
    placed("rollout.yaml")
      .replace("ws://127.0.0.1:9000/v1/stream", address)
      .replace("http://127.0.0.1:9090", prometheus.url)
      .replaceAll("service.mjs", join(EXAMPLE, "service.mjs")),
  );
  // Long chunks, so that other work of this machine does not spoil the load: versions differ by seconds.
  const audio = "audio: { chunk: 1s, clips: { max: 3s } }";
  write(
    "smoke.yaml",
    `name: smoke
load: { model: concurrency, streams: 12 }
duration: { warmup: 1s, steady: 7s }
${audio}
slo: [final_from_speech_end p50 < 1200ms, error_ratio < 1%]
`,
  );
  for (const slot of ["blue", "green"]) {
    stops.push(() => {
      try {
        process.kill(Number(readFileSync(join(folder, "slots", `${slot}.pid`), "utf8")), "SIGKILL");
      } catch {
        // Stopped by the rollout.
      }
    });
  }

  const lines: string[] = [];
  const told = ({ code, stdout, stderr }: Finished): Ended & { code: number | null } => {
    lines.push(stderr);
    if (stdout === "") throw new Error(`exit code ${code}: ${stderr}`);
    return { code, ...(JSON.parse(stdout) as Ended) };
  };
  /** A smoke run that is void, or was cut down to too few sessions, says that this machine was busy. */
  const deploy = async (image: string): Promise<ReturnType<typeof told>> => {
    for (let attempt = 1; ; attempt++) {
      const ended = told(await bench(["rollout", "deploy", image, "--json"], { cwd: folder }));
      if ((ended.code !== 5 && ended.code !== 6) || attempt === 3) return ended;
    }
  };
  const serving = async (): Promise<unknown> => {
    const { stdout } = await bench(["rollout", "status", "--json"], { cwd: folder });
    const { current, earlier, change } = JSON.parse(stdout) as Record<string, unknown>;
    return { image: (current as { image: string }).image, earlier, change };
  };

  /** Upstreams as the gateway has them now. */
  const upstreams = async (): Promise<string[]> => {
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/health/ready`);
    return ((await answer.json()) as { upstreams: { name: string }[] }).upstreams.map(({ name }) => name);
  };

  expect(await deploy(A)).toMatchObject({ code: 0, outcome: "serves" });
  const slotOfA = await upstreams();
  expect(slotOfA).toHaveLength(1);
  /** Who gets the callers, looked at all the time. */
  const seen = new Set<string | undefined>();
  const looking = setInterval(
    () =>
      void upstreams().then(
        ([first]) => seen.add(first),
        () => seen.add(undefined),
      ),
    250,
  );
  stops.push(() => clearInterval(looking));

  write(
    "load.yaml",
    `name: load
load: { model: concurrency, streams: 20 }
duration: { warmup: 1s, steady: 10m }
${audio}
slo: [error_ratio < 1%]
`,
  );
  const load = startBench(["-s", "load.yaml", "-t", address, "--out", "load", "--quiet"], { cwd: folder });
  stops.push(() => load.child.kill("SIGKILL"));

  const slow = await deploy(SLOW);
  expect(slow).toMatchObject({ code: 3, outcome: "refused" });
  expect(slow.detail).toMatch(/final_from_speech_end p50 < 1200ms: \d/);
  expect(await serving()).toEqual({ image: A, earlier: [] });

  const broken = await deploy(BROKEN);
  expect(broken).toMatchObject({ code: 7, outcome: "refused" });
  expect(broken.detail).toMatch(/it has ended while it started/);
  expect(await serving()).toEqual({ image: A, earlier: [] });
  // No caller was sent to either of them.
  expect([...seen]).toEqual(slotOfA);
  expect(await upstreams()).toEqual(slotOfA);

  const good = await deploy(GOOD);
  expect(good).toMatchObject({ code: 0, outcome: "serves" });
  expect(await upstreams()).not.toEqual(slotOfA);
  const watch = startBench(["rollout", "watch", "--for", "5m", "--json"], { cwd: folder });
  await watch.sees(/watching SloBurnFast/);
  const firedMs = prometheus.fire();
  await watch.sees(/SloBurnFast fires since/);
  const noticedAfterMs = Date.now() - firedMs;
  const watched = told(await watch.finished);
  expect(watched).toMatchObject({ code: 3, outcome: "serves", to: A, from: GOOD });
  expect(await serving()).toEqual({ image: A, earlier: [] });
  expect(await upstreams()).toEqual(slotOfA);
  const servedAgainMs = watched.steps
    .slice(0, watched.steps.findIndex(({ name }) => name === "traffic") + 1)
    .reduce((sum, { tookMs }) => sum + tookMs, 0);

  load.child.kill("SIGINT");
  // It lasted until now.
  expect((await load.finished).code).toBe(130);
  const { result } = readRun(join(folder, "load"));
  const phases = Object.values(result.sessionsByPhase);
  const lost = phases.flatMap(({ failures }) => failures).filter(({ origin }) => origin !== "generator");
  const started = phases.reduce((sum, phase) => sum + phase.started, 0);
  expect(phases.reduce((sum, { completed, failed }) => sum + completed + failed, 0)).toBe(started);
  const audit = readFileSync(join(folder, "rollout/audit.jsonl"), "utf8").trimEnd().split("\n");

  const seconds = (ms = NaN): string => `${(ms / 1000).toFixed(1)} s`;
  console.log(
    [
      ...lines,
      `slow version:     noticed after ${seconds(slow.noticedAfterMs)}, A alone again ${seconds(slow.returnedAfterMs)} later; A served all the time`,
      `broken version:   noticed after ${seconds(broken.noticedAfterMs)}, A alone again ${seconds(broken.returnedAfterMs)} later; A served all the time`,
      `alarming version: noticed ${seconds(noticedAfterMs)} after the alert, A served again ${seconds(servedAgainMs)} later`,
      `sessions: ${started} begun, ${lost.length} lost`,
    ].join("\n"),
  );
  expect(lost).toEqual([]);
  expect(started).toBeGreaterThan(100);
  expect(noticedAfterMs).toBeLessThan(10_000);
  expect(servedAgainMs).toBeLessThan(30_000);
  expect(audit.map((line) => (JSON.parse(line) as Ended).outcome)).toEqual(
    expect.arrayContaining(["serves", "refused"]),
  );
}, 240_000);
