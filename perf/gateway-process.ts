/**
 * The gateway under measurement, in a process of its own: what `bench gateway` starts, in front of the null server.
 * Arguments: the port of the null server, the transport to it.
 */
import process from "node:process";
import { realClock } from "../src/base/clock.ts";
import { loadTransport } from "../src/client/transports.ts";
import { createGatewayLog } from "../src/cli/gateway/gateway-log.ts";
import { createAddresses } from "../src/gateway/door/address.ts";
import { createAuth } from "../src/gateway/door/auth.ts";
import { gatewayFile } from "../src/gateway/config.ts";
import { createExceptions } from "../src/gateway/contain.ts";
import { startGateway } from "../src/gateway/server.ts";
import { createUpstreams } from "../src/gateway/upstream/upstreams.ts";
import type { Usage } from "./messages.ts";
import { serveParent, tellParent, usageInWindow } from "./messages.ts";

const [upstreamPort = "", transport = ""] = process.argv.slice(2);
const MANY = 100_000;

const address = `127.0.0.1:${upstreamPort}`;
const log = createGatewayLog("warn");
const exceptions = createExceptions(log);
const createTransport = await loadTransport(transport);
const upstreams = createUpstreams(
  [{ name: "null", uri: `grpc://${address}`, endpoint: { address } }],
  {
    transport: (endpoint) => createTransport({ ...endpoint, clock: realClock }),
    // The null server knows one call only; two probes a second are nothing beside the audio.
    unary: () => ({
      health: () => Promise.resolve({ ok: true, value: "serving" }),
      models: () => Promise.resolve({ ok: true, value: [] }),
      recognize: () => Promise.reject(new Error("not measured")),
      close: () => undefined,
    }),
  },
  realClock,
  { changed: () => undefined, threw: (_upstream, error) => exceptions.caught("upstream", error) },
);
const gateway = await startGateway({
  config: gatewayFile.parse({
    port: 0,
    limits: {
      sessions: MANY,
      sessionsPerKey: MANY,
      sessionsPerAddress: MANY,
      bytesPerSecondPerOwner: 1e9,
      connectionsPerAddress: MANY,
      requestsPerSecondPerAddress: MANY,
    },
  }),
  clock: realClock,
  random: Math.random,
  auth: createAuth([], Buffer.alloc(32), 60_000),
  addresses: createAddresses([]),
  upstreams,
  log,
  exceptions,
  page: new Map(),
  residentBytes: () => process.memoryUsage.rss(),
});

let used: Promise<{ usage: Usage; idleRssBytes: number }> | undefined;

serveParent(gateway.port, (message) => {
  if (message.type === "plan") used = use(message.plan);
  else void used?.then((figures) => tellParent({ type: "used", ...figures }));
});

async function use(
  plan: Parameters<typeof usageInWindow>[0],
): Promise<{ usage: Usage; idleRssBytes: number }> {
  const idleRssBytes = process.memoryUsage.rss();
  return { idleRssBytes, usage: await usageInWindow(plan) };
}
