/** `bench gateway`: browser audio over WebSockets to Riva, until it is told to stop. */
import { randomBytes } from "node:crypto";
import { unwatchFile, watchFile } from "node:fs";
import { dirname, resolve } from "node:path";
import { createSecureContext } from "node:tls";
import type { Argv } from "yargs";
import type { ExitCode } from "../base/errors.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import { readText } from "../base/text-file.ts";
import { bareHost, joinHostPort } from "../base/host-port.ts";
import { randomStream } from "../base/random.ts";
import { parseYaml } from "../base/yaml.ts";
import { createRivaGrpc } from "../client/riva-grpc.ts";
import { createRivaUnary } from "../client/riva-unary.ts";
import { createAddresses } from "../gateway/address.ts";
import { createAuth, parseApiKeys } from "../gateway/auth.ts";
import type { ApiKey } from "../gateway/auth.ts";
import type { GatewayConfig } from "../gateway/config.ts";
import { gatewayFile } from "../gateway/config.ts";
import { createExceptions } from "../gateway/contain.ts";
import { createMockTransport } from "../gateway/mock-transport.ts";
import type { Gateway, GatewayTls } from "../gateway/server.ts";
import { startGateway } from "../gateway/server.ts";
import type { UpstreamConfig } from "../gateway/upstreams.ts";
import { createUpstreams } from "../gateway/upstreams.ts";
import { YOUNG_MEGABYTES } from "../gateway/young-generation.ts";
import type { Command } from "./command.ts";
import { createGatewayLog } from "./gateway-log.ts";
import { loadPage } from "./gateway-page.ts";
import { ENV_PREFIX, gatewaySettings } from "./gateway-settings.ts";
import { mustBePort } from "./port-flag.ts";
import { hearSignals, inRoomyThread, runInRoomyThread, youngMegabytes } from "./roomy-thread.ts";
import { resolveTarget } from "./target.ts";
import type { World } from "./world.ts";

interface Args {
  config?: string;
  port?: number;
  host?: string;
  upstream?: string[];
  fallback?: string;
  tlsCert?: string;
  tlsKey?: string;
  tlsClientCa?: string;
  apiKeysFile?: string;
  tokenSecret?: string;
  logLevel?: string;
  checkConfig: boolean;
}

export function gatewayCommand(world: World): Command {
  return {
    builder: async (yargs) => options(yargs, await gatewaySettings(world)),
    async handler(args) {
      const wanted = args as unknown as Args;
      if (inRoomyThread || wanted.checkConfig) await gateway(world, wanted);
      else world.setExitCode((await runInRoomyThread(YOUNG_MEGABYTES)) as ExitCode);
    },
  };
}

/** @param settings give way to flags */
function options(yargs: Argv, settings: object): Argv {
  return yargs
    .config(settings)
    .option("config", { type: "string", describe: "YAML file with all settings; read again on SIGHUP" })
    .option("port", { type: "number", describe: "0 = any free port [default: 9000]" })
    .option("host", { type: "string", describe: "Address to listen on [default: 127.0.0.1]" })
    .option("upstream", {
      type: "string",
      array: true,
      describe: "Recogniser, grpc://host:port or a name in targets/; several: in order of preference",
    })
    .option("fallback", {
      type: "string",
      choices: ["none", "mock"],
      describe: "mock: placeholder words, marked as such, while no recogniser can be reached",
    })
    .option("tls-cert", {
      type: "string",
      describe: "Serve https and wss: PEM certificate, read again on SIGHUP",
    })
    .option("tls-key", { type: "string", describe: "PEM private key of --tls-cert" })
    .option("tls-client-ca", {
      type: "string",
      describe: "Demand client certificates of this authority (mTLS)",
    })
    .option("api-keys-file", {
      type: "string",
      describe: 'Sessions need a key: lines of the form "name key"',
    })
    .option("token-secret", { type: "string", hidden: true })
    .option("log-level", { type: "string", choices: ["debug", "info", "warn", "error", "silent"] })
    .option("check-config", {
      type: "boolean",
      default: false,
      describe: "Check and print the configuration, then exit",
    })
    .example("$0 gateway --upstream grpc://gpu-box:50051", "then open http://127.0.0.1:9000/")
    .example(
      "$0 gateway --upstream grpc://nim:50051 --upstream grpc://riva:50051",
      "NIM first, legacy Riva behind it",
    )
    .example("$0 gateway --config gateway.yaml --check-config", "what would be used, secrets hidden")
    .epilogue(
      `Every flag can be set by the environment or .env (${ENV_PREFIX}_PORT, ${ENV_PREFIX}_UPSTREAM, ...); ` +
        `${ENV_PREFIX}_TOKEN_SECRET signs session tokens, for several gateways behind one address. ` +
        "Protocols: docs/gateway-protocol.md.",
    );
}

