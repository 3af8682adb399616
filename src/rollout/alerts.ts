/** Alerts that fire in a Prometheus, by its API: https://prometheus.io/docs/prometheus/latest/querying/api/#alerts */
import { z } from "zod";
import { messageOf } from "../base/errors.ts";
import type { HttpService } from "../base/http-service.ts";
import { callService } from "../base/http-service.ts";

/** An alert that fires. */
export interface Alert {
  name: string;
  /** When its condition began to hold, milliseconds since 1970. */
  activeAtMs: number;
  /** The annotation of that name. */
  summary: string | undefined;
}

const answer = z.object({
  status: z.literal("success"),
  data: z.object({
    alerts: z.array(
      z.object({
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()).default({}),
        state: z.string(),
        activeAt: z.string(),
      }),
    ),
  }),
});

const LIMIT_MS = 5000;

/** The address of the alerts of the Prometheus at `base`. */
export function alertsUrl(base: string): string {
  return `${base.endsWith("/") ? base.slice(0, -1) : base}/api/v1/alerts`;
}

/** Those of `names` that fire. @throws Error when Prometheus can't be asked, or answers something else */
export async function firingAlerts(service: HttpService, names: readonly string[]): Promise<Alert[]> {
  const text = await callService(service, { limitMs: LIMIT_MS });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new Error(`its answer is no JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = answer.safeParse(data);
  if (!parsed.success) throw new Error("its answer is not that of Prometheus' /api/v1/alerts");
  return parsed.data.data.alerts.flatMap(({ labels, annotations, state, activeAt }) => {
    const name = labels["alertname"] ?? "";
    if (state !== "firing" || !names.includes(name)) return [];
    const activeAtMs = Date.parse(activeAt);
    if (Number.isNaN(activeAtMs)) throw new Error(`its answer has no time: activeAt ${activeAt}`);
    return [{ name, activeAtMs, summary: annotations["summary"] }];
  });
}
