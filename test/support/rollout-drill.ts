/**
 * The rollback drill: versions of a server behind the real gateway under load, changed by the built `bench rollout`. A slow one, one that
 * ends at its start and one that an alert tells of are returned from, and no session of the load is lost.
 */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import type { Finished } from "./bench-process.ts";
import { bench, readRun, startBench, tempFolder } from "./bench-process.ts";
import { launchGateway } from "./gateway-process.ts";
import { freePort } from "./prometheus-servers.ts";

/** Images of the versions. */
export interface Versions {
  good: string;
  slow: string;
  /** Passes the smoke gate; an alert will tell of it. */
  alarming: string;
  /** Ends at its start. */
  broken: string;
}

export interface DrillPlace {
  /** A folder of examples/rollout. */
  example: string;
  versions: Versions;
  /** Changes the text of the example's rollout.yaml. */
  adapt(rollout: string): string;
  /** Ends what may still run in a slot. */
  free(folder: string, slot: string): unknown;
  /** Starts what tells alerts, given where the load's metrics are. */
  alerts(metricsPort: number): Promise<AlertSource>;
  /** To be called at the end, whatever it is. */
  onEnd(stop: () => unknown): void;
}

export interface AlertSource {
  url: string;
  /** Lets the alert come; resolves with the time when it fires, where that is known here. */
  provoke(): Promise<number | undefined>;
}

interface Ended {
  outcome: string;
  detail: string;
  noticedAfterMs?: number;
  returnedAfterMs?: number;
  steps: { name: string; ok: boolean; tookMs: number; run?: string }[];
}

/** The alert that tells of the alarming version. */
export const ALERT = "SloBurnFast";

/** Runs the drill and prints its figures. */
export async function rollbackDrill(place: DrillPlace): Promise<void> {
  const example = fileURLToPath(new URL(`../../examples/rollout/${place.example}`, import.meta.url));
  const { good: A, slow: SLOW, alarming: ALARMING, broken: BROKEN } = place.versions;
  const folder = tempFolder();
  cpSync(example, folder, { recursive: true });
  const [blue, green, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const source = await place.alerts(metricsPort);
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  const placed = (name: string): string =>
    readFileSync(join(example, name), "utf8")
      .replaceAll("127.0.0.1:50051", `127.0.0.1:${blue}`)
      .replaceAll("127.0.0.1:50061", `127.0.0.1:${green}`);
  write("gateway.yaml", placed("gateway.yaml"));
  const gateway = await launchGateway(["--config", join(folder, "gateway.yaml")]);
  place.onEnd(() => gateway.child.kill("SIGKILL"));
  write("gateway.pid", `${gateway.child.pid}`);
  const address = `ws://127.0.0.1:${gateway.port}/v1/stream`;
  write(
    "rollout.yaml",
    place.adapt(
      placed("rollout.yaml")
        .replace("ws://127.0.0.1:9000/v1/stream", address)
        .replace("http://127.0.0.1:9090", source.url)
        .replace(/names: \[.*\]/, `names: [${ALERT}]`),
    ),
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
  for (const slot of ["blue", "green"]) place.onEnd(() => place.free(folder, slot));

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

  const first = await deploy(A);
  expect(first, first.detail).toMatchObject({ code: 0, outcome: "serves" });
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
  place.onEnd(() => clearInterval(looking));

  write(
    "load.yaml",
    `name: load
load: { model: concurrency, streams: 20 }
duration: { warmup: 1s, steady: 10m }
${audio}
slo: [error_ratio < 1%]
`,
  );
  const load = startBench(
    ["-s", "load.yaml", "-t", address, "--out", "load", "--quiet", "--metrics-port", `${metricsPort}`],
    { cwd: folder },
  );
  place.onEnd(() => load.child.kill("SIGKILL"));

  const slow = await deploy(SLOW);
  expect(slow, slow.detail).toMatchObject({ code: 3, outcome: "refused" });
  expect(slow.detail).toMatch(/final_from_speech_end p50 < 1200ms: \d/);
  expect(await serving()).toEqual({ image: A, earlier: [] });

  const broken = await deploy(BROKEN);
  expect(broken, broken.detail).toMatchObject({ code: 7, outcome: "refused" });
  expect(broken.detail).toMatch(/it has ended while it started/);
  expect(await serving()).toEqual({ image: A, earlier: [] });
  // No caller was sent to either of them.
  expect([...seen]).toEqual(slotOfA);
  expect(await upstreams()).toEqual(slotOfA);

  const deployed = await deploy(ALARMING);
  expect(deployed, deployed.detail).toMatchObject({ code: 0, outcome: "serves" });
  const servesMs = Date.now();
  expect(await upstreams()).not.toEqual(slotOfA);
  const watch = startBench(["rollout", "watch", "--for", "5m", "--json"], { cwd: folder });
  await watch.sees(new RegExp(`watching ${ALERT}`));
  const firedMs = await source.provoke();
  await watch.sees(new RegExp(`${ALERT} fires since`));
  const noticedAfterMs = Date.now() - (firedMs ?? servesMs);
  const watched = told(await watch.finished);
  expect(watched, watched.detail).toMatchObject({ code: 3, outcome: "serves", to: A, from: ALARMING });
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
  const since = firedMs === undefined ? "it had begun to serve" : "the alert";
  console.log(
    [
      ...lines,
      `slow version:     noticed after ${seconds(slow.noticedAfterMs)}, A alone again ${seconds(slow.returnedAfterMs)} later; A served all the time`,
      `broken version:   noticed after ${seconds(broken.noticedAfterMs)}, A alone again ${seconds(broken.returnedAfterMs)} later; A served all the time`,
      `alarming version: noticed ${seconds(noticedAfterMs)} after ${since}, A served again ${seconds(servedAgainMs)} later`,
      `sessions: ${started} begun, ${lost.length} lost`,
    ].join("\n"),
  );
  expect(lost).toEqual([]);
  expect(started).toBeGreaterThan(100);
  expect(noticedAfterMs).toBeLessThan(60_000);
  expect(servedAgainMs).toBeLessThan(30_000);
  expect(audit.map((line) => (JSON.parse(line) as Ended).outcome)).toEqual(
    expect.arrayContaining(["serves", "refused"]),
  );
}