interface Loaded {
  config: GatewayConfig;
  upstreams: UpstreamConfig[];
  keys: ApiKey[];
  tls: GatewayTls | undefined;
  /** What `tls` and `keys` were read from. */
  watched: string[];
}

/** How often the files of certificates and keys are looked at. */
const LOOK_EVERY_MS = 2000;

async function gateway(world: World, args: Args): Promise<void> {
  hearSignals();
  const loaded = await load(world, args);
  const addresses = createAddresses(loaded.config.trustedProxies);
  if (args.checkConfig) {
    world.stdout.write(`${JSON.stringify(printable(loaded), null, 2)}\n`);
    return;
  }
  const { config, tls } = loaded;
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
  const secret = args.tokenSecret === undefined ? randomBytes(32) : Buffer.from(args.tokenSecret);
  const server = await startGateway({
    config,
    clock: world.clock,
    random: randomStream(world.clock.epochMs(), "gateway"),
    auth: createAuth(loaded.keys, secret, config.tokenLife),
    addresses,
    upstreams,
    ...(config.fallback === "mock" ? { mock: createMockTransport(world.clock) } : {}),
    ...(tls === undefined ? {} : { tls }),
    log,
    exceptions,
    page: await loadPage(world.root),
    residentBytes: () => process.memoryUsage.rss(),
  });
  log.info(
    { config: printable(loaded), port: server.port, youngMegabytes: youngMegabytes() },
    "gateway started",
  );
  world.stdout.write(
    `riva-bench gateway listening on ${tls === undefined ? "http" : "https"}://${joinHostPort(bareHost(config.host), server.port)}/, ` +
      `upstreams: ${loaded.upstreams.map(({ uri }) => uri).join(", ") || "none"}` +
      `${config.fallback === "mock" ? " (fallback: MOCK words)" : ""}\n`,
  );
  const unhear = reloadOnHangup(world, args, log, loaded.watched, (next) => {
    // Whether client certificates are demanded is decided when it begins to listen: never let it look as if they were.
    if (tlsMode(next.tls) !== tlsMode(tls))
      throw BenchError.usage(
        "a reload can't turn TLS or client certificates on or off: start the gateway again",
      );
    if (next.keys.length > 0 !== loaded.keys.length > 0)
      throw BenchError.usage("a reload can't turn API keys on or off: start the gateway again");
    server.reconfigure(next.config, createAuth(next.keys, secret, next.config.tokenLife));
    if (next.tls !== undefined) server.setTls(next.tls);
    upstreams.replace(next.upstreams);
  });
  await stopped(world, server, log);
  unhear();
}

/** Flags over file over defaults. @throws BenchError (exit 2) that names what is wrong */
async function load(world: World, args: Args): Promise<Loaded> {
  const path = args.config === undefined ? undefined : resolve(world.cwd, args.config);
  const folder = path === undefined ? world.cwd : dirname(path);
  const file = parseYaml(
    path === undefined ? "{}" : await text("--config", path),
    path ?? "flags",
    gatewayFile,
  );
  const { tlsCert, tlsKey, tlsClientCa } = args;
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw BenchError.usage("TLS needs both --tls-cert and --tls-key");
  const config: GatewayConfig = {
    ...file,
    ...(args.port === undefined ? {} : { port: args.port }),
    ...(args.host === undefined ? {} : { host: args.host }),
    ...(args.upstream === undefined ? {} : { upstreams: args.upstream.map((uri) => ({ uri })) }),
    ...(args.fallback === undefined ? {} : { fallback: args.fallback as GatewayConfig["fallback"] }),
    ...(args.apiKeysFile === undefined ? {} : { apiKeysFile: resolve(world.cwd, args.apiKeysFile) }),
    ...(args.logLevel === undefined
      ? {}
      : { log: { level: args.logLevel as GatewayConfig["log"]["level"] } }),
    ...(tlsCert === undefined || tlsKey === undefined
      ? {}
      : {
          tls: {
            cert: resolve(world.cwd, tlsCert),
            key: resolve(world.cwd, tlsKey),
            ...(tlsClientCa === undefined ? {} : { clientCa: resolve(world.cwd, tlsClientCa) }),
          },
        }),
  };
  mustBePort("--port", config.port);
  if (config.upstreams.length === 0 && config.fallback === "none") {
    throw BenchError.usage(
      "no recogniser is configured",
      "Give --upstream grpc://host:50051 (try: bench emulator --port 50051), or upstreams in --config.",
    );
  }
  const keysPath = config.apiKeysFile === undefined ? undefined : resolve(folder, config.apiKeysFile);
  return {
    config,
    upstreams: await Promise.all(config.upstreams.map((upstream) => upstreamOf(world, upstream))),
    keys: keysPath === undefined ? [] : parseApiKeys(await text("--api-keys-file", keysPath), keysPath),
    tls: config.tls === undefined ? undefined : await certificates(config.tls, folder),
    watched: [
      ...Object.values(config.tls ?? {}).map((path) => resolve(folder, path)),
      ...(keysPath === undefined ? [] : [keysPath]),
    ],
  };
}

