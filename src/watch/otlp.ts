/** Sends spans to an OpenTelemetry collector, OTLP over HTTP. The only importer of @opentelemetry. */
import { SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { SessionSpan } from "../metrics/result/session-spans.ts";
import type { HttpService } from "../base/http-service.ts";

type ReadableSpan = Parameters<OTLPTraceExporter["export"]>[0][number];

export interface SpanExporter {
  /** @throws Error when the collector did not take them */
  send(spans: readonly SessionSpan[]): Promise<void>;
  close(): Promise<void>;
}

/**
 * @param collector such as http://localhost:4318; `/v1/traces` is added to one without a path
 * @param service what is told of this program, as resource attributes
 */
export function createSpanExporter(
  collector: Pick<HttpService, "url" | "headers">,
  service: { version: string; attributes: Readonly<Record<string, string | boolean>> },
): SpanExporter {
  const url = new URL(collector.url);
  if (url.pathname === "/") url.pathname = "/v1/traces";
  const exporter = new OTLPTraceExporter({ url: url.href, headers: { ...collector.headers } });
  const resource = resourceFromAttributes({
    "service.name": "riva-bench",
    "service.version": service.version,
    ...service.attributes,
  });
  const scope = { name: "riva-bench", version: service.version };
  return {
    send: (spans) =>
      new Promise((resolve, reject) => {
        const readable = spans.map((span): ReadableSpan => ({
          ...readableSpan(span),
          resource,
          instrumentationScope: scope,
        }));
        // A failure always has its error.
        exporter.export(readable, ({ error }) => {
          if (error === undefined) resolve();
          else reject(error);
        });
      }),
    close: () => exporter.shutdown(),
  };
}

function readableSpan(span: SessionSpan): Omit<ReadableSpan, "resource" | "instrumentationScope"> {
  const { traceId, spanId, parentSpanId, name, startMs, endMs, attributes, events, error } = span;
  const context = (id: string): ReturnType<ReadableSpan["spanContext"]> => ({
    traceId,
    spanId: id,
    traceFlags: TraceFlags.SAMPLED,
  });
  return {
    name,
    kind: parentSpanId === undefined ? SpanKind.CLIENT : SpanKind.INTERNAL,
    spanContext: () => context(spanId),
    ...(parentSpanId === undefined ? {} : { parentSpanContext: context(parentSpanId) }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(endMs - startMs),
    status:
      error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
    attributes,
    links: [],
    events: events.map((event) => ({
      name: event.name,
      time: hrTime(event.atMs),
      attributes: event.attributes,
    })),
    ended: true,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds, to the microsecond of which the clock is sure. */
function hrTime(ms: number): [seconds: number, nanoseconds: number] {
  const us = Math.round(ms * 1000);
  return [Math.floor(us / 1e6), (us % 1e6) * 1000];
}
