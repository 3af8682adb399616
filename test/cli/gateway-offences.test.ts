/** Which misbehaviour counts against an address: nothing that a web page can make a visitor's browser do. */
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { get } from "node:http";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { afterEach, expect, test, vi } from "vitest";
import { parseApiKeys } from "../../src/gateway/door/auth.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import type { TestGateway } from "../support/gateway.ts";
import { Caller, testGateway } from "../support/gateway.ts";

const KEY = "0123456789abcdef";
const keys = parseApiKeys(`web ${KEY}`, "keys");
const EVIL = "https://evil.example";
/** More than an address may have. */
const TIMES = 8;
const LIMITS = { offencesPerAddress: 3, penalty: "1m", handshake: "300ms", start: "300ms", drain: "100ms" };

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Options {
  keys?: typeof keys;
  allowedOrigins?: string[];
  tls?: { cert: Buffer; key: Buffer; ca?: Buffer };
}

async function start({ allowedOrigins = [], ...options }: Options = {}): Promise<TestGateway> {
  const one = await testGateway([], { ...options, mock: true, config: { limits: LIMITS, allowedOrigins } });
  stops.push(() => one.gateway.drain());
  return one;
}

async function offences({ gateway }: TestGateway): Promise<string[]> {
  // A blocked address gets no metrics: what was counted is in the log then.
  const text = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  return [...text.matchAll(/^bench_gateway_offences_total\{kind="(\w+)"\} [1-9]/gm)].map(
    ([, kind = ""]) => kind,
  );
}

/** Bytes on a connection of their own, until it is closed. */
async function send(port: number, bytes: Buffer | string): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write(bytes);
  socket.resume();
  await new Promise((resolve) => socket.on("close", resolve));
}

async function upgrade(
  one: TestGateway,
  path: string,
  headers: Record<string, string>,
  protocols: string[] = [],
) {
  const caller = new Caller(`${one.url}${path}`, { headers, protocols });
  await Promise.race([caller.closed, once(caller.socket, "open")]);
  return caller;
}

async function garbage(one: TestGateway, headers: Record<string, string>): Promise<void> {
  const caller = await upgrade(one, "/v1/stream", headers);
  if (caller.refused !== undefined) return;
  caller.socket.send("garbage");
  await caller.closed;
}

const TLS_HELLO = Buffer.from("16030100a5010000a10303", "hex");
const STUN = Buffer.from("000100002112a442000000000000000000000000", "hex");
const DOCUMENT = "Host: localhost\r\n";

