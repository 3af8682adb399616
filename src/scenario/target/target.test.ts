import { createPrivateKey } from "node:crypto";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeCertificates } from "../../../test/support/certificates.ts";
import { PACKAGE_ROOT } from "../../base/process/package-root.ts";
import { parseDotEnv } from "../../base/files/dot-env.ts";
import type { ResolvedTarget, TargetRequest } from "./target.ts";
import { atAddress, resolveTarget } from "./target.ts";

let cwd: string;
let certificates: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "bench-target-"));
  certificates = makeCertificates();
  await copyFile(join(certificates, "ca.crt"), join(cwd, "ca.pem"));
  await copyFile(join(certificates, "client.crt"), join(cwd, "client.pem"));
  await copyFile(join(certificates, "client.key"), join(cwd, "client.key"));
});
afterAll(async () => {
  await rm(cwd, { recursive: true });
  await rm(certificates, { recursive: true });
});

function resolve(
  flag: string | undefined,
  env: TargetRequest["env"] = {},
  where = cwd,
): Promise<ResolvedTarget> {
  return resolveTarget({ flag, env, cwd: where, root: PACKAGE_ROOT });
}

async function file(text: string): Promise<string> {
  const path = join(cwd, "mine.yaml");
  await writeFile(path, text);
  return path;
}

describe("without --target", () => {
  test("and with nothing configured it is the emulator, and says so", async () => {
    const target = await resolve(undefined);
    expect(target).toMatchObject({ name: "emulator-nim", uri: "emulator:nim", emulated: { profile: "nim" } });
    expect(atAddress(target, "127.0.0.1:4242")).toMatchObject({ uri: "grpc://127.0.0.1:4242", emulated: {} });
  });

  test("the environment names the server", async () => {
    const env = { RIVA_HOST: "asr.example", RIVA_PORT: "5005", RIVA_MODEL: "m", RIVA_LANGUAGE: "de-DE" };
    expect(await resolve(undefined, env)).toEqual({
      name: "riva",
      kind: "riva-grpc",
      uri: "grpc://asr.example:5005",
      address: "asr.example:5005",
      path: "",
      metadata: {},
      publicMetadata: [],
      model: "m",
      language: "de-DE",
      sources: { uri: "RIVA_HOST", model: "RIVA_MODEL", language: "RIVA_LANGUAGE" },
    });
  });

  test(".env stands behind the environment", async () => {
    const folder = await mkdtemp(join(tmpdir(), "bench-env-"));
    await writeFile(join(folder, ".env"), "RIVA_HOST=file.example\nRIVA_MODEL=from-file\n");
    const target = await resolve(undefined, { RIVA_HOST: "real.example" }, folder);
    expect([target.address, target.model]).toEqual(["real.example:50051", "from-file"]);
    expect(target.sources).toMatchObject({ uri: "RIVA_HOST", model: "RIVA_MODEL in .env" });
    await rm(folder, { recursive: true });
  });
});

describe("RIVA_HOST", () => {
  test.each(["::1", "[::1]"])("%s is an IPv6 address", async (RIVA_HOST) => {
    expect((await resolve(undefined, { RIVA_HOST })).address).toBe("[::1]:50051");
  });

  test.each(["host:50051", "[::1]:50051", "grpc://host"])("%s is more than a host", async (RIVA_HOST) => {
    await expect(resolve(undefined, { RIVA_HOST })).rejects.toMatchObject({
      message: "RIVA_HOST: a host alone is expected, without scheme and port",
      exitCode: 2,
    });
  });
});

describe("a proxy", () => {
  const http_proxy = "http://user:SECRET@proxy:3128";

  test("is that of the scheme, and its credentials are no part of what is printed", async () => {
    const target = await resolve("grpc://asr.example", { http_proxy });
    expect(target.route?.proxy).toMatchObject({ host: "proxy", credentials: "user:SECRET" });
    expect(target.sources).toEqual({ uri: "--target", proxy: "http_proxy" });
    expect((await resolve("grpcs://asr.example", { http_proxy })).route).toBeUndefined();
  });

  test("is not used for this machine, which is told", async () => {
    const target = await resolve("ws://localhost", { http_proxy });
    expect([target.route, target.httpRoute]).toEqual([undefined, undefined]);
    expect(target.direct).toBe("http_proxy is not used for loopback addresses");
  });

  test("of the HTTP port goes by its own address", async () => {
    const path = await file("name: p\nuri: grpc://localhost:1\nhttp: http://nim.example:9000\n");
    const target = await resolve(path, { http_proxy });
    expect([target.route, target.httpRoute?.proxy?.host]).toEqual([undefined, "proxy"]);
  });
});

