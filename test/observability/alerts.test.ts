/** A planted breach of an SLO, from the harness's own exposition through real Prometheus and Alertmanager to a receiver. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { serveMetrics, type MetricsServer } from "../../src/watch/metrics-server.ts";
import { exposedFamilies } from "../../src/watch/exposed.ts";
import { labelsOf } from "../../src/watch/exposition.ts";
import type { Observation } from "../../src/metrics/observation/observation.ts";
import { createRecorder } from "../../src/metrics/record/recorder.ts";
import { createRunState, type RunState } from "../../src/watch/run-state.ts";
import { createTotals, type Totals } from "../../src/metrics/record/totals.ts";
import {
  prometheusBinaries,
  type Server,
  startAlertmanager,
  startPrometheus,
  until,
} from "../support/prometheus-servers.ts";
import { sketch } from "../support/timeline.ts";
import { WATCHED_FACTS } from "../support/watched-run.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

interface Received {
  receiver: string;
  status: "firing" | "resolved";
  alert: string;
  slo: string | undefined;
}

/** A run whose sessions are told to end as the test wants. */
interface PlayedRun {
  state: RunState;
  /** So many sessions end, with first words after so many ms. */
  sessions(count: number, firstWordsMs: number): void;
  stall(): void;
}

function play(scenario: string): PlayedRun {
  const { window, slos } = WATCHED_FACTS;
  const recorder = createRecorder({ window, slos });
  const totals: Totals = createTotals({ window, slos });
  const state = createRunState({ ...WATCHED_FACTS, scenario }, 1);
  state.tick({ totals, windowEndMs: window.endMs });
  return {
    state,
    sessions(count, firstWordsMs) {
      for (let seq = 0; seq < count; seq++) recorder.record(session(seq, firstWordsMs));
      const snapshot = recorder.snapshot(0, 12_000);
      totals.add(snapshot);
      state.snapshot(snapshot);
    },
    stall: () => state.stall({ process: "worker 1", gapMs: 900, atMs: 5000 }),
  };
}

function session(seq: number, firstWordsMs: number): Observation {
  return sketch({
    seq,
    startMs: 2000,
    said: [
      [2220 + firstWordsMs, "one", 200],
      [3480, "one two three four.", 1000],
    ],
    endedMs: 3500,
  });
}

const received: Received[] = [];
const breached = play("breached");
const unwell = play("unwell");
let prometheus: Server | undefined;
let alertmanager: Server | undefined;
let metrics: MetricsServer | undefined;
const webhook = createServer((request, response) => {
  let body = "";
  request.on("data", (data: Buffer) => (body += data.toString()));
  request.on("end", () => {
    response.end();
    const { alerts } = JSON.parse(body) as {
      alerts: { status: Received["status"]; labels: Record<string, string> }[];
    };
    for (const { status, labels } of alerts) {
      received.push({
        receiver: request.url ?? "",
        status,
        alert: `${labels["alertname"]} ${labels["scenario"]}`,
        slo: labels["slo"],
      });
    }
  });
});

const got =
  (receiver: string, status: Received["status"], alert: string): (() => Promise<boolean>) =>
  () =>
    Promise.resolve(
      received.some((one) => one.receiver === receiver && one.status === status && one.alert === alert),
    );

