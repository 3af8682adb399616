/** Where the gateway's settings come from, and tokens that one gateway makes and another takes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { YOUNG_MEGABYTES } from "../../src/cli/gateway/worker-thread.ts";
import { bench, sleep, tempFolder } from "../support/bench-process.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { Caller } from "../support/gateway.ts";
import type { RunningGateway } from "../support/gateway-process.ts";
import { gatewayReady, launchGateway } from "../support/gateway-process.ts";

const SECRETS = {
  one: "correct-horse-battery-staple-31415926",
  another: "another-secret-of-thirty-two-bytes-27182818",
};

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

test("--check-config: a flag wins over the environment, and that over the file; secrets stay hidden", async () => {
  const cwd = tempFolder();
  const write = (name: string, text: string): void => writeFileSync(join(cwd, name), text);
  write("keys.txt", "web 0123456789abcdef\n");
  write(
    "gateway.yaml",
    `port: 1111
host: 127.0.0.2
upstreams: [{ name: file, uri: "grpc://127.0.0.1:1" }]
apiKeysFile: keys.txt
log: { level: error }
limits: { drain: 7s }
`,
  );
  const used = async (flags: string[], env: Record<string, string>): Promise<Record<string, unknown>> => {
    const args = ["gateway", "--config", "gateway.yaml", "--check-config", ...flags];
    const { code, stdout } = await bench(args, {
      cwd,
      env: { ...env, BENCH_GATEWAY_TOKEN_SECRET: SECRETS.one },
    });
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/0123456789abcdef|correct-horse/);
    return JSON.parse(stdout) as Record<string, unknown>;
  };
  expect(await used([], {})).toMatchObject({
    ...{ port: 1111, host: "127.0.0.2", log: { level: "error" }, apiKeys: ["web"] },
    upstreams: [{ name: "file", uri: "grpc://127.0.0.1:1" }],
    limits: { drain: 7000, sessions: 2000 },
  });
  const env = { BENCH_GATEWAY_PORT: "2222", BENCH_GATEWAY_UPSTREAM: "grpc://127.0.0.1:2" };
  expect(await used([], env)).toMatchObject({
    ...{ port: 2222, host: "127.0.0.2" },
    upstreams: [{ uri: "grpc://127.0.0.1:2" }],
  });
  expect(await used(["--port", "3333"], env)).toMatchObject({ port: 3333, host: "127.0.0.2" });
  write(
    ".env",
    "BENCH_GATEWAY_PORT=4444\nBENCH_GATEWAY_UPSTREAM='grpc://127.0.0.1:4'\nBENCH_GATEWAY_LOG_LEVEL=warn\n",
  );
  expect(await used([], {})).toMatchObject({
    ...{ port: 4444, log: { level: "warn" } },
    upstreams: [{ uri: "grpc://127.0.0.1:4" }],
  });
  expect(await used([], env)).toMatchObject({ port: 2222, log: { level: "warn" } });
}, 60_000);

test("it runs with the young generation that it is measured with", async () => {
  const gateway = await launchGateway(["--fallback", "mock"]);
  const [, megabytes] = await gateway.sees(/"youngMegabytes":(\d+)/);
  expect(Number(megabytes)).toBeGreaterThanOrEqual(YOUNG_MEGABYTES);
  expect((await gateway.stop()).code).toBe(0);
});

test("gateways that share a secret take each other's tokens, until they end; altered ones never", async () => {
  const upstream = await startDelayServer({ partialMs: 0, finalMs: 0 });
  stops.push(() => upstream.close());
  const folder = tempFolder();
  writeFileSync(join(folder, "keys.txt"), "web 0123456789abcdef\n");
  writeFileSync(join(folder, "gateway.yaml"), "tokenLife: 4s\napiKeysFile: keys.txt\n");
  const start = async (secret: string): Promise<RunningGateway> => {
    const flags = ["--config", join(folder, "gateway.yaml"), "--upstream", `grpc://${upstream.address}`];
    const gateway = await launchGateway(flags, { BENCH_GATEWAY_TOKEN_SECRET: secret });
    stops.push(() => gateway.child.kill("SIGKILL"));
    return gateway;
  };
  const [maker, taker, stranger] = await Promise.all([
    start(SECRETS.one),
    start(SECRETS.one),
    start(SECRETS.another),
  ]);
  const made = await fetch(`http://127.0.0.1:${maker.port}/v1/realtime/transcription_sessions`, {
    method: "POST",
    headers: { "x-api-key": "0123456789abcdef" },
  });
  const { client_secret } = (await made.json()) as { client_secret: { value: string } };
  const token = client_secret.value;
  /** HTTP status of the refusal; undefined when the session was opened. */
  const joined = async ({ port }: RunningGateway, value: string): Promise<number | undefined> => {
    const url = `ws://127.0.0.1:${port}/v1/realtime?intent=transcription`;
    const caller = new Caller(url, { protocols: ["realtime", `realtime-token.${value}`] });
    await Promise.race([caller.heard("conversation.created"), caller.closed]);
    caller.socket.terminate();
    return caller.refused;
  };
  const altered = token.replace(/^./, (first) => (first === "A" ? "B" : "A"));
  expect(await Promise.all([joined(taker, token), joined(taker, altered), joined(stranger, token)])).toEqual([
    undefined,
    401,
    401,
  ]);
  await sleep(4100);
  expect(await joined(taker, token)).toBe(401);
}, 60_000);