const BY_PAGES: [string, Options, (one: TestGateway) => Promise<unknown>][] = [
  ["a WebSocket of a foreign page", {}, (one) => upgrade(one, "/v1/stream", { origin: EVIL })],
  ["one on a path that there is not", {}, (one) => upgrade(one, "/nothing", { origin: EVIL })],
  ["one without an intent", {}, (one) => upgrade(one, "/v1/realtime", { origin: EVIL })],
  ["one of a sandboxed page", {}, (one) => upgrade(one, "/v1/stream", { origin: "null" })],
  [
    "one of a rebound name",
    {},
    (one) => upgrade(one, "/v1/stream", { origin: "http://evil.example", host: "evil.example" }),
  ],
  [
    "one with subprotocols and a token",
    { keys },
    (one) => upgrade(one, "/v1/stream", { origin: EVIL }, ["a", "realtime-token.x.y"]),
  ],
  [
    "one without a key, any page allowed",
    { keys, allowedOrigins: ["*"] },
    (one) => upgrade(one, "/v1/stream", { origin: EVIL }),
  ],
  [
    "a wrong path, any page allowed",
    { allowedOrigins: ["*"] },
    (one) => upgrade(one, "/nothing", { origin: EVIL }),
  ],
  ["frames of garbage, any page allowed", { allowedOrigins: ["*"] }, (one) => garbage(one, { origin: EVIL })],
  ["an image on a path that there is not", {}, (one) => fetch(`${one.http}/nothing.png`)],
  [
    "a form that is posted",
    { keys },
    (one) =>
      fetch(`${one.http}/v1/realtime/transcription_sessions`, { method: "POST", headers: { origin: EVIL } }),
  ],
  [
    "a form, any page allowed",
    { keys, allowedOrigins: ["*"] },
    (one) =>
      fetch(`${one.http}/v1/realtime/transcription_sessions`, { method: "POST", headers: { origin: EVIL } }),
  ],
  [
    "a preflight",
    {},
    (one) => fetch(`${one.http}/v1/stream`, { method: "OPTIONS", headers: { origin: EVIL } }),
  ],
  ["https to the port that has none", {}, ({ gateway }) => send(gateway.port, TLS_HELLO)],
  ["STUN, as to a TURN server", {}, ({ gateway }) => send(gateway.port, STUN)],
  [
    "a very long address",
    {},
    ({ gateway }) => send(gateway.port, `GET /${"x".repeat(40_000)} HTTP/1.1\r\n${DOCUMENT}\r\n`),
  ],
  [
    "an upload that is slow",
    {},
    ({ gateway }) =>
      send(
        gateway.port,
        `POST /v1/realtime/transcription_sessions HTTP/1.1\r\n${DOCUMENT}Content-Length: 9\r\n\r\nab`,
      ),
  ],
  ["a connection that is opened early", {}, ({ gateway }) => send(gateway.port, "")],
];

test.each(BY_PAGES)(
  "%s counts nothing",
  async (_, options, act) => {
    const one = await start(options);
    await Promise.all(Array.from({ length: TIMES }, () => act(one)));
    expect(await offences(one)).toEqual([]);
    expect(one.log.filter((line) => line.includes("address blocked"))).toEqual([]);
  },
  20_000,
);

const FOREIGN: [string, (one: TestGateway) => Promise<number | undefined>][] = [
  [
    "WebSockets of a foreign page",
    async (one) => (await upgrade(one, "/v1/stream", { origin: EVIL })).refused,
  ],
  [
    "WebSockets of a rebound name",
    async (one) =>
      (await upgrade(one, "/v1/realtime", { origin: "http://evil.example", host: "evil.example" })).refused,
  ],
  [
    "forms that a foreign page posts",
    async ({ http }) =>
      (
        await fetch(`${http}/v1/realtime/transcription_sessions`, {
          method: "POST",
          headers: { origin: EVIL },
        })
      ).status,
  ],
  [
    "what a foreign page gets",
    async ({ http }) => (await fetch(`${http}/health/live`, { headers: { origin: EVIL } })).status,
  ],
  ["requests to another host name", async ({ gateway }) => getAs(gateway.port, "evil.example")],
];