describe("a URI", () => {
  test.each([
    ["grpc://localhost", "localhost:50051", false],
    ["grpc://10.0.0.7:1234/", "10.0.0.7:1234", false],
    ["grpc://[::1]:50052", "[::1]:50052", false],
    ["grpcs://grpc.example", "grpc.example:443", true],
    ["ws://nim.example", "nim.example:9000", false],
    ["wss://[::1]/v1/stream", "[::1]:443", true],
  ])("%s", async (uri, address, secure) => {
    const target = await resolve(uri);
    expect([target.address, target.tls !== undefined]).toEqual([address, secure]);
    expect(target.sources).toMatchObject({ uri: "--target" });
  });

  test("is not redirected by the environment", async () => {
    const target = await resolve("grpc://a:1", { RIVA_HOST: "b", RIVA_PORT: "2", RIVA_SSL: "true" });
    expect(target.uri).toBe("grpc://a:1");
  });

  test.each([
    ["http://localhost:9000", /http:\/\/ is not supported/],
    ["ws://localhost:9000/v2/chat", /no dialect is known at \/v2\/chat/],
    ["ws://localhost:9000?model=x", /the query model is not known/],
    ["grpc://", /not a server's address/],
    ["grpc://host:0", /port 0/],
    ["grpc://host:70000", /port 70000/],
    ["grpc://host:-1", /not a server's address/],
    ["grpc://user:pw@host:1", /^target grpc:\/\/host:1: an address holds no credentials/],
    ["grpc://host:1/path", /not a server's address/],
  ])("%s is refused", async (uri, message) => {
    await expect(resolve(uri)).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      exitCode: 2,
    });
  });
});

describe("a name", () => {
  test.each(["nim", "legacy-riva"])("%s follows RIVA_HOST", async (name) => {
    expect((await resolve(name)).address).toBe("localhost:50051");
    expect(await resolve(name, { RIVA_HOST: "h", RIVA_SSL: "1" })).toMatchObject({
      name,
      uri: "grpcs://h:50051",
    });
  });

  test.each([
    ["emulator-nim", "nim"],
    ["emulator-legacy", "legacy"],
  ])("%s is emulated, whatever the environment says", async (name, profile) => {
    expect(await resolve(name, { RIVA_HOST: "h", RIVA_MODEL: "m" })).toEqual(
      expect.objectContaining({ name, emulated: { profile }, metadata: {} }),
    );
  });

  test.each([
    ["emulator-nin", 'Did you mean "emulator-nim"?'],
    ["localhost:50051", 'Did you mean "grpc://localhost:50051"?'],
    ["10.0.0.7", 'Did you mean "grpc://10.0.0.7"?'],
    ["::1", 'Did you mean "grpc://[::1]:50051"?'],
    ["[::1]:50051", 'Did you mean "grpc://[::1]:50051"?'],
  ])("%s is unknown", async (name, hint) => {
    await expect(resolve(name)).rejects.toMatchObject({
      message: `unknown target "${name}"`,
      hint,
      exitCode: 2,
    });
  });
});

describe("a file", () => {
  test("is not redirected by the environment, but its settings give way to it, and say so", async () => {
    const path = await file("name: prod\nuri: grpc://prod:1\nmodel: own\nlanguage: de-DE\n");
    const env = { RIVA_HOST: "elsewhere", RIVA_SSL: "true", RIVA_MODEL: "other" };
    expect(await resolve(path, env)).toMatchObject({
      ...{ uri: "grpc://prod:1", model: "other", language: "de-DE" },
      sources: { uri: path, model: `RIVA_MODEL (over ${path})`, language: path },
    });
  });

  test.each([
    ["ws://h", "", "nim-realtime", "/v1/realtime", "http://h:9000"],
    ["wss://h/v1/realtime", "", "nim-realtime", "/v1/realtime", "https://h:443"],
    ["ws://h:1/asr/v1/stream", "", "gateway", "/asr/v1/stream", "http://h:1/asr"],
    ["ws://h:1/asr/v1/realtime", "", "nim-realtime", "/asr/v1/realtime", "http://h:1/asr"],
    ["grpc://h", "http: http://h:9000/\n", "riva-grpc", "", "http://h:9000"],
    ["grpc://h", "", "riva-grpc", "", undefined],
  ])("%s speaks and answers HTTP", async (uri, more, kind, path, httpUrl) => {
    const target = await resolve(await file(`name: p\nuri: ${uri}\n${more}`));
    expect([target.kind, target.path, target.httpUrl]).toEqual([kind, path, httpUrl]);
  });

  test("takes secrets from the environment", async () => {
    const path = await file(
      'name: p\nuri: grpcs://p\nmetadata: { authorization: "Bearer ${MY_KEY}", tenant: blue }\n',
    );
    expect((await resolve(path, { MY_KEY: "s3cret" })).metadata).toEqual({
      authorization: "Bearer s3cret",
      tenant: "blue",
    });
    await expect(resolve(path)).rejects.toThrow(/metadata\.authorization: the variable MY_KEY is not set/);
  });

  test("reads certificates beside itself", async () => {
    const path = await file("name: p\nuri: grpcs://p:1\ntls: { ca: ca.pem, serverName: asr }\n");
    const env = { RIVA_SSL_CERT: join(cwd, "client.pem"), RIVA_SSL_KEY: join(cwd, "client.key") };
    expect((await resolve(path, env)).tls).toEqual({
      rootCa: await readFile(join(cwd, "ca.pem")),
      clientCert: await readFile(join(cwd, "client.pem")),
      clientKey: await readFile(join(cwd, "client.key")),
      serverName: "asr",
    });
  });

  test("decrypts the key by the environment, whose passphrase wins over the file's", async () => {
    const encrypted = createPrivateKey(await readFile(join(cwd, "client.key"))).export({
      ...{ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "geheim" },
    });
    await writeFile(join(cwd, "enc.key"), encrypted);
    const tls = 'tls: { cert: client.pem, key: enc.key, keyPassphrase: "${MINE}" }';
    const path = await file(`name: p\nuri: grpcs://p:1\n${tls}\n`);
    const plain = await readFile(join(cwd, "client.key"));
    expect((await resolve(path, { MINE: "geheim" })).tls?.clientKey).toEqual(plain);
    const env = { MINE: "other", RIVA_SSL_KEY_PASSPHRASE: "geheim" };
    expect((await resolve(path, env)).tls?.clientKey).toEqual(plain);
    await expect(resolve(path, { MINE: "wrong" })).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/mine\.yaml: tls\.key: .*enc\.key can't be decrypted/) as string,
      hint: expect.stringContaining("RIVA_SSL_KEY_PASSPHRASE") as string,
    });
  });

  test.each([
    ["name: p\nuri: grpc://p\nmetadata: { authorization: Bearer abc }", /secret in plain sight/],
    ["name: p\nuri: grpc://p\ntls: { ca: ca.pem }", /not encrypted/],
    ["name: p\nuri: grpcs://p\ntls: { ca: gone.pem }", /tls\.ca: .*gone\.pem does not exist/],
    [
      "name: p\nuri: grpcs://p\ntls: { keyPassphrase: plain, cert: client.pem, key: client.key }",
      /in plain sight/,
    ],
    ["name: p\nuri: grpcs://p\ntls: { cert: client.pem }", /only one of/],
    ["name: p\nuri: grpc://p\nmodle: x", /mine\.yaml:3:1: modle: unknown key; did you mean model\?/],
    ["name: p", /needs either uri or emulator/],
    ["name: p\nemulator: big", /emulator: must be nim or legacy/],
  ])("%j is refused", async (text, message) => {
    const path = await file(text);
    await expect(resolve(path)).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      exitCode: 2,
    });
  });
});

