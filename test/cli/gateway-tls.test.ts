/** Certificates of the gateway: exchanged while it runs, and demanded of its callers. */
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { bench, tempFolder } from "../support/bench-process.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { Caller } from "../support/gateway.ts";
import type { RunningGateway } from "../support/gateway-process.ts";
import { launchGateway } from "../support/gateway-process.ts";

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function gatewayWith(...flags: string[]): Promise<RunningGateway> {
  const upstream = await startDelayServer({ partialMs: 0, finalMs: 0, text: "one two three" });
  stops.push(() => upstream.close());
  const gateway = await launchGateway(["--upstream", `grpc://${upstream.address}`, ...flags]);
  stops.push(() => gateway.child.kill("SIGKILL"));
  return gateway;
}

/** Begins a session; undefined when the connection could not be made. */
async function begin(
  { port }: RunningGateway,
  tls: { ca: Buffer; cert?: Buffer; key?: Buffer },
): Promise<Caller | undefined> {
  const caller = new Caller(`wss://127.0.0.1:${port}/v1/stream`, { tls });
  caller.socket.on("open", () => caller.json({ type: "start" }));
  return caller.heard("ready").then(
    () => caller,
    () => undefined,
  );
}

async function end(caller: Caller | undefined): Promise<unknown> {
  caller?.socket.send(Buffer.alloc(3200));
  caller?.json({ type: "finish" });
  return [(await caller?.closed)?.code, caller?.of("final")[0]?.["text"]];
}

const WELL = [1000, "one two three"];

