/**
 * The emulator's HTTP side: the endpoints of a NIM's HTTP port, Triton's `/metrics`, and offline transcription. Every answer
 * carries the header `x-emulated`, or `x-stand-in` where a recogniser really listens.
 */
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { defined } from "../../base/defined.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { markWord } from "../../base/server-mark.ts";
import type { FaultSpec } from "../faults/fault-spec.ts";
import { parseFaults } from "../faults/fault-spec.ts";
import type { Address } from "../grpc-server.ts";
import { cannotListen } from "../grpc-server.ts";
import type { MetricsText } from "./metrics-text.ts";
import type { Readiness } from "./readiness.ts";
import type { SpeechService } from "../speech-service.ts";
import type { ServerTls } from "../tls.ts";
import { type HttpReply, transcribeUpload } from "./transcriptions.ts";

/** What the endpoints tell of. */
export interface HttpSource {
  service: SpeechService;
  readiness: Readiness;
  metrics: MetricsText;
  /** The server is down: nothing but the control of the emulator answers. */
  down: () => boolean;
  setFaults: (spec: FaultSpec) => void;
  /** Of this package. */
  version: string;
}

export interface HttpApi {
  port: number;
  close(): void;
}

type Route = (source: HttpSource, request: IncomingMessage) => HttpReply | Promise<HttpReply>;

const json = (body: unknown, status = 200): HttpReply => ({ status, body });

/** Not part of any real server. */
const CONTROL = "/emulator/";
const LONGEST_SPEC_BYTES = 10_000;

const ROUTES: Readonly<Record<string, Route>> = {
  "GET /v1/health/live": () => json({ status: "live" }),
  "GET /v1/health/ready": ({ readiness }) =>
    readiness.ready ? json({ status: "ready" }) : json({ status: "not ready" }, 503),
  "GET /v1/realtime/health": ({ readiness }) =>
    readiness.ready ? json({ status: "ready" }) : json({ status: "not ready" }, 503),
  "GET /v1/metadata": ({ service, version }) =>
    json({
      version,
      ...markOf(service),
      modelInfo: modelsOf(service).map(({ id }) => ({ shortName: id, modelUrl: "" })),
    }),
  "GET /v1/version": ({ service, version }) => json({ release: version, api: "1", ...markOf(service) }),
  "GET /v1/license": ({ service }) => json({ name: "Apache-2.0", ...markOf(service) }),
  "GET /v1/manifest": ({ service }) =>
    json({ ...markOf(service), models: service.models("").model_config ?? [] }),
  "GET /v1/models": ({ service }) => json({ object: "list", data: modelsOf(service) }),
  "GET /v1/metrics": async ({ metrics }) => text(await metrics.nim(), metrics.contentType),
  "GET /metrics": async ({ metrics }) => text(await metrics.triton(), metrics.contentType),
  "POST /v1/audio/transcriptions": async ({ service, readiness }, request) =>
    readiness.ready ? transcribeUpload(service, request) : json({ detail: "the model is loading" }, 503),
  "GET /emulator/stats": ({ service }) => json(service.stats()),
  "GET /emulator/faults": ({ service }) => json(faultsOf(service)),
  "PUT /emulator/faults": async (source, request) => {
    const text = await bodyOf(request, LONGEST_SPEC_BYTES);
    return setFaults(source, text);
  },
  "DELETE /emulator/faults": (source) => setFaults(source, ""),
};

/**
 * Serves `source` over HTTP, or HTTPS when there are certificates.
 * @throws BenchError (exit 2) when it can't listen there
 */
export async function startHttpApi(
  source: HttpSource,
  { host, port }: Address,
  tls: ServerTls | undefined,
): Promise<HttpApi> {
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    if (source.down() && !request.url?.startsWith(CONTROL)) {
      request.socket.destroy();
      return;
    }
    void reply(source, request)
      .catch((error: unknown) => json({ detail: `emulator bug: ${messageOf(error)}` }, 500))
      .then((answer) => send(response, answer, source.service));
  };
  const server: Server = tls
    ? createTlsServer(
        {
          cert: tls.certificate,
          key: tls.key,
          ...(tls.clientCa ? { ca: tls.clientCa, requestCert: true, rejectUnauthorized: true } : {}),
        },
        serve,
      )
    : createServer(serve);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(error, { host, port }, "--http-port")));
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function reply(source: HttpSource, request: IncomingMessage): Promise<HttpReply> {
  const [path = ""] = (request.url ?? "").split("?");
  const method = request.method === "HEAD" ? "GET" : request.method;
  const route = ROUTES[`${method} ${path}`];
  if (route) return route(source, request);
  const known = Object.keys(ROUTES).some((name) => name.endsWith(` ${path}`));
  return known ? json({ detail: "Method Not Allowed" }, 405) : json({ detail: "Not Found" }, 404);
}

function send(
  response: ServerResponse,
  { status, body, contentType }: HttpReply,
  { engine: { mark } }: SpeechService,
): void {
  response.writeHead(status, {
    "content-type": contentType ?? "application/json",
    ...(mark.emulated ? { "x-emulated": "riva-bench" } : {}),
    ...(mark.standIn === undefined ? {} : { "x-stand-in": mark.standIn }),
  });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

function markOf({ engine: { mark } }: SpeechService): { emulated?: true; stand_in?: string } {
  return mark.emulated ? { emulated: true } : defined({ stand_in: mark.standIn });
}

function setFaults(source: HttpSource, text: string): HttpReply {
  try {
    source.setFaults(parseFaults(text));
    return json(faultsOf(source.service));
  } catch (error) {
    const hint = error instanceof BenchError && error.hint !== undefined ? ` ${error.hint}` : "";
    return json({ detail: `${messageOf(error)}.${hint}` }, 400);
  }
}

function faultsOf({ faults }: SpeechService): { spec: string; seed: number; struck: Record<string, number> } {
  return { spec: faults.spec.text, seed: faults.spec.seed, struck: faults.struck };
}

async function bodyOf(request: IncomingMessage, limitBytes: number): Promise<string> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length;
    if (length <= limitBytes) parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function text(body: string, contentType: string): HttpReply {
  return { status: 200, body, contentType };
}

function modelsOf(service: SpeechService): { id: string; object: "model"; owned_by: string }[] {
  return (service.models("").model_config ?? []).map(({ model_name: id = "" }) => ({
    id,
    object: "model",
    owned_by: `riva-bench (${markWord(service.engine.mark) ?? ""})`,
  }));
}
