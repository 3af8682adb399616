/** Families in Prometheus' own formats. The only importer of prom-client. */
import { type Metric, Registry, type RegistryContentType } from "prom-client";
import type { Family } from "./exposition.ts";

/** An HTTP body and its type. */
export interface Exposition {
  contentType: string;
  body: string;
}

/** Content types that `expose` writes: exemplars exist in OpenMetrics alone. */
const OPEN_METRICS = /application\/openmetrics-text/;

/** The families in the richest format that the scraper takes. @param accept its Accept header */
export async function expose(families: readonly Family[], accept = ""): Promise<Exposition> {
  const registry = new Registry();
  // The types know the content type of a registry from its making; this one is of the kind that is asked for.
  const kind: string = OPEN_METRICS.test(accept) ? Registry.OPENMETRICS_CONTENT_TYPE : registry.contentType;
  registry.setContentType(kind as RegistryContentType & typeof registry.contentType);
  register(registry, families);
  return { contentType: registry.contentType, body: await registry.metrics() };
}

/**
 * prom-client keeps its own counts; ours are merged from workers, so it is handed objects that give their samples when
 * they are asked. In OpenMetrics it renames a counter to its name without "_total", and adds that to every sample.
 */
function register(registry: Registry, families: readonly Family[]): void {
  for (const { name, type, help, labels: sharedLabels = {}, samples } of families) {
    const metric = {
      name,
      type,
      get: () =>
        Promise.resolve({
          name: metric.name,
          type,
          help,
          values: samples.map(({ suffix, labels, value, exemplar }) => ({
            labels,
            sharedLabels,
            value,
            metricName: suffix === "" ? undefined : `${name}${suffix}`,
            exemplar: exemplar && {
              labelSet: exemplar.labels,
              value: exemplar.value,
              timestamp: exemplar.epochSeconds,
            },
          })),
        }),
    };
    registry.registerMetric(metric as unknown as Metric);
  }
}
