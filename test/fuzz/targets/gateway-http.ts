import { createAddresses } from "../../../src/gateway/door/address.ts";
import { createAdmission } from "../../../src/gateway/door/admission.ts";
import { createAuth, parseApiKeys } from "../../../src/gateway/door/auth.ts";
import { gatewayFile } from "../../../src/gateway/config.ts";
import { serveHttp } from "../../../src/gateway/door/http-routes.ts";
import type { HttpSource } from "../../../src/gateway/door/http-routes.ts";
import { createPages } from "../../../src/gateway/door/origin.ts";
import { CountingClock } from "../../support/counting-clock.ts";
import { metrics } from "../gateway-session.ts";
import { FakeResponse, httpGrammar, requestOf } from "../http-request.ts";
import { fail } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const KEY = "0123456789abcdef0123";
const settings = gatewayFile.parse({ allowedOrigins: ["https://app.example"] });
const clock = new CountingClock();
const keyed = createAuth(parseApiKeys(`web ${KEY}`, "keys"), Buffer.alloc(32, 1), 60_000);
const open = createAuth([], Buffer.alloc(32, 1), 60_000);
const pages = createPages(() => settings);
const addresses = createAddresses(["192.0.2.0/24", "2001:db8::/32"]);
const state = { draining: () => false, canServe: () => true };
const { value: token } = keyed.mint("web", clock.epochMs());

const caught: unknown[] = [];
const source: Omit<HttpSource, "auth"> = {
  ...{ pages, metrics, clock },
  page: new Map([["/", { body: Buffer.from("x"), contentType: "text/html" }]]),
  readiness: () => ({ ready: true }),
  exceptions: { counts: new Map(), caught: (_, error) => caught.push(error) },
};

const lines = [
  "GET / HTTP/1.1",
  "GET /health/ready HTTP/1.1",
  "GET /v1/health/live?x HTTP/1.1",
  "GET /metrics HTTP/1.1",
  "POST /v1/realtime/transcription_sessions HTTP/1.1",
  "GET /v1/stream HTTP/1.1",
  "GET /../../etc/passwd HTTP/1.1",
  "PUT /__proto__ HTTP/1.1",
  "GET constructor HTTP/1.1",
  "GET  HTTP/1.1",
];
const headers = [
  "Host: localhost:9000",
  "Host: evil.example",
  "Host: [::1",
  "Origin: https://app.example",
  "Origin: null",
  "Origin: http://localhost:9000",
  "Origin: https://[::",
  `Authorization: Bearer ${KEY}`,
  "Authorization: Bearer",
  `X-API-Key: ${KEY}`,
  "X-Forwarded-For: 1.2.3.4, ::1%eth0, x",
  "X-Forwarded-For: 2001:db8::1, 203.0.113.9",
  "Sec-WebSocket-Protocol: realtime, realtime-token.",
  `Sec-WebSocket-Protocol: realtime-token.${token}`,
  "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
];

export const gatewayHttp: FuzzTarget = {
  name: "gateway-http",
  about:
    "requests to the gateway: routes, pages, keys and tokens, addresses, admission (gateway/http-routes.ts and beside it)",
  dictionary: [...lines, ...headers, "\r\n", token],
  grammar: httpGrammar(lines, headers, ["{}"]),
  longestBytes: 8192,
  async run(input) {
    const outcomes: string[] = [];
    for (const auth of [open, keyed]) {
      caught.length = 0;
      const request = requestOf(input);
      const owner = addresses.ofRequest(request);
      const admission = createAdmission(() => settings, auth, clock, state);
      const place = admission.enter(request, owner);
      if ("leave" in place) place.leave();
      const response = new FakeResponse();
      serveHttp({ ...source, auth }, request, response.asResponse, () => undefined);
      request.resume();
      await response.done;
      for (const error of caught) throw error;
      const given = Object.values(request.headers).some(
        (value) => String(value).includes(KEY) || String(value).includes(token),
      );
      if (auth === keyed && !given && "leave" in place) fail("a caller without a key was let in");
      outcomes.push(`${response.status} ${"leave" in place ? "place" : place.code}`);
    }
    return outcomes.join(", ");
  },
};
