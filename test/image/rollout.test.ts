/**
 * The rollback drill in containers: versions are images of the emulator, pinned by their digests and started by the hooks of
 * examples/rollout/containers, and a real Prometheus tells that one of them can't carry the callers that its smoke run did not have.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, test } from "vitest";
import { engine, engineSays, FOLDER, hasPodman, IMAGE, RUN } from "../support/containers.ts";
import { startPrometheus } from "../support/prometheus-servers.ts";
import type { AlertSource } from "../support/rollout-drill.ts";
import { ALERT, rollbackDrill } from "../support/rollout-drill.ts";

const stops: (() => unknown)[] = [];
afterAll(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const images: Record<string, string> = {};
/** Callers of the load are 20, those of the smoke run 12. */
const FLAGS: Record<string, string[]> = {
  good: ["--profile", "nim"],
  slow: ["--delays", "partial=1500,final=2000"],
  alarming: ["--capacity", "14"],
  broken: ["--no-such-flag"],
};

/** An image of a version of the speech service, by digest. */
async function imageOf(version: string): Promise<string> {
  const name = `localhost/riva-drill-${version}`;
  const folder = mkdtempSync(join(FOLDER, "version-"));
  const program = ["emulator", "--host", "0.0.0.0", "--port", "50051", ...(FLAGS[version] ?? [])];
  writeFileSync(join(folder, "Containerfile"), `FROM ${IMAGE}\nCMD ${JSON.stringify(program)}\n`);
  await engineSays("build", "--quiet", "--tag", name, "--file", join(folder, "Containerfile"), folder);
  stops.push(() => engine("image", "rm", "--force", name));
  return `${name}@${await engineSays("image", "inspect", "--format", "{{.Digest}}", name)}`;
}

beforeAll(async () => {
  for (const version of Object.keys(FLAGS)) images[version] = await imageOf(version);
}, 60_000);

/** Scrapes the load, as the callers see the service; tells within seconds what the rules of dashboards/rules tell within minutes. */
async function prometheusOf(metricsPort: number): Promise<AlertSource> {
  const rules = join(mkdtempSync(join(FOLDER, "rules-")), "rules.yaml");
  const latency = "bench_final_from_speech_end_seconds_bucket";
  writeFileSync(
    rules,
    `groups:
  - name: drill
    interval: 1s
    rules:
      - alert: ${ALERT}
        expr: histogram_quantile(0.5, sum by (le) (rate(${latency}[10s]))) > 1.2
        annotations: { summary: "half of the callers wait more than 1.2 s for the final text" }
`,
  );
  const prometheus = await startPrometheus(`
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: ["${rules}"]
scrape_configs:
  - job_name: load
    static_configs: [{ targets: ["127.0.0.1:${metricsPort}"] }]
`);
  stops.push(prometheus.stop);
  // The callers are there already.
  return { url: prometheus.url, provoke: () => Promise.resolve(undefined) };
}

test.skipIf(!hasPodman)(
  "rollback drill: slow, broken and overloaded versions are returned from, no session is lost",
  async () => {
    const { good = "", slow = "", alarming = "", broken = "" } = images;
    await rollbackDrill({
      example: "containers",
      versions: { good, slow, alarming, broken },
      adapt: (text) =>
        text
          .replaceAll("riva-$RELEASE_SLOT", `${RUN}-$RELEASE_SLOT`)
          .replace(
            "podman run",
            `CONTAINERS_CONF=${process.env["CONTAINERS_CONF"] ?? ""} podman run --label riva-bench-test=${RUN} --memory 512m --read-only`,
          ),
      alerts: prometheusOf,
      free: (_, slot) => engine("rm", "--force", "--ignore", "--time", "0", `${RUN}-${slot}`),
      onEnd: (stop) => stops.push(stop),
    });
  },
  300_000,
);