beforeAll(async () => {
  await new Promise<void>((resolve) => webhook.listen(0, "127.0.0.1", resolve));
  const { port } = webhook.address() as AddressInfo;
  // The configuration that ships, with its waits shortened and its receivers here.
  alertmanager = await startAlertmanager(
    readFileSync(file("deploy/alertmanager.yml"), "utf8")
      .replaceAll("http://localhost:9099", `http://127.0.0.1:${port}`)
      .replace("group_wait: 30s", "group_wait: 1s")
      .replace("group_interval: 5m", "group_interval: 1s"),
  );
  metrics = await serveMetrics(0, () =>
    [...exposedFamilies(breached.state.view(5000)), ...exposedFamilies(unwell.state.view(5000))].reduce<
      ReturnType<typeof exposedFamilies>
    >((merged, family) => {
      const { name, type, help } = family;
      const samples = family.samples.map((sample) => ({ ...sample, labels: labelsOf(family, sample) }));
      const known = merged.find((one) => one.name === name);
      if (known === undefined) return [...merged, { name, type, help, samples }];
      known.samples.push(...samples);
      return merged;
    }, []),
  );
  prometheus = await startPrometheus(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [${file("dashboards/rules/recording.yaml")}, ${file("dashboards/rules/alerts.yaml")}]
alerting: { alertmanagers: [{ static_configs: [{ targets: ["${new URL(alertmanager.url).host}"] }] }] }
scrape_configs: [{ job_name: bench, static_configs: [{ targets: ["127.0.0.1:${metrics.port}"] }] }]
`);
}, 60_000);

afterAll(async () => {
  await Promise.all([prometheus?.stop(), alertmanager?.stop(), metrics?.close()]);
  webhook.close();
});

describe("a planted breach", () => {
  it("is received by the pager, and its end too; a void run stays silent", async () => {
    unwell.stall();
    for (const run of [breached, unwell]) run.sessions(100, 100);
    await until("the first scrape", 15_000, async () => {
      const response = await fetch(`${prometheus?.url}/api/v1/query?query=bench_slo_values_total`);
      return ((await response.json()) as { data: { result: unknown[] } }).data.result.length > 0;
    });
    // The generator's alert has to be there before the SLO's, as in a run, where lateness shows before sessions end.
    await until(
      "GeneratorUnhealthy is received",
      30_000,
      got("/tickets", "firing", "GeneratorUnhealthy unwell"),
    );
    for (const run of [breached, unwell]) run.sessions(400, 900);
    await until("the breach is received", 30_000, got("/pager", "firing", "SloBurnFast breached"));
    for (const run of [breached, unwell]) run.sessions(4000, 100);
    await until("the recovery is received", 30_000, got("/pager", "resolved", "SloBurnFast breached"));

    const slos = received.filter(({ alert }) => alert === "SloBurnFast breached").map(({ slo }) => slo);
    expect(new Set(slos)).toEqual(new Set(["first_partial_from_onset p95 < 271ms"]));
    expect(received.filter(({ alert }) => /^Slo.* unwell$/.test(alert))).toEqual([]);
    const held = await fetch(`${alertmanager?.url}/api/v2/alerts?inhibited=true&active=true`);
    expect(held.ok).toBe(true);
  }, 120_000);

  it("burned for the unwell run as well: it was inhibited, not missed", async () => {
    const response = await fetch(
      `${prometheus?.url}/api/v1/query?query=${encodeURIComponent('max_over_time(ALERTS{alertname="SloBurnFast", scenario="unwell", alertstate="firing"}[5m])')}`,
    );
    expect(((await response.json()) as { data: { result: unknown[] } }).data.result).toHaveLength(1);
  });
});

it("of a gateway the nearest cause speaks, and other gateways are heard", async () => {
  const alert = (alertname: string, instance: string): object => ({
    labels: { alertname, area: "gateway", severity: "ticket", job: "gateway", instance },
  });
  const posted = await fetch(`${alertmanager?.url}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([
      ...["GatewayDown", "GatewayUpstreamAway"].map((name) => alert(name, "down")),
      ...["GatewayNotReady", "GatewayUpstreamAway", "GatewayRefuses", "GatewayLoopLags"].map((name) =>
        alert(name, "alone"),
      ),
      ...["GatewayLoopLags", "GatewayAddsLatency", "GatewayUpstreamAway"].map((name) => alert(name, "slow")),
    ]),
  });
  expect(posted.ok).toBe(true);
  const states = async (state: string): Promise<string[]> => {
    const response = await fetch(`${alertmanager?.url}/api/v2/alerts?filter=area%3Dgateway`);
    const alerts = (await response.json()) as { labels: Record<string, string>; status: { state: string } }[];
    return alerts
      .filter(({ status }) => status.state === state)
      .map(({ labels }) => `${labels["alertname"]} ${labels["instance"]}`)
      .sort();
  };
  const heard = [
    ...["GatewayDown down", "GatewayLoopLags alone", "GatewayLoopLags slow", "GatewayNotReady alone"],
    "GatewayUpstreamAway slow",
  ];
  await until("all are sorted", 10_000, async () => (await states("active")).length === heard.length);
  expect(await states("active")).toEqual(heard);
  expect(await states("suppressed")).toEqual([
    ...["GatewayAddsLatency slow", "GatewayRefuses alone", "GatewayUpstreamAway alone"],
    "GatewayUpstreamAway down",
  ]);
}, 30_000);

describe("what promtool and amtool say", () => {
  const tool = (name: string, args: readonly string[]): string =>
    execFileSync(join(prometheusBinaries(), name), args, {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });

  it("rules are valid and their unit tests pass", () => {
    const rules = ["recording.yaml", "alerts.yaml"].map((name) => file(`dashboards/rules/${name}`));
    expect(tool("promtool", ["check", "rules", ...rules])).toContain("SUCCESS");
    const tests = readdirSync(file("dashboards/rules/tests")).map((name) =>
      file(`dashboards/rules/tests/${name}`),
    );
    tool("promtool", ["test", "rules", ...tests]);
  }, 30_000);

  it("the configuration that ships is valid", () => {
    expect(tool("amtool", ["check-config", file("deploy/alertmanager.yml")])).toContain("SUCCESS");
    expect(tool("promtool", ["check", "config", "--syntax-only", file("deploy/prometheus.yml")])).toContain(
      "SUCCESS",
    );
  });

  it.each([
    ["pager", "severity=page", "area=slo"],
    ["tickets", "severity=ticket", "area=generator"],
    ["notes", "severity=info", "area=server"],
    ["pager", "severity=page", "area=gateway"],
  ])("%s gets %s", (receiver, ...labels) => {
    expect(
      tool("amtool", [
        "config",
        "routes",
        "test",
        `--config.file=${file("deploy/alertmanager.yml")}`,
        ...labels,
      ]).trim(),
    ).toBe(receiver);
  });
});
