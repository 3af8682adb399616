/** `bench gateway`: browser audio over WebSockets to Riva, until it is told to stop. */
import { defined } from "../../base/defined.ts";
import type { ExitCode } from "../../base/errors.ts";
import { bareHost, joinHostPort } from "../../base/host-port.ts";
import { randomStream } from "../../base/random.ts";
import { createRivaGrpc } from "../../client/grpc/riva-grpc.ts";
import { createRivaUnary } from "../../client/grpc/riva-unary.ts";
import { createAddresses } from "../../gateway/door/address.ts";
import { createAuth } from "../../gateway/door/auth.ts";
import { createExceptions } from "../../gateway/contain.ts";
import { createMockTransport } from "../../gateway/upstream/mock-transport.ts";
import type { Gateway } from "../../gateway/server.ts";
import { startGateway } from "../../gateway/server.ts";
import type { Upstreams } from "../../gateway/upstream/upstreams.ts";
import { createUpstreams } from "../../gateway/upstream/upstreams.ts";
import { command } from "../command.ts";
import type { GatewayArgs, LoadedGateway } from "./gateway-config.ts";
import { loadGateway, printable } from "./gateway-config.ts";
import { createGatewayLog } from "./gateway-log.ts";
import { loadPage } from "./gateway-page.ts";
import { reloadOnHangup } from "./gateway-reload.ts";
import { gatewayOptions, gatewaySettings } from "./gateway-settings.ts";
import type { Supervised } from "./worker-thread.ts";
import {
  YOUNG_MEGABYTES,
  inWorkerThread,
  runInWorkerThread,
  supervised,
  youngMegabytes,
} from "./worker-thread.ts";
import type { World } from "../../base/process/world.ts";

export const gatewayCommand = command(
  async (yargs, world) => gatewayOptions(yargs, await gatewaySettings(world)),
  async (world, args) => {
    if (args.checkConfig) await checkConfig(world, args);
    else if (inWorkerThread) await gateway(world, args);
    else world.setExitCode((await runInWorkerThread(YOUNG_MEGABYTES)) as ExitCode);
  },
);

async function checkConfig(world: World, args: GatewayArgs): Promise<void> {
  const loaded = await loadGateway(world, args);
  createAddresses(loaded.config.trustedProxies);
  world.stdout.write(`${JSON.stringify(printable(loaded), null, 2)}\n`);
}

type Log = ReturnType<typeof createGatewayLog>;

async function gateway(world: World, args: GatewayArgs): Promise<void> {
  const supervision = supervised();
  const loaded = await loadGateway(world, args);
  const { config, tls } = loaded;
  const addresses = createAddresses(config.trustedProxies);
  const log = createGatewayLog(config.log.level);
  const exceptions = createExceptions(log);
  const upstreams = createUpstreams(
    loaded.upstreams,
    {
      transport: (endpoint) => createRivaGrpc({ ...endpoint, clock: world.clock }),
      unary: (endpoint) => createRivaUnary({ ...endpoint, clock: world.clock }),
    },
    world.clock,
    {
      changed: ({ name, breaker }) =>
        log.warn({ upstream: name, breaker: breaker.state }, "upstream changed"),
      threw: ({ name }, error) => exceptions.caught("upstream", error, { upstream: name }),
    },
  );
  const secret = args.tokenSecret === undefined ? supervision.secret : Buffer.from(args.tokenSecret);
  const page = await loadPage(world.root);
  await supervision.mayListen();
  const server = await startGateway({
    config: supervision.port === undefined ? config : { ...config, port: supervision.port },
    clock: world.clock,
    random: randomStream(world.clock.epochMs(), "gateway"),
    auth: createAuth(loaded.keys, secret, config.tokenLife),
    addresses,
    upstreams,
    ...(config.fallback === "mock" ? { mock: createMockTransport(world.clock) } : {}),
    ...defined({ tls }),
    log,
    exceptions,
    workerRestarts: supervision.restarts,
    page,
    residentBytes: () => process.memoryUsage.rss(),
  }).catch(async (error: unknown) => {
    await upstreams.close();
    throw error;
  });
  supervision.listening(server.port);
  sayStarted(world, loaded, server.port, supervision, log);
  const endReloading = reloadOnHangup(loaded, {
    load: () => loadGateway(world, args),
    use: (next) => use(next, server, upstreams, secret),
    log,
  });
  const replaced = new Promise<void>((resolve) => {
    supervision.watch(
      (error) => {
        exceptions.caught("process", error);
        server.refuseNew();
      },
      async () => {
        await server.stopListening();
        resolve();
        return { drainMs: config.limits.drain };
      },
    );
  });
  await stopped(world, server, log, replaced);
  endReloading();
}

function sayStarted(
  world: World,
  loaded: LoadedGateway,
  port: number,
  { restarts }: Supervised,
  log: Log,
): void {
  const { config, tls, upstreams } = loaded;
  const fields = { config: printable(loaded), port, restarts, youngMegabytes: youngMegabytes() };
  log.info(fields, "gateway started");
  for (const warning of loaded.warnings) log.warn({}, warning);
  if (restarts > 0) return;
  world.stdout.write(
    `riva-bench gateway listening on ${tls === undefined ? "http" : "https"}://${joinHostPort(bareHost(config.host), port)}/, ` +
      `upstreams: ${upstreams.map(({ uri }) => uri).join(", ") || "none"}` +
      `${config.fallback === "mock" ? " (fallback: MOCK words)" : ""}\n`,
  );
}

/** First what may be refused: after it nothing fails. */
function use(next: LoadedGateway, server: Gateway, upstreams: Upstreams, secret: Buffer) {
  const changes = upstreams.replace(next.upstreams);
  if (next.tls !== undefined) server.setTls(next.tls);
  server.reconfigure(next.config, createAuth(next.keys, secret, next.config.tokenLife));
  return changes;
}

/**
 * SIGTERM or Ctrl-C: no new sessions, the open ones are followed to their end up to the limit; once more ends them now. A worker
 * that is replaced does the same.
 */
function stopped(world: World, server: Gateway, log: Log, replaced: Promise<void>): Promise<void> {
  return new Promise((done) => {
    let times = 0;
    const drain = (why: object): void => {
      log.info(why, "draining");
      void server.drain().then(() => {
        log.info({}, "gateway stopped");
        endInterrupts();
        done();
      });
    };
    const endInterrupts = world.onInterrupt(
      (signal) => {
        if (times++ > 0) server.endAll();
        else drain({ signal });
      },
      // SIGHUP reads the configuration again, and nobody needs to read what a server prints.
      [],
    );
    void replaced.then(() => {
      times++;
      drain({ replaced: true });
    });
  });
}
