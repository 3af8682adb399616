/** Certificate, key and client CA, each from a flag, the environment, `.env` or the file: what was asked for is what is demanded. */
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { afterAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { realClock } from "../src/base/clock.ts";
import { BenchError } from "../src/base/errors.ts";
import type { GatewayArgs, LoadedGateway } from "../src/cli/gateway/gateway-config.ts";
import { loadGateway, printable } from "../src/cli/gateway/gateway-config.ts";
import { gatewaySettings } from "../src/cli/gateway/gateway-settings.ts";
import { processWorld } from "../src/base/process/world.ts";
import { createAddresses } from "../src/gateway/door/address.ts";
import { createAuth } from "../src/gateway/door/auth.ts";
import { createExceptions } from "../src/gateway/contain.ts";
import { createMockTransport } from "../src/gateway/upstream/mock-transport.ts";
import type { Gateway } from "../src/gateway/server.ts";
import { startGateway } from "../src/gateway/server.ts";
import { createUpstreams } from "../src/gateway/upstream/upstreams.ts";
import { makeCertificates, pem } from "./support/certificates.ts";

const REAL = processWorld();
const certificates = makeCertificates();
const FILES = { cert: "server.crt", key: "server.key", clientCa: "ca.crt" } as const;
type Field = keyof typeof FILES;
const SOURCES = ["none", "flag", "environment", ".env", "file"] as const;
type Source = (typeof SOURCES)[number];
const VARIABLE = {
  cert: "BENCH_GATEWAY_TLS_CERT",
  key: "BENCH_GATEWAY_TLS_KEY",
  clientCa: "BENCH_GATEWAY_TLS_CLIENT_CA",
};
const FLAG = { cert: "tlsCert", key: "tlsKey", clientCa: "tlsClientCa" } as const;

/** The configuration as the command line would load it. */
async function load(from: Record<Field, Source>, more: Partial<GatewayArgs> = {}): Promise<LoadedGateway> {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-merge-"));
  const path = (field: Field): string => join(certificates, FILES[field]);
  const fields = Object.keys(FILES) as Field[];
  const ofSource = (source: Source): Field[] => fields.filter((field) => from[field] === source);
  const inFile = ofSource("file").map((field) => `${field}: ${path(field)}`);
  writeFileSync(
    join(cwd, "gateway.yaml"),
    `fallback: mock\nport: 0\n${inFile.length === 0 ? "" : `tls: { ${inFile.join(", ")} }\n`}`,
  );
  writeFileSync(
    join(cwd, ".env"),
    ofSource(".env")
      .map((field) => `${VARIABLE[field]}=${path(field)}\n`)
      .join(""),
  );
  const env = Object.fromEntries(ofSource("environment").map((field) => [VARIABLE[field], path(field)]));
  const world = { ...REAL, env, cwd };
  const settings = Object.entries(await gatewaySettings(world)).map(([name, value]) => [
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  const flags: Partial<GatewayArgs> = Object.fromEntries(
    ofSource("flag").map((field) => [FLAG[field], path(field)]),
  );
  return loadGateway(world, {
    checkConfig: false,
    ...(Object.fromEntries(settings) as Partial<GatewayArgs>),
    ...flags,
    config: "gateway.yaml",
    ...more,
  });
}

const COMBINATIONS = SOURCES.flatMap((cert) =>
  SOURCES.flatMap((key) => SOURCES.map((clientCa) => ({ cert, key, clientCa }))),
);

const running: Gateway[] = [];
afterAll(() => Promise.all(running.map((one) => one.drain())));

async function serve({ config, tls }: LoadedGateway): Promise<number> {
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const gateway = await startGateway({
    config,
    clock: realClock,
    random: Math.random,
    auth: createAuth([], Buffer.alloc(32), 60_000),
    addresses: createAddresses([]),
    upstreams: createUpstreams([], {} as never, realClock, {
      changed: () => undefined,
      threw: () => undefined,
    }),
    mock: createMockTransport(realClock),
    ...(tls === undefined ? {} : { tls }),
    log,
    exceptions: createExceptions(log),
    page: new Map(),
    residentBytes: () => 0,
  });
  running.push(gateway);
  return gateway.port;
}

/** The first line of the answer over TLS; undefined when the handshake or the request is refused. */
function ask(port: number, client?: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const own =
      client === undefined
        ? {}
        : { cert: pem(certificates, `${client}.crt`), key: pem(certificates, `${client}.key`) };
    const socket = connect({ port, host: "127.0.0.1", ca: pem(certificates, "ca.crt"), ...own });
    socket.on("secureConnect", () =>
      socket.write("GET /health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
    );
    socket.on("data", (data: Buffer) => resolve(data.toString().split("\r\n")[0]));
    socket.on("error", () => resolve(undefined));
    socket.on("close", () => resolve(undefined));
  });
}

describe("each of certificate, key and client CA from any source", () => {
  test.each(COMBINATIONS)("cert: $cert, key: $key, client CA: $clientCa", async (from) => {
    const [cert, key, ca] = [from.cert, from.key, from.clientCa].map((source) => source !== "none");
    const loaded = await load(from).catch((error: unknown) => error);
    if (cert !== key || (ca === true && cert === false)) {
      expect(loaded).toBeInstanceOf(BenchError);
      expect(loaded).toMatchObject({ exitCode: 2 });
      return;
    }
    const whole = loaded as LoadedGateway;
    const printed = printable(whole) as Record<string, unknown>;
    expect(printed["tls"]).toBe(cert === false ? "off" : ca === true ? "mutual" : "on");
    expect(printed["clientCertificates"]).toBe(
      ca === true ? `required, signed by an authority in ${join(certificates, "ca.crt")}` : "not demanded",
    );
    if (cert === false) return;
    const port = await serve(whole);
    const good = "HTTP/1.1 200 OK";
    expect(await ask(port)).toBe(ca === true ? undefined : good);
    expect(await ask(port, "stranger")).toBe(ca === true ? undefined : good);
    expect(await ask(port, "client")).toBe(good);
  });
});

test("a client CA without a certificate in it is refused: nobody could come in, or anybody", async () => {
  const empty = join(mkdtempSync(join(tmpdir(), "riva-bench-ca-")), "empty.crt");
  writeFileSync(empty, "");
  const from = { cert: "flag", key: "file", clientCa: "none" } as const;
  await expect(load(from, { tlsClientCa: empty })).rejects.toThrow("empty.crt is empty");
});

const WHOLE = { cert: "flag", key: "flag", clientCa: "none" } as const;
const PLAIN = { cert: "none", key: "none", clientCa: "none" } as const;

function keysFile(mode: number): string {
  const path = join(mkdtempSync(join(tmpdir(), "riva-bench-keys-")), "keys.txt");
  writeFileSync(path, "web 0123456789abcdef\n");
  chmodSync(path, mode);
  return path;
}

test.each([
  ["keys on all interfaces without TLS", PLAIN, { host: "0.0.0.0" }, 0o600, ["unencrypted"]],
  ["keys on all IPv6 interfaces without TLS", PLAIN, { host: "::" }, 0o600, ["unencrypted"]],
  ["keys on loopback", PLAIN, { host: "127.0.0.1" }, 0o600, []],
  ["keys that others can read", PLAIN, { host: "localhost" }, 0o644, ["other users can read it"]],
  ["both", PLAIN, { host: "10.0.0.5" }, 0o604, ["unencrypted", "other users can read it"]],
  ["keys over TLS", WHOLE, { host: "0.0.0.0" }, 0o600, []],
])("%s: warnings", async (_, from, more, mode, expected) => {
  const { warnings } = await load(from, { ...more, apiKeysFile: keysFile(mode) });
  // What the key of the test's certificate may be read by is not of interest here.
  const own = warnings.filter((warning) => !warning.includes("TLS key"));
  expect(own).toHaveLength(expected.length);
  for (const [index, part] of expected.entries()) expect(own[index]).toContain(part);
});

test("keys that are another's and ours by group, as Kubernetes mounts a Secret, are nobody else's", async () => {
  const path = keysFile(0o440);
  const user = process.getuid?.() ?? 0;
  const warned = async (): Promise<boolean> =>
    (await load(PLAIN, { host: "localhost", apiKeysFile: path })).warnings.length > 0;
  expect(await warned()).toBe(true);
  const another = vi.spyOn(process, "getuid").mockReturnValue(user + 1);
  onTestFinished(() => another.mockRestore());
  expect(await warned()).toBe(false);
  chmodSync(path, 0o444);
  expect(await warned()).toBe(true);
});

test("files of upstreams are watched as the gateway's own are, each once", async () => {
  const file = (name: string): string => join(certificates, name);
  const world = {
    ...REAL,
    cwd: certificates,
    env: { RIVA_SSL_CA: file("ca.crt"), RIVA_SSL_CERT: file("client.crt"), RIVA_SSL_KEY: file("client.key") },
  };
  const upstream = ["grpcs://localhost:1", "grpcs://localhost:2", "grpc://localhost:3"];
  const { watched } = await loadGateway(world, {
    upstream,
    tlsCert: file("server.crt"),
    tlsKey: file("server.key"),
  });
  expect(watched.map((path) => path.slice(certificates.length + 1)).sort()).toEqual([
    "ca.crt",
    "client.crt",
    "client.key",
    "server.crt",
    "server.key",
  ]);
});

test.each([
  ["a", "at least 32 bytes"],
  ["0123456789012345678901234567890", "at least 32 bytes"],
  ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "repeats itself"],
  ["changeme-changeme-changeme-changeme-", "repeats itself"],
])("the token secret %s is refused", async (tokenSecret, why) => {
  await expect(load(PLAIN, { tokenSecret })).rejects.toThrow(why);
});

test("a token secret that is long and mixed is taken", async () => {
  const { warnings } = await load(PLAIN, { tokenSecret: "c0a1b2d3e4f5968778695a4b3c2d1e0f" });
  expect(warnings).toEqual([]);
});

test("upstreams without a name get one that is no address; a flag's takes the file's; two of a name are refused", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "riva-bench-names-"));
  const write = (upstreams: string): void => writeFileSync(join(cwd, "g.yaml"), `upstreams: ${upstreams}\n`);
  const world = { ...REAL, env: {}, cwd };
  const names = async (upstream?: string[]): Promise<string[]> => {
    const args = { checkConfig: false, config: "g.yaml", ...(upstream === undefined ? {} : { upstream }) };
    return (await loadGateway(world, args)).upstreams.map(({ name }) => name);
  };
  write('[{ name: nim, uri: "grpc://10.0.0.1:1" }, { uri: "grpc://10.0.0.2:2" }]');
  expect(await names()).toEqual(["nim", "upstream-2"]);
  expect(await names(["grpc://10.0.0.3:3", "grpc://10.0.0.1:1"])).toEqual(["upstream-1", "nim"]);
  write('[{ name: a, uri: "grpc://10.0.0.1:1" }, { name: a, uri: "grpc://10.0.0.2:2" }]');
  await expect(names()).rejects.toThrow("two upstreams have the name a");
});
