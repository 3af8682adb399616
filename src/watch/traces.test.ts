import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { OtlpReceiver } from "../../test/support/otlp-receiver.ts";
import { otlpReceiver } from "../../test/support/otlp-receiver.ts";
import { PASSED } from "../../test/support/sample-result.ts";
import { CLIP_LINE, sessionLine, spokenSession } from "../../test/support/session-line.ts";
import { traceContext } from "../base/trace-context.ts";
import type { LiveTotals } from "./listener.ts";
import { parseSlo } from "../metrics/judge/slo.ts";
import { isTraced, traceListener } from "./traces.ts";

const RESULT = { ...PASSED, run: { ...PASSED.run, id: "run", startedAt: "2025-03-14T09:26:53.250Z" } };
const SLOS = [parseSlo("final_from_speech_end p95 < 250ms"), parseSlo("error_ratio < 1%")];

let folder: string;
let receiver: OtlpReceiver | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "traces-"));
});

afterEach(async () => {
  await receiver?.close();
  rmSync(folder, { recursive: true });
});

async function sent(
  lines: readonly string[],
  status = 200,
): Promise<{ said: string; receiver: OtlpReceiver }> {
  writeFileSync(join(folder, "sessions.ndjson"), `${lines.join("\n")}\n`);
  writeFileSync(join(folder, "clips.ndjson"), `${CLIP_LINE}\n`);
  receiver = await otlpReceiver(status);
  let said = "";
  const stderr = { isTTY: false, columns: 80, write: (text: string) => (said += text) };
  const listener = traceListener({
    collector: { url: receiver.url, headers: {}, secrets: [] },
    ratio: 0,
    slos: SLOS,
    stderr,
  });
  await listener.onEnd?.(RESULT, folder, {} as LiveTotals);
  return { said, receiver };
}

test("a collector gets the failed and the slow session, exact to the microsecond, and not the good one", async () => {
  const { said, receiver: collector } = await sent([
    sessionLine({ seq: 1, finalMs: 200 }),
    sessionLine({ seq: 2, finalMs: 300.123, scheduledMs: 1000 }),
    sessionLine({ seq: 3, failed: "deadline" }),
    '{"seq":4,"slot":1,"phase":"ste',
  ]);
  expect(said).toBe(`traces of 2 sessions sent to ${collector.url}\n`);
  expect(collector.requests).toEqual([{ path: "/v1/traces", type: "application/json" }]);
  expect(collector.spans).toHaveLength(10);
  const roots = collector.spans.filter(({ name }) => name === "session");
  expect(roots.map(({ traceId }) => traceId)).toEqual(
    [2, 3].map((seq) => traceContext(`run/steady/${seq}`, 0).traceId),
  );
  const startedNs = BigInt(Date.parse(RESULT.run.startedAt)) * 1_000_000n;
  expect(BigInt(roots[0]!.startTimeUnixNano) - startedNs).toBe(1_000_000_000n);
  expect(BigInt(roots[0]!.endTimeUnixNano) - startedNs).toBe(3_311_123_000n);
  expect(roots.map(({ kind, status }) => [kind, status.code, status.message])).toEqual([
    [3, 0, undefined],
    [3, 2, "deadline in flush: it broke"],
  ]);
  const flush = collector.spans.find(
    ({ name, traceId }) => name === "flush" && traceId === roots[0]?.traceId,
  );
  expect(flush?.parentSpanId).toBe(roots[0]?.spanId);
  expect(flush?.events.at(-1)?.name).toBe("final");
  expect(roots[0]?.attributes).toContainEqual({
    key: "bench.final_from_speech_end",
    value: { doubleValue: 300.123 },
  });
  expect(collector.resources[0]).toContainEqual({ key: "bench.emulated", value: { boolValue: true } });
});

test("no collector is flooded by a server that fails everything, and what was left out is said", async () => {
  const lines = Array.from({ length: 2100 }, (_, seq) => sessionLine({ seq, failed: "internal" }));
  const { said, receiver: collector } = await sent(lines);
  expect(said).toContain("traces of 2000 sessions sent");
  expect(said).toContain("100 more are worth one and were left out");
  expect(collector.spans.filter(({ name }) => name === "session")).toHaveLength(2000);
});

test("a collector that refuses is an error, which the run survives as any listener's", async () => {
  await expect(sent([sessionLine({ seq: 3, failed: "deadline" })], 400)).rejects.toThrow();
});

test("which sessions are worth a trace", () => {
  const good = spokenSession({ seq: 1, finalMs: 200 });
  expect(isTraced(good, "run", 0, SLOS)).toBe(false);
  expect(isTraced(good, "run", 1, SLOS)).toBe(true);
  expect(isTraced(good, "run", 0, [parseSlo("final_from_speech_end p95 > 250ms")])).toBe(true);
  expect(isTraced(spokenSession({ seq: 1, finalMs: 250 }), "run", 0, SLOS)).toBe(true);
});
