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
  return `${withoutSlash(base)}/api/v1/alerts`;
}

const rules = z.object({
  status: z.literal("success"),
  data: z.object({
    groups: z.array(
      z.object({
        rules: z.array(
          z.looseObject({ name: z.string(), type: z.string(), health: z.string().exactOptional() }),
        ),
      }),
    ),
  }),
});

/** The address of the rules of the Prometheus at `base`: https://prometheus.io/docs/prometheus/latest/querying/api/#rules */
export function rulesUrl(base: string): string {
  return `${withoutSlash(base)}/api/v1/rules`;
}

/** Finds the names that no alerting rule has, and those whose rules all failed when they were evaluated last. @throws Error when Prometheus can't be asked, or answers something else */
export async function unknownAlerts(
  service: HttpService,
  names: readonly string[],
): Promise<{ missing: string[]; failing: string[] }> {
  const { data } = await answerOf(service, rules, "/api/v1/rules");
  const alerting = data.groups.flatMap((group) => group.rules.filter(({ type }) => type === "alerting"));
  const healthOf = (wanted: string): (string | undefined)[] =>
    alerting.filter(({ name }) => name === wanted).map(({ health }) => health);
  const missing = names.filter((name) => healthOf(name).length === 0);
  const failing = names.filter(
    (name) => !missing.includes(name) && healthOf(name).every((health) => health === "err"),
  );
  return { missing, failing };
}

/** Those of `names` that fire. @throws Error when Prometheus can't be asked, or answers something else */
export async function firingAlerts(service: HttpService, names: readonly string[]): Promise<Alert[]> {
  const { data } = await answerOf(service, answer, "/api/v1/alerts");
  return data.alerts.flatMap(({ labels, annotations, state, activeAt }) => {
    const name = labels["alertname"] ?? "";
    if (state !== "firing" || !names.includes(name)) return [];
    const activeAtMs = Date.parse(activeAt);
    if (Number.isNaN(activeAtMs)) throw new Error(`its answer has no time: activeAt ${activeAt}`);
    return [{ name, activeAtMs, summary: annotations["summary"] }];
  });
}

async function answerOf<T>(service: HttpService, form: z.ZodType<T>, path: string): Promise<T> {
  const text = await callService(service, { limitMs: LIMIT_MS });
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (error) {
    throw new Error(`its answer is no JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = form.safeParse(data);
  if (!parsed.success) throw new Error(`its answer is not that of Prometheus' ${path}`);
  return parsed.data;
}

function withoutSlash(base: string): string {
  return base.endsWith("/") ? base.slice(0, -1) : base;
}
