/**
 * `--otlp`: when a run is over, traces of the sessions worth one (failed, beyond the limit of an SLO, or sampled) go to an
 * OpenTelemetry collector.
 */
import { createReadStream } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { messageOf } from "../base/errors.ts";
import { hideSecrets, redactUrls } from "../base/text/redact.ts";
import { requestIdOf, traceContext } from "../base/trace-context.ts";
import type { RunListener } from "./listener.ts";
import { failureIn, numberIn, phaseIn } from "../metrics/result/record-line.ts";
import type { SessionRecord } from "../metrics/result/session-record.ts";
import type { SessionSpan } from "../metrics/result/session-spans.ts";
import { sessionSpans } from "../metrics/result/session-spans.ts";
import { sessionRecordIn } from "../metrics/result/stored-lines.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import { keeps } from "../metrics/judge/slo.ts";
import type { HttpService } from "../base/http-service.ts";
import { createSpanExporter } from "./otlp.ts";
import type { TextSink } from "../base/process/world.ts";

export interface TraceOptions {
  collector: HttpService;
  /** Share of all sessions that is traced whatever became of them; as told to the server. */
  ratio: number;
  slos: readonly Slo[];
  stderr: TextSink;
}

/** A server that fails everything would fill any collector. */
const MOST_SESSIONS = 2000;
const SESSIONS_A_REQUEST = 50;

export function traceListener({ collector, ratio, slos, stderr }: TraceOptions): RunListener {
  return {
    name: "traces",
    async onEnd({ run, target }, folder) {
      const facts = { id: run.id, startedAtEpochMs: Date.parse(run.startedAt) };
      const exporter = createSpanExporter(collector, {
        version: run.tool.replace(/^\S+ /, ""),
        attributes: {
          // Two runs at once are two instances of the service.
          "service.instance.id": run.id,
          ...{ "host.name": run.host, "bench.target": target.name, "bench.emulated": target.emulated },
        },
      });
      const send = (spans: readonly SessionSpan[]): Promise<void> =>
        exporter.send(spans).catch((error: unknown) => {
          throw new Error(hideSecrets(redactUrls(messageOf(error)), collector.secrets));
        });
      let sent = 0;
      let left = 0;
      let batch: SessionRecord[] = [];
      const flush = async (): Promise<void> => {
        if (batch.length > 0) await send(batch.flatMap((record) => sessionSpans(record, facts)));
        sent += batch.length;
        batch = [];
      };
      try {
        const stream = createReadStream(join(folder, "sessions.ndjson"), "utf8");
        for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
          if (!isTraced(line, run.id, ratio, slos)) continue;
          if (sent + batch.length >= MOST_SESSIONS) {
            left++;
            continue;
          }
          const record = sessionRecordIn(line);
          if (record !== undefined) batch.push(record);
          if (batch.length >= SESSIONS_A_REQUEST) await flush();
        }
        await flush();
      } finally {
        await exporter.close();
      }
      const more = left === 0 ? "" : `; ${left} more are worth one and were left out`;
      stderr.write(`traces of ${sent} sessions sent to ${new URL(collector.url).origin}${more}\n`);
    },
  };
}

/** Failed, sampled, or beyond a limit. A line that was cut short is none. */
export function isTraced(line: string, runId: string, ratio: number, slos: readonly Slo[]): boolean {
  const seq = numberIn(line.slice(0, 40), "seq");
  if (seq === undefined || !line.endsWith("}")) return false;
  if (failureIn(line) !== undefined) return true;
  if (traceContext(requestIdOf(runId, phaseIn(line), seq), ratio).sampled) return true;
  return slos.some((slo) => {
    const value = numberIn(line, slo.metric);
    return value !== undefined && !keeps(slo, value);
  });
}
