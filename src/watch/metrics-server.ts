/** `/metrics` while a run lasts, and for a while after it so that its last values are scraped. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { BenchError, messageOf } from "../base/errors.ts";
import type { Family } from "./exposition.ts";
import { expose } from "./prometheus.ts";

export interface MetricsServer {
  port: number;
  /** Calls back once, when so many more scrapes have been answered. */
  afterScrapes(count: number, then: () => void): void;
  close(): Promise<void>;
}

/**
 * Serves the families of the moment on all interfaces, since the scraper is usually another machine.
 *
 * @param port 0 for any free one
 * @param families made at each scrape; empty before the run has begun
 * @throws BenchError (exit 2) when the port can't be had
 */
export async function serveMetrics(port: number, families: () => Family[]): Promise<MetricsServer> {
  let left = Infinity;
  let whenDone = (): void => undefined;
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (path !== "/metrics") {
      response.writeHead(404, { "content-type": "text/plain" }).end("only /metrics is here\n");
      return;
    }
    void expose(families(), request.headers.accept).then(
      ({ contentType, body }) => {
        response.writeHead(200, { "content-type": contentType }).end(body);
        if (--left === 0) response.once("close", whenDone);
      },
      (error: unknown) => response.writeHead(500, { "content-type": "text/plain" }).end(messageOf(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        BenchError.usage(
          `--metrics-port ${port}: can't listen there (${error.code ?? error.message})`,
          "give another port, or 0 for any free one",
        ),
      ),
    );
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    afterScrapes(count, then) {
      left = count;
      whenDone = then;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
