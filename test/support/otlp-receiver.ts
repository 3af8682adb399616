/** An OpenTelemetry collector in this process that keeps what it is sent. */
import http from "node:http";
import type { AddressInfo } from "node:net";

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

export interface ReceivedSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number; message?: string };
  attributes: Attribute[];
  events: { name: string; timeUnixNano: string }[];
}

export interface OtlpReceiver {
  url: string;
  spans: ReceivedSpan[];
  resources: Attribute[][];
  requests: { path: string | undefined; type: string | undefined }[];
  close(): Promise<void>;
}

interface TraceRequest {
  resourceSpans: { resource: { attributes: Attribute[] }; scopeSpans: { spans: ReceivedSpan[] }[] }[];
}

/** @param status of every answer */
export async function otlpReceiver(status = 200): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resources: Attribute[][] = [];
  const requests: OtlpReceiver["requests"] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      requests.push({ path: request.url, type: request.headers["content-type"] });
      const { resourceSpans } = JSON.parse(Buffer.concat(parts).toString()) as TraceRequest;
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource.attributes);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    resources,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