describe("an API key", () => {
  const env = { RIVA_API_KEY: "k", RIVA_FUNCTION_ID: "f" };

  test.each(["grpcs://cloud.example", "grpc://127.0.0.1:1", "grpc://localhost:1"])(
    "goes to %s",
    async (uri) => {
      expect((await resolve(uri, env)).metadata).toEqual({ authorization: "Bearer k", "function-id": "f" });
    },
  );

  test("does not go out in the clear", async () => {
    const target = await resolve("grpc://far.example:1", env);
    expect(target.metadata).toEqual({ "function-id": "f" });
    expect(target.sources["authorization"]).toMatch(/not sent/);
  });
});

test("RIVA_SSL is yes or no", async () => {
  await expect(resolve(undefined, { RIVA_HOST: "h", RIVA_SSL: "maybe" })).rejects.toMatchObject({
    exitCode: 2,
  });
  expect((await resolve(undefined, { RIVA_HOST: "h", RIVA_SSL: "off" })).tls).toBeUndefined();
});

test(".env is read as a shell would", () => {
  const text = [
    "# a comment",
    "PLAIN=value",
    "export EXPORTED = spaced ",
    'DOUBLE="with # inside" # and a comment',
    "SINGLE='x=y'",
    "TRAILING=abc # comment",
    "HASH=a#b",
    "EMPTY=",
    "not an assignment",
  ].join("\r\n");
  expect(Object.fromEntries(parseDotEnv(text))).toEqual({
    PLAIN: "value",
    EXPORTED: "spaced",
    DOUBLE: "with # inside",
    SINGLE: "x=y",
    TRAILING: "abc",
    HASH: "a#b",
    EMPTY: "",
  });
});