/** Status of a GET to this host name. */
async function getAs(port: number, host: string): Promise<number | undefined> {
  const request = get({ port, host: "127.0.0.1", path: "/health/live", headers: { host }, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  response.resume();
  return response.statusCode;
}

test.each(FOREIGN)("%s are refused each time, and leave the address all of its requests", async (_, act) => {
  const burst = 4;
  const limits = { ...LIMITS, requestsPerSecondPerAddress: 1 };
  const one = await testGateway([], { mock: true, config: { limits } });
  stops.push(() => one.gateway.drain());
  for (let i = 0; i < burst * 3; i++) expect(await act(one)).toBe(403);
  const innocent = await Promise.all(
    Array.from({ length: burst }, () => getAs(one.gateway.port, "localhost")),
  );
  expect(innocent).toEqual(Array.from({ length: burst }, () => 200));
});

test("requests to another host name on one connection give back one arrival", async () => {
  const limits = { ...LIMITS, requestsPerSecondPerAddress: 1 };
  const one = await testGateway([], { mock: true, config: { limits } });
  stops.push(() => one.gateway.drain());
  const { port } = one.gateway;
  for (let i = 0; i < 3; i++) expect(await getAs(port, "localhost")).toBe(200);
  await send(port, "GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n".repeat(8));
  expect(await getAs(port, "localhost")).toBe(200);
  await expect(getAs(port, "localhost")).rejects.toThrow("ECONNRESET");
});

const BY_PROGRAMS: [string, string, Options, (one: TestGateway) => Promise<unknown>][] = [
  ["bytes that are no HTTP", "bad_request", {}, ({ gateway }) => send(gateway.port, "\xff\xfe\xfd\r\n\r\n")],
  [
    "headers that do not end",
    "bad_request",
    {},
    ({ gateway }) => send(gateway.port, "GET / HTTP/1.1\r\nHost: x\r\n"),
  ],
  [
    "a wrong key",
    "refused",
    { keys },
    (one) => upgrade(one, "/v1/stream", { "x-api-key": "nonsense-nonsense" }),
  ],
  ["a path that there is not", "refused", {}, (one) => upgrade(one, "/v2/stream", {})],
  ["frames of garbage", "bad_session", {}, (one) => garbage(one, {})],
  ["frames of garbage from its own page", "bad_session", {}, (one) => garbage(one, { origin: one.http })],
];

test.each(BY_PROGRAMS)(
  "%s counts, and blocks in the end",
  async (_, kind, options, act) => {
    const one = await start(options);
    await act(one);
    expect(await offences(one)).toEqual([kind]);
    for (let i = 1; i < TIMES; i++) await act(one);
    expect(one.log.filter((line) => line.includes("address blocked"))).toHaveLength(1);
  },
  30_000,
);

test.each([
  ["stream", "/v1/stream", 1009, "x".repeat(2000), false],
  ["realtime", "/v1/realtime?intent=transcription", 1009, "x".repeat(2000), false],
  ["stream", "/v1/stream", 1007, Buffer.from([0xff, 0xfe]), true],
  ["realtime", "/v1/realtime?intent=transcription", 1007, Buffer.from([0xff, 0xfe]), true],
])("a session of %s (%s) ends with the code that was sent: %d", async (dialect, path, code, data, asText) => {
  const one = await testGateway([], { mock: true, config: { limits: { ...LIMITS, frameBytes: 1024 } } });
  stops.push(() => one.gateway.drain());
  const caller = await new Caller(`${one.url}${path}`).opened();
  caller.socket.send(data, { binary: !asText });
  expect((await caller.closed).code).toBe(code);
  await vi.waitFor(() => {
    const line = one.log.find((entry) => entry.includes("session closed"));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ dialect, close: code });
  });
  const text = await (await fetch(`${one.http}/metrics`)).text();
  expect(text).toContain(`bench_gateway_sessions_ended_total{dialect="${dialect}",close_code="${code}"} 1\n`);
  expect(await offences(one)).toEqual(["bad_session"]);
});

test("on a port with TLS, neither plain HTTP nor a visitor without a client certificate counts", async () => {
  const folder = makeCertificates();
  const tls = { cert: pem(folder, "server.crt"), key: pem(folder, "server.key"), ca: pem(folder, "ca.crt") };
  const one = await start({ tls });
  const { port } = one.gateway;
  const visit = async (): Promise<void> => {
    const socket = connectTls({ port, host: "127.0.0.1", ca: tls.ca });
    socket.on("error", () => undefined);
    await new Promise((resolve) => socket.on("close", resolve));
  };
  for (let i = 0; i < TIMES; i++) {
    await send(port, `GET / HTTP/1.1\r\n${DOCUMENT}\r\n`);
    await visit();
  }
  expect(one.log.filter((line) => line.includes("connection refused")).length).toBeGreaterThan(0);
  expect(one.log.filter((line) => line.includes("address blocked"))).toEqual([]);
}, 20_000);
