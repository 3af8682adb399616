/** What the gateway answers over plain HTTP: health, metrics, realtime sessions, the page. */
import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Clock } from "../../base/clock.ts";
import type { Auth } from "./auth.ts";
import type { Contain, Exceptions } from "../contain.ts";
import { createContain } from "../contain.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Pages } from "./origin.ts";
import { defaultSession } from "../dialects/realtime-session.ts";

/** Files of the page by path, `/` among them. */
export type PageFiles = ReadonlyMap<string, { body: Buffer; contentType: string }>;

export interface HttpSource {
  auth: Auth;
  pages: Pages;
  metrics: GatewayMetrics;
  clock: Clock;
  page: PageFiles;
  /** What `/health/ready` says; `ready` decides its status. */
  readiness(): { ready: boolean };
  exceptions: Exceptions;
}

/** One request. */
interface Call {
  source: HttpSource;
  request: IncomingMessage;
  response: ServerResponse;
  /** Wraps callbacks: an exception is answered with 500. */
  contain: Contain;
  onForbidden: () => void;
}

type Route = (call: Call) => void;

const live: Route = ({ response }) => reply(response, 200, { status: "live" });
const ready: Route = ({ source, response }) => {
  const state = source.readiness();
  reply(response, state.ready ? 200 : 503, state);
};

/** Both our own paths and a NIM's. */
const ROUTES: Readonly<Record<string, Route>> = {
  "GET /health/live": live,
  "GET /health/ready": ready,
  "GET /v1/health/live": live,
  "GET /v1/health/ready": ready,
  "GET /v1/realtime/health": ready,
  "GET /metrics": ({ source: { metrics }, response, contain }) => {
    const answer = contain((text: string) => {
      response.writeHead(200, { "content-type": metrics.contentType }).end(text);
    });
    const failed = contain((error: Error) => {
      throw error;
    });
    metrics.text().then(answer, failed);
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

/**
 * Answers a request that may be heard: foreign pages and other host names were refused before.
 * @param onForbidden the caller has no key
 */
export function serveHttp(
  source: HttpSource,
  request: IncomingMessage,
  response: ServerResponse,
  onForbidden: () => void,
): void {
  const contain = createContain((error) => {
    source.exceptions.caught("http", error);
    if (response.headersSent) response.destroy();
    else reply(response, 500, { detail: "the gateway failed" });
  });
  contain(() => answer({ source, request, response, contain, onForbidden }))();
}

function answer(call: Call): void {
  const { source, request, response } = call;
  const path = request.url?.split("?")[0] ?? "/";
  const route = `${request.method ?? ""} ${path}`;
  const file = request.method === "GET" ? source.page.get(path) : undefined;
  if (Object.hasOwn(ROUTES, route)) ROUTES[route]?.(call);
  else if (file !== undefined) {
    response.writeHead(200, { "content-type": file.contentType, ...PAGE_HEADERS }).end(file.body);
  } else reply(response, 404, { detail: "not found" });
}

/** The body says nothing that the update event could not: it is read to its end, up to a limit, and let go. */
function newSession({ source, request, response, contain, onForbidden }: Call): void {
  const { auth, pages, metrics, clock } = source;
  let bytes = 0;
  request.on("data", (part: Buffer) => {
    bytes += part.length;
    if (bytes > LARGEST_BODY_BYTES) request.destroy();
  });
  const onEnd = (): void => {
    const key = auth.required ? auth.keyOf(request.headers) : "anyone";
    if (key === undefined) {
      // Anybody's page could make a visitor's browser ask.
      if (pages.of(request) !== "any") onForbidden();
      metrics.refused("unauthenticated");
      response.setHeader("www-authenticate", "Bearer");
      reply(response, 401, { detail: "an API key is needed: Authorization: Bearer, or X-API-Key" });
      return;
    }
    const session = defaultSession(`sess_${randomUUID()}`);
    reply(response, 200, {
      ...session,
      client_secret: auth.required ? auth.mint(key, clock.wallMs()) : null,
    });
  };
  request.on("end", contain(onEnd));
}

export function reply(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { "content-type": "application/json", "x-content-type-options": "nosniff" })
    .end(JSON.stringify(body));
}