test("a new certificate is used without a restart; open sessions live on; a half-written pair changes nothing", async () => {
  const [old, next] = [makeCertificates(), makeCertificates()];
  const folder = tempFolder();
  const put = (name: "crt" | "key", from: string): void =>
    copyFileSync(join(from, `server.${name}`), join(folder, `tls.${name}`));
  put("crt", old);
  put("key", old);
  const gateway = await gatewayWith(
    "--tls-cert",
    join(folder, "tls.crt"),
    "--tls-key",
    join(folder, "tls.key"),
  );
  const [trustsOld, trustsNext] = [{ ca: pem(old, "ca.crt") }, { ca: pem(next, "ca.crt") }];
  const before = await begin(gateway, trustsOld);

  put("crt", next);
  gateway.child.kill("SIGHUP");
  await gateway.sees(/can't be used; the old one stays/);
  expect(await end(await begin(gateway, trustsOld))).toEqual(WELL);

  put("key", next);
  gateway.child.kill("SIGHUP");
  await gateway.sees(/configuration read again/);
  expect(await begin(gateway, trustsOld)).toBeUndefined();
  expect(await end(await begin(gateway, trustsNext))).toEqual(WELL);
  expect(await end(before)).toEqual(WELL);

  // Nobody says so this time: the files are watched.
  put("crt", old);
  put("key", old);
  let after: Caller | undefined;
  await expect
    .poll(async () => (after = await begin(gateway, trustsOld)) !== undefined, {
      timeout: 15_000,
      interval: 500,
    })
    .toBe(true);
  expect(await end(after)).toEqual(WELL);
}, 60_000);

test("a Secret that is mounted: its folder is exchanged, and the new certificate is used", async () => {
  const [old, next] = [makeCertificates(), makeCertificates()];
  const mount = tempFolder();
  // As the kubelet does: files are links through `..data`, which is replaced in one step.
  const put = (from: string, version: string): void => {
    mkdirSync(join(mount, version));
    for (const name of ["crt", "key"])
      copyFileSync(join(from, `server.${name}`), join(mount, version, `tls.${name}`));
    symlinkSync(version, join(mount, "..data_tmp"));
    renameSync(join(mount, "..data_tmp"), join(mount, "..data"));
  };
  put(old, "..1");
  for (const name of ["tls.crt", "tls.key"]) symlinkSync(join("..data", name), join(mount, name));
  const gateway = await gatewayWith(
    ...["--tls-cert", join(mount, "tls.crt"), "--tls-key", join(mount, "tls.key")],
  );
  const before = await begin(gateway, { ca: pem(old, "ca.crt") });
  put(next, "..2");
  rmSync(join(mount, "..1"), { recursive: true });
  await gateway.sees(/configuration read again/);
  expect(await begin(gateway, { ca: pem(old, "ca.crt") })).toBeUndefined();
  expect(await end(await begin(gateway, { ca: pem(next, "ca.crt") }))).toEqual(WELL);
  expect(await end(before)).toEqual(WELL);
}, 60_000);

test("with client certificates demanded: none and a stranger's are refused, ours is let in", async () => {
  const folder = makeCertificates();
  const file = (name: string): string => join(folder, name);
  const gateway = await gatewayWith(
    ...["--tls-cert", file("server.crt"), "--tls-key", file("server.key"), "--tls-client-ca", file("ca.crt")],
  );
  const ca = pem(folder, "ca.crt");
  const withPair = (name: string) => ({
    ca,
    cert: pem(folder, `${name}.crt`),
    key: pem(folder, `${name}.key`),
  });
  expect(await begin(gateway, { ca })).toBeUndefined();
  await gateway.sees(/"error":"ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE","msg":"connection refused"/);
  expect(await begin(gateway, withPair("stranger"))).toBeUndefined();
  expect(await end(await begin(gateway, withPair("client")))).toEqual(WELL);
}, 60_000);

test("with client certificates demanded, each wrong one has its own words and advice", async () => {
  const folder = makeCertificates();
  const file = (name: string): string => join(folder, name);
  const gateway = await gatewayWith(
    ...["--tls-cert", file("server.crt"), "--tls-key", file("server.key"), "--tls-client-ca", file("ca.crt")],
  );
  const words = async (env: Record<string, string>): Promise<unknown[]> => {
    const target = `wss://localhost:${gateway.port}/v1/stream`;
    const { code, stdout } = await bench(["check", "--json", "--target", target], {
      env: { RIVA_SSL_CA: file("ca.crt"), ...env },
    });
    const { steps } = JSON.parse(stdout) as {
      steps: { ok: boolean; name: string; detail: string; advice?: string }[];
    };
    const failed = steps.find(({ ok }) => !ok);
    return [code, failed?.detail, failed?.advice];
  };
  const pair = (name: string): Record<string, string> => ({
    RIVA_SSL_CERT: file(`${name}.crt`),
    RIVA_SSL_KEY: file(`${name}.key`),
  });
  expect(await words({})).toEqual([
    7,
    expect.stringContaining("certificate required"),
    expect.stringContaining("give a client certificate and its key (RIVA_SSL_CERT, RIVA_SSL_KEY)"),
  ]);
  // Node closes without an alert: all that can be said is what to look at.
  expect(await words(pair("stranger"))).toEqual([
    7,
    expect.stringContaining("socket hang up"),
    expect.stringContaining("is our client certificate one that the server trusts"),
  ]);
  expect(await words(pair("client"))).toEqual([0, undefined, undefined]);
}, 60_000);

test("the container's health check works over TLS, with client certificates too, and is told what is missing", async () => {
  const folder = makeCertificates();
  const file = (name: string): string => join(folder, name);
  const pair = ["--tls-cert", file("server.crt"), "--tls-key", file("server.key")];
  const [plain, mutual] = [
    await gatewayWith(...pair),
    await gatewayWith(...pair, "--tls-client-ca", file("ca.crt")),
  ];
  const program = fileURLToPath(new URL("../../deploy/healthcheck.mjs", import.meta.url));
  const check = (url: string, env: Record<string, string> = {}): number | null =>
    spawnSync(process.execPath, [program], { env: { ...env, HEALTH_URL: url } }).status;
  const ready = ({ port }: RunningGateway): string => `https://127.0.0.1:${port}/health/ready`;
  const client = { HEALTH_CERT: file("client.crt"), HEALTH_KEY: file("client.key") };
  const stranger = { HEALTH_CERT: file("stranger.crt"), HEALTH_KEY: file("stranger.key") };
  await expect.poll(() => check(ready(plain)), { timeout: 10_000 }).toBe(0);
  expect(check(ready(plain), { HEALTH_CA: file("ca.crt") })).toBe(0);
  expect(check(ready(plain), { HEALTH_CA: file("stranger.crt") })).toBe(1);
  await expect.poll(() => check(ready(mutual), client), { timeout: 10_000 }).toBe(0);
  expect([check(ready(mutual)), check(ready(mutual), stranger)]).toEqual([1, 1]);
  expect(check(ready(plain).replace("/health/ready", "/nothing"))).toBe(1);
  const nowhere = "http://127.0.0.1:1/health/ready";
  expect(check(nowhere)).toBe(1);
  // An address that is given wins: a probe asks for more than one path.
  expect(spawnSync(process.execPath, [program, ready(plain)], { env: { HEALTH_URL: nowhere } }).status).toBe(
    0,
  );
}, 60_000);
