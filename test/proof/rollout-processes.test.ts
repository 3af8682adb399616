/** The rollback drill without containers: versions are processes, the alert is played. CI has it in containers (test/image/rollout.test.ts). */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, test } from "vitest";
import type { AlertSource } from "../support/rollout-drill.ts";
import { ALERT, rollbackDrill } from "../support/rollout-drill.ts";

const SERVICE = fileURLToPath(new URL("../../examples/rollout/local/service.mjs", import.meta.url));
const version = (letter: string): string => `registry.example/riva@sha256:${letter.repeat(64)}`;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** Answers as Prometheus 2 and 3 do. */
async function fakePrometheus(): Promise<AlertSource> {
  let activeAt: string | undefined;
  const rules = [{ name: ALERT, type: "alerting" }];
  const server = createServer((request, response) => {
    const alert = {
      labels: { alertname: ALERT, severity: "page" },
      annotations: { summary: "final_from_speech_end p95 burns 20 times its budget" },
      state: "firing",
      activeAt,
      value: "2e+01",
    };
    const answers: Record<string, object> = {
      "/api/v1/alerts": { alerts: activeAt === undefined ? [] : [alert] },
      "/api/v1/rules": { groups: [{ name: "slo", rules }] },
    };
    const data = answers[request.url ?? ""];
    response.writeHead(data === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify({ status: "success", data }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    provoke: () => {
      activeAt = new Date().toISOString();
      return Promise.resolve(Date.parse(activeAt));
    },
  };
}

test("rollback drill: slow, broken and alarming versions are returned from, no session is lost", async () => {
  await rollbackDrill({
    example: "local",
    versions: { good: version("a"), slow: version("b"), alarming: version("c"), broken: version("d") },
    adapt: (text) => text.replaceAll("service.mjs", SERVICE),
    alerts: fakePrometheus,
    free(folder, slot) {
      try {
        process.kill(Number(readFileSync(join(folder, "slots", `${slot}.pid`), "utf8")), "SIGKILL");
      } catch {
        // Stopped by the rollout.
      }
    },
    onEnd: (stop) => stops.push(stop),
  });
}, 240_000);