test("a reload gives new sessions new keys and limits; the open one goes on, and keys are never dropped by mistake", async () => {
  const upstream = await startDelayServer({ partialMs: 0, finalMs: 0, text: "one two three" });
  stops.push(() => upstream.close());
  const folder = tempFolder();
  const [config, keys] = [join(folder, "gateway.yaml"), join(folder, "keys.txt")];
  const write = (sessions: number, key: string): void => {
    writeFileSync(config, `apiKeysFile: keys.txt\nlimits: { sessions: ${sessions} }\n`);
    writeFileSync(keys, `web ${key}\n`);
  };
  const [oldKey, newKey] = ["0123456789abcdef", "fedcba9876543210"];
  write(1, oldKey);
  const gateway = await launchGateway(["--config", config, "--upstream", `grpc://${upstream.address}`]);
  stops.push(() => gateway.child.kill("SIGKILL"));
  await gatewayReady(gateway);
  const enter = async (key: string): Promise<Caller> => {
    const caller = new Caller(`ws://127.0.0.1:${gateway.port}/v1/stream`, { headers: { "x-api-key": key } });
    caller.socket.on("open", () => caller.json({ type: "start" }));
    await Promise.race([caller.heard("ready").catch(() => undefined), caller.closed]);
    return caller;
  };
  const first = await enter(oldKey);
  expect((await enter(oldKey)).refused).toBe(429);

  write(2, newKey);
  gateway.child.kill("SIGHUP");
  await gateway.sees(/configuration read again/);
  expect((await enter(oldKey)).refused).toBe(401);
  const second = await enter(newKey);
  expect(second.refused).toBeUndefined();
  expect((await enter(newKey)).refused).toBe(429);
  const metrics = await (await fetch(`http://127.0.0.1:${gateway.port}/metrics`)).text();
  expect(metrics).toMatch(/^bench_gateway_sessions_limit 2$/m);

  writeFileSync(config, "limits: { sessions: 3 }\n");
  gateway.child.kill("SIGHUP");
  await gateway.sees(/can't turn API keys on or off/);
  expect((await enter(newKey)).refused).toBe(429);
  for (const caller of [first, second]) {
    caller.socket.send(Buffer.alloc(3200));
    caller.json({ type: "finish" });
    expect(await caller.closed).toMatchObject({ code: 1000 });
    expect(caller.of("final")[0]?.["text"]).toBe("one two three");
  }
}, 60_000);

test("--check-config finds what only a start would have: a proxy that is no address", async () => {
  const cwd = tempFolder();
  writeFileSync(
    join(cwd, "g.yaml"),
    'upstreams: [{ uri: "grpc://a:1" }]\ntrustedProxies: [10.0.0.0/8, ingress]\n',
  );
  const { code, stderr } = await bench(["gateway", "--config", "g.yaml", "--check-config"], { cwd });
  expect([code, stderr]).toEqual([
    2,
    "bench: trustedProxies: ingress is no address and no network such as 10.0.0.0/8\n",
  ]);
});
