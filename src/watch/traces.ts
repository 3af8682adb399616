/**
 * `--otlp`: when a run is over, traces of the sessions worth one (failed, beyond the limit of an SLO, or sampled) go to an
 * OpenTelemetry collector.
 */
import { join } from "node:path";
import { messageOf } from "../base/errors.ts";
import { hideSecrets, redactUrls } from "../base/text/redact.ts";
import { requestIdOf, traceContext } from "../base/trace-context.ts";
import type { RunListener } from "./listener.ts";
import { sessionValue } from "../metrics/catalogue/values-by-name.ts";
import { failureOf, type Observation } from "../metrics/observation/observation.ts";
import type { SessionSpan } from "../metrics/result/session-spans.ts";
import { sessionSpans } from "../metrics/result/session-spans.ts";
import { recordedSessions } from "../metrics/result/stored-sessions.ts";
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
          ...(target.standIn === undefined ? {} : { "bench.stand_in": target.standIn }),
        },
      });
      const send = (spans: readonly SessionSpan[]): Promise<void> =>
        exporter.send(spans).catch((error: unknown) => {
          throw new Error(hideSecrets(redactUrls(messageOf(error)), collector.secrets));
        });
      let sent = 0;
      let left = 0;
      let batch: Observation[] = [];
      const flush = async (): Promise<void> => {
        if (batch.length > 0) await send(batch.flatMap((session) => sessionSpans(session, facts)));
        sent += batch.length;
        batch = [];
      };
      try {
        const files = {
          sessionsFile: join(folder, "sessions.ndjson"),
          clipsFile: join(folder, "clips.ndjson"),
        };
        for await (const session of recordedSessions(files)) {
          if (!isTraced(session, run.id, ratio, slos)) continue;
          if (sent + batch.length >= MOST_SESSIONS) {
            left++;
            continue;
          }
          batch.push(session);
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

/** Failed, sampled, or beyond a limit. */
export function isTraced(session: Observation, runId: string, ratio: number, slos: readonly Slo[]): boolean {
  if (failureOf(session) !== undefined) return true;
  if (traceContext(requestIdOf(runId, session.phase, session.seq), ratio).sampled) return true;
  return slos.some((slo) => {
    const value = sessionValue(slo.metric, session);
    return value !== undefined && !keeps(slo, value);
  });
}