describe("the server's own metrics", () => {
  const env = { METRICS_PASSWORD: "p@ss/w", METRICS_KEY: "k-123456" };

  test("are read with the credentials of their URL, or with headers", async () => {
    const path = await file(
      "name: t\nuri: grpc://h:1\nscrape:\n  - http://u:${METRICS_PASSWORD:-x}@h:8002/metrics\n" +
        '  - { url: "http://h:9400/metrics", headers: { x-api-key: "${METRICS_KEY}" } }\n',
    );
    await expect(resolve(path, env)).rejects.toMatchObject({ exitCode: 2 });
    const { scrape } = await resolve(path, { ...env, METRICS_PASSWORD: "p%40ss%2Fw" });
    expect(scrape).toMatchObject([
      { url: "http://h:8002/metrics", headers: { authorization: `Basic ${btoa("u:p@ss/w")}` } },
      { url: "http://h:9400/metrics", headers: { "x-api-key": "k-123456" } },
    ]);
  });

  test("take a token from the environment where they have no other", async () => {
    const path = await file("name: t\nuri: grpc://h:1\nscrape: [http://u:p@h/m, http://h/m]\n");
    const { scrape } = await resolve(path, { BENCH_SCRAPE_TOKEN: "abc" });
    expect(scrape?.map(({ headers }) => headers)).toEqual([
      { authorization: `Basic ${btoa("u:p")}` },
      { authorization: "Bearer abc" },
    ]);
  });

  test("have no secret header in plain sight", async () => {
    const path = await file(
      "name: t\nuri: grpc://h:1\nscrape: [{ url: http://h/m, headers: { x-auth: SECRET } }]\n",
    );
    const error = await resolve(path).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ exitCode: 2 });
    expect((error as Error).message).not.toContain("SECRET");
  });
});

describe("the name of a target", () => {
  test.each(["eu-west/asr", 'say "hi" \\\\', "語音", "..", "a b", "x".repeat(200)])(
    "may be %j",
    async (name) => {
      const path = await file(`name: ${JSON.stringify(name)}\nuri: grpc://h:1\n`);
      expect((await resolve(path)).name).toBe(name);
    },
  );

  test.each(["", " ", "a\nb", "\u0000", "\u001b[31m", "\u2028", "\ud800", "x".repeat(201)])(
    "is not %j",
    async (name) => {
      const path = await file(`name: ${JSON.stringify(name)}\nuri: grpc://h:1\n`);
      await expect(resolve(path)).rejects.toMatchObject({ exitCode: 2 });
    },
  );
});

test.each([
  "grpc://user:SECRET@h:50051",
  "ws://h:9000/v1/unknown?token=SECRET",
  "http://user:SECRET@h",
  "grpc://SECRET@h",
  "user:SECRET@h:50051",
])("an address with a secret is refused without it: %s", async (uri) => {
  const error = await resolve(uri).catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ exitCode: 2 });
  expect(JSON.stringify([(error as Error).message, (error as { hint?: string }).hint])).not.toContain(
    "SECRET",
  );
});
