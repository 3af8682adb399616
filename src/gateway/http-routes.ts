/** What the gateway answers over plain HTTP: health, metrics, realtime sessions, the page. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../base/clock.ts";
import type { Admission } from "./admission.ts";
import type { Auth } from "./auth.ts";
import type { GatewayMetrics } from "./metrics.ts";
import { defaultSession } from "./realtime-session.ts";

/** Files of the page by path, `/` among them. */
export type PageFiles = ReadonlyMap<string, { body: Buffer; contentType: string }>;

export interface HttpSource {
  auth: Auth;
  admission: Admission;
  metrics: GatewayMetrics;
  clock: Clock;
  page: PageFiles;
  /** What `/health/ready` says; `ready` decides its status. */
  readiness(): { ready: boolean };
}

type Route = (
  source: HttpSource,
  request: IncomingMessage,
  response: ServerResponse,
  onForbidden: () => void,
) => void;

const live: Route = (_source, _request, response) => reply(response, 200, { status: "live" });
const ready: Route = ({ readiness }, _request, response) => {
  const state = readiness();
  reply(response, state.ready ? 200 : 503, state);
};

/** Both our own paths and a NIM's. */
const ROUTES: Readonly<Record<string, Route>> = {
  "GET /health/live": live,
  "GET /health/ready": ready,
  "GET /v1/health/live": live,
  "GET /v1/health/ready": ready,
  "GET /v1/realtime/health": ready,
  "GET /metrics": ({ metrics }, _request, response) => {
    void metrics
      .text()
      .then((text) => response.writeHead(200, { "content-type": metrics.contentType }).end(text));
  },
  "POST /v1/realtime/transcription_sessions": newSession,
};

const PAGE_HEADERS = {
  "content-security-policy":
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "cache-control": "no-cache",
};
const LARGEST_BODY_BYTES = 65_536;

/** @param onForbidden the caller has no key, or is a page that may not come in */
export function serveHttp(
  source: HttpSource,
  request: IncomingMessage,
  response: ServerResponse,
  onForbidden: () => void,
): void {
  const path = request.url?.split("?")[0] ?? "/";
  const route = `${request.method ?? ""} ${path}`;
  const file = request.method === "GET" ? source.page.get(path) : undefined;
  if (Object.hasOwn(ROUTES, route)) ROUTES[route]?.(source, request, response, onForbidden);
  else if (file !== undefined) {
    response.writeHead(200, { "content-type": file.contentType, ...PAGE_HEADERS }).end(file.body);
  } else reply(response, 404, { detail: "not found" });
}

/** The body says nothing that the update event could not: it is read to its end, up to a limit, and let go. */
function newSession(
  { auth, admission, metrics, clock }: HttpSource,
  request: IncomingMessage,
  response: ServerResponse,
  onForbidden: () => void,
): void {
  let bytes = 0;
  request.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > LARGEST_BODY_BYTES) request.destroy();
  });
  request.on("end", () => {
    const key = auth.required ? auth.keyOf(request.headers) : "anyone";
    if (admission.foreign(request)) {
      onForbidden();
      reply(response, 403, { detail: "pages of this origin may not connect" });
      return;
    }
    if (key === undefined) {
      onForbidden();
      metrics.refused("unauthenticated");
      response.setHeader("www-authenticate", "Bearer");
      reply(response, 401, { detail: "an API key is needed: Authorization: Bearer, or X-API-Key" });
      return;
    }
    const session = defaultSession(`sess_${randomUUID()}`);
    reply(response, 200, {
      ...session,
      client_secret: auth.required ? auth.mint(key, clock.epochMs()) : null,
    });
  });
}

export function reply(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { "content-type": "application/json", "x-content-type-options": "nosniff" })
    .end(JSON.stringify(body));
}
