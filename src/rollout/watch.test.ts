import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import { firingAlerts, unknownAlerts } from "./alerts.ts";
import type { Alert } from "./alerts.ts";
import type { Watch } from "./watch.ts";
import { watchAlerts } from "./watch.ts";

const SINCE_MS = 1_700_000_000_000;
const alert = (activeAtMs: number): Alert => ({ name: "Burn", activeAtMs, summary: undefined });

/** Watches for ten minutes on a virtual clock; returns how it ended, what it noted and when. */
async function watched(firing: (atMs: number) => readonly Alert[], more: Partial<Watch> = {}) {
  const clock = new VirtualClock();
  const notes: string[] = [];
  let isOver = false;
  const ended = watchAlerts({
    firing: async () => Promise.resolve(firing(clock.nowMs())),
    ...{ servesSinceMs: SINCE_MS, forMs: 600_000, everyMs: 5000, clock },
    note: (line) => notes.push(line),
    signal: new AbortController().signal,
    ...more,
  }).finally(() => (isOver = true));
  while (!isOver) {
    await new Promise(setImmediate);
    clock.advanceTo(clock.nowMs() + 1000);
  }
  return { ended: await ended, notes, atMs: clock.nowMs() };
}

test("an alert that began after the version ends the watch within one look", async () => {
  const { ended, atMs } = await watched((nowMs) => (nowMs >= 61_000 ? [alert(SINCE_MS + 60_000)] : []));
  expect(ended).toEqual({ outcome: "alert", alert: alert(SINCE_MS + 60_000) });
  expect(atMs).toBeLessThanOrEqual(67_000);
});

test("one that fired before is told once, and is no quiet unless it ends", async () => {
  const { ended, notes, atMs } = await watched(() => [alert(SINCE_MS - 1)]);
  expect(ended).toEqual({ outcome: "masked", alert: alert(SINCE_MS - 1) });
  expect(notes).toEqual(["Burn fires, and did before this version served"]);
  expect(atMs).toBeGreaterThanOrEqual(600_000);
  const over = await watched((nowMs) => (nowMs < 300_000 ? [alert(SINCE_MS - 1)] : []));
  expect(over.ended).toEqual({ outcome: "quiet" });
});

test("a minute without an answer is no quiet, half a minute is", async () => {
  const silentFor = (ms: number) => (nowMs: number) => {
    if (nowMs >= 100_000 && nowMs < 100_000 + ms) throw new Error("refused");
    return [];
  };
  expect((await watched(silentFor(30_000))).ended).toEqual({ outcome: "quiet" });
  expect((await watched(silentFor(90_000))).ended).toMatchObject({ outcome: "blind" });
});

test("interrupted: it ends at once", async () => {
  const signal = AbortSignal.abort();
  expect((await watched(() => [], { signal })).ended).toEqual({ outcome: "interrupted" });
});

test("of what Prometheus answers, named alerts that fire count; other answers are errors", async () => {
  const activeAt = "2026-11-29T12:00:00.5Z";
  const one = (alertname: string, state: string): object => ({
    ...{ labels: { alertname }, annotations: { summary: "s" }, state, activeAt, value: "1e+00" },
  });
  let body = JSON.stringify({
    status: "success",
    data: { alerts: [one("Burn", "firing"), one("Burn", "pending"), one("Other", "firing")] },
  });
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const service = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    headers: {},
    secrets: [],
  };
  expect(await firingAlerts(service, ["Burn"])).toEqual([
    { name: "Burn", activeAtMs: Date.parse(activeAt), summary: "s" },
  ]);
  for (body of ["<html>", '{"status":"error"}', '{"status":"success","data":{}}'])
    await expect(firingAlerts(service, ["Burn"])).rejects.toThrow(/its answer is/);
  server.close();
  await expect(firingAlerts(service, ["Burn"])).rejects.toThrow(/ECONNREFUSED|closed/);
});

test("names that no alerting rule has are found: such an alert would never fire", async () => {
  let body = JSON.stringify({
    status: "success",
    data: {
      groups: [
        {
          name: "slo",
          rules: [
            { name: "Burn", type: "alerting", health: "ok" },
            { name: "Broken", type: "alerting", health: "err", lastError: "many-to-many matching" },
          ],
        },
        { name: "sums", rules: [{ name: "job:latency:p95", type: "recording" }] },
      ],
    },
  });
  const server = createServer((_, response) => response.end(body));
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const service = { url, headers: {}, secrets: [] };
  expect(await unknownAlerts(service, ["Burn", "Brun", "Broken", "job:latency:p95"])).toEqual({
    missing: ["Brun", "job:latency:p95"],
    failing: ["Broken"],
  });
  body = "<html>";
  await expect(unknownAlerts(service, ["Burn"])).rejects.toThrow(/its answer is no JSON/);
  server.close();
});