async function upstreamOf(
  world: World,
  { name, uri }: { name?: string; uri: string },
): Promise<UpstreamConfig> {
  const target = await resolveTarget({ flag: uri, env: world.env, cwd: world.cwd, root: world.root });
  if (target.kind !== "riva-grpc" || target.address === "") {
    throw BenchError.usage(
      `upstream ${uri}: not a running Riva server or NIM`,
      "An upstream is grpc://host:port, grpcs://host:port or a target file with such a URI.",
    );
  }
  return {
    name: name ?? (uri.includes("://") ? target.address : target.name),
    uri: target.uri,
    endpoint: {
      address: target.address,
      metadata: target.metadata,
      ...(target.tls === undefined ? {} : { tls: target.tls }),
      ...(target.route === undefined ? {} : { route: target.route }),
    },
  };
}

async function certificates(
  { cert, key, clientCa }: NonNullable<GatewayConfig["tls"]>,
  folder: string,
): Promise<GatewayTls> {
  const read = async (flag: string, path: string): Promise<Buffer> =>
    Buffer.from(await text(flag, resolve(folder, path)));
  const tls = {
    cert: await read("--tls-cert", cert),
    key: await read("--tls-key", key),
    ...(clientCa === undefined ? {} : { ca: await read("--tls-client-ca", clientCa) }),
  };
  try {
    createSecureContext(tls);
  } catch (error) {
    throw BenchError.usage(
      `can't use the certificate ${cert} with the key ${key}: ${messageOf(error)}`,
      "Both must be PEM, and the key that of the certificate.",
    );
  }
  return tls;
}

/** The configuration as used; keys are names only, and nothing else in it is a secret. */
function printable({ config, upstreams, keys, tls }: Loaded): object {
  return {
    ...config,
    upstreams: upstreams.map(({ name, uri, endpoint }) => ({
      name,
      uri,
      tls: endpoint.tls !== undefined,
      metadata: Object.keys(endpoint.metadata ?? {}),
    })),
    apiKeys: keys.map(({ name }) => name),
    tls: tlsMode(tls),
  };
}

function tlsMode(tls: GatewayTls | undefined): "off" | "on" | "mutual" {
  return tls === undefined ? "off" : tls.ca === undefined ? "on" : "mutual";
}

/** Reads everything again on SIGHUP and when a file of certificates or keys changes; what can't be used is said, and the old stays. */
function reloadOnHangup(
  world: World,
  args: Args,
  log: ReturnType<typeof createGatewayLog>,
  files: readonly string[],
  use: (next: Loaded) => void,
): () => void {
  const reload = (): void => {
    load(world, args)
      .then((next) => {
        use(next);
        log.info({ upstreams: next.upstreams.map(({ name }) => name) }, "configuration read again");
      })
      .catch((error: unknown) =>
        log.warn({ error: messageOf(error) }, "the new configuration can't be used; the old one stays"),
      );
  };
  process.on("SIGHUP", reload);
  // By looking, not by events: mounted secrets are links that are exchanged.
  for (const file of files) watchFile(file, { interval: LOOK_EVERY_MS, persistent: false }, reload);
  return () => {
    process.off("SIGHUP", reload);
    for (const file of files) unwatchFile(file, reload);
  };
}

/** SIGTERM or Ctrl-C: no new sessions, the open ones are followed to their end up to the limit; once more ends them now. */
function stopped(world: World, server: Gateway, log: ReturnType<typeof createGatewayLog>): Promise<void> {
  return new Promise((done) => {
    let times = 0;
    const unhear = world.onInterrupt((signal) => {
      if (times++ > 0) {
        server.endAll();
        return;
      }
      log.info({ signal }, "draining");
      void server.drain().then(() => {
        log.info({}, "gateway stopped");
        unhear();
        done();
      });
      // SIGHUP reads the configuration again, and nobody needs to read what a server prints.
    }, []);
  });
}

function text(flag: string, path: string): Promise<string> {
  return readText(path, { what: flag });
}
