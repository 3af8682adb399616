/** What `bench gateway` runs with: flags over the environment over the file, field by field, checked before anything is used. */
import { defined } from "../../base/defined.ts";
import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { isIP } from "node:net";
import { dirname, join, resolve } from "node:path";
import { BenchError } from "../../base/errors.ts";
import { bareHost } from "../../base/host-port.ts";
import { readText } from "../../base/files/text-file.ts";
import { readAuthorities, readCertificateAndKey } from "../../base/files/tls-files.ts";
import { parseYaml } from "../../base/yaml.ts";
import type { ApiKey } from "../../gateway/door/auth.ts";
import { checkTokenSecret, parseApiKeys } from "../../gateway/door/auth.ts";
import type { GatewayConfig, GatewayFile } from "../../gateway/config.ts";
import { gatewayFile } from "../../gateway/config.ts";
import type { GatewayTls } from "../../gateway/server.ts";
import type { UpstreamConfig } from "../../gateway/upstream/upstreams.ts";
import { readDotEnv } from "../../base/files/dot-env.ts";
import type { ArgsOf } from "../command.ts";
import type { gatewayOptions } from "./gateway-settings.ts";
import { ENV_PREFIX } from "./gateway-settings.ts";
import { mustBePort } from "../../base/port-flag.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import type { World } from "../../base/process/world.ts";

/** Flags, and what the environment and `.env` give for those that are left out. */
export type GatewayArgs = Partial<ArgsOf<typeof gatewayOptions>>;

/** The configuration with everything that it names read. */
export interface LoadedGateway {
  config: GatewayConfig;
  upstreams: UpstreamConfig[];
  keys: ApiKey[];
  tls: GatewayTls | undefined;
  /** Paths that `tls`, `keys` and the certificates of upstreams were read from. */
  watched: string[];
  /** For the operator: what is allowed and unsafe. */
  warnings: string[];
}

type TlsPaths = Partial<NonNullable<GatewayConfig["tls"]>>;

/** @throws BenchError (exit 2) that names what is wrong */
export async function loadGateway(world: World, args: GatewayArgs): Promise<LoadedGateway> {
  const path = args.config === undefined ? undefined : resolve(world.cwd, args.config);
  const folder = path === undefined ? world.cwd : dirname(path);
  const file = parseYaml(
    path === undefined ? "{}" : await text("--config", path),
    path ?? "flags",
    gatewayFile,
  );
  const rest = omit(file, "tls", "apiKeysFile");
  const keysFile = fromEither(world.cwd, args.apiKeysFile, folder, file.apiKeysFile);
  const tls = wholeTls({
    cert: fromEither(world.cwd, args.tlsCert, folder, file.tls?.cert),
    key: fromEither(world.cwd, args.tlsKey, folder, file.tls?.key),
    clientCa: fromEither(world.cwd, args.tlsClientCa, folder, file.tls?.clientCa),
  });
  const config: GatewayConfig = {
    ...rest,
    ...defined({ port: args.port, host: args.host }),
    ...(args.upstream === undefined ? {} : { upstreams: args.upstream.map((uri) => named(uri, file)) }),
    ...defined({ fallback: args.fallback, apiKeysFile: keysFile, tls }),
    log: { ...rest.log, ...defined({ level: args.logLevel }) },
  };
  mustBePort("--port", config.port);
  if (config.upstreams.length === 0 && config.fallback === "none") {
    throw BenchError.usage(
      "no recogniser is configured",
      "Give --upstream grpc://host:50051 (try: bench emulator --port 50051), or upstreams in --config.",
    );
  }
  if (args.tokenSecret !== undefined) checkTokenSecret(args.tokenSecret);
  const upstreams = await Promise.all(config.upstreams.map((one, index) => upstreamOf(world, one, index)));
  const loaded = {
    config,
    upstreams: upstreams.map(({ upstream }) => upstream),
    keys: keysFile === undefined ? [] : parseApiKeys(await text("--api-keys-file", keysFile), keysFile),
    tls: tls === undefined ? undefined : await certificates(tls),
    watched: [
      ...new Set([
        ...Object.values(tls ?? {}),
        ...(keysFile === undefined ? [] : [keysFile]),
        ...upstreams.flatMap(({ files }) => files),
      ]),
    ],
  };
  mustDiffer(loaded.upstreams);
  return { ...loaded, warnings: await warningsOf(world, args, loaded) };
}

function omit<T extends object, K extends keyof T>(from: T, ...keys: K[]): Omit<T, K> {
  const entries = Object.entries(from).filter(([key]) => !keys.includes(key as K));
  return Object.fromEntries(entries) as Omit<T, K>;
}

/** A path of a flag counts from the working folder, one of the file from the file's. */
function fromEither(
  cwd: string,
  flag: string | undefined,
  folder: string,
  own: string | undefined,
): string | undefined {
  if (flag !== undefined) return resolve(cwd, flag);
  return own === undefined ? undefined : resolve(folder, own);
}

/** An upstream of a flag has the name that the file gives it. */
function named(uri: string, { upstreams }: GatewayFile): GatewayConfig["upstreams"][number] {
  return upstreams.find((one) => one.uri === uri) ?? { uri };
}

/** @throws BenchError (exit 2) when half of it is missing: what was asked for would not be served */
function wholeTls(paths: {
  [name in keyof TlsPaths]: string | undefined;
}): GatewayConfig["tls"] {
  const { cert, key, clientCa } = paths;
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert !== undefined && key !== undefined)
    return { cert, key, ...(clientCa === undefined ? {} : { clientCa }) };
  if (cert === undefined && key === undefined)
    throw BenchError.usage(
      "client certificates can't be demanded without TLS: there is --tls-client-ca, but no certificate and key",
      "Give --tls-cert and --tls-key, or tls.cert and tls.key in --config.",
    );
  throw BenchError.usage(
    "TLS needs both --tls-cert and --tls-key",
    "Each may come from a flag, the environment or the file.",
  );
}

async function upstreamOf(
  world: World,
  { name, uri }: { name?: string; uri: string },
  index: number,
): Promise<{ upstream: UpstreamConfig; files: readonly string[] }> {
  const target = await resolveTarget({ flag: uri, env: world.env, cwd: world.cwd, root: world.root });
  if (target.kind !== "riva-grpc" || target.address === "") {
    throw BenchError.usage(
      `upstream ${uri}: not a running Riva server or NIM`,
      "An upstream is grpc://host:port, grpcs://host:port or a target file with such a URI.",
    );
  }
  const upstream = {
    // Callers, /metrics and /health/ready get to see names, so an address is never one.
    name: name ?? (uri.includes("://") ? `upstream-${index + 1}` : target.name),
    uri: target.uri,
    endpoint: {
      address: target.address,
      metadata: target.metadata,
      ...defined({ tls: target.tls, route: target.route }),
    },
  };
  return { upstream, files: target.tlsFiles ?? [] };
}

function mustDiffer(upstreams: readonly UpstreamConfig[]): void {
  const twice = upstreams.find(({ name }, index) => upstreams.findIndex((one) => one.name === name) < index);
  if (twice !== undefined)
    throw BenchError.usage(`two upstreams have the name ${twice.name}`, "Give each a name of its own.");
}

async function certificates(paths: NonNullable<GatewayConfig["tls"]>): Promise<GatewayTls> {
  const { cert, key, clientCa } = paths;
  const pair = await readCertificateAndKey(
    { source: "--tls-cert", path: cert },
    { source: "--tls-key", path: key },
    { encryptedKeyHint: "Give the key without a passphrase: openssl pkey -in KEY -out KEY.plain" },
  );
  if (clientCa === undefined) return pair;
  return { ...pair, ca: await readAuthorities({ source: "--tls-client-ca", path: clientCa }) };
}

async function warningsOf(
  { cwd }: World,
  { tokenSecret }: GatewayArgs,
  { config, keys, tls }: Omit<LoadedGateway, "warnings">,
): Promise<string[]> {
  const { host, trustedProxies, apiKeysFile } = config;
  const warnings: string[] = [];
  const ownUser = process.getuid?.();
  if (keys.length > 0 && tls === undefined && !isLoopback(bareHost(host)) && trustedProxies.length === 0)
    warnings.push(
      `API keys cross the network unencrypted: it listens on ${host} without TLS and no trustedProxies are named`,
    );
  const secrets: [what: string, path: string | undefined][] = [
    ["the API keys", apiKeysFile],
    ["the TLS key", config.tls?.key],
    ["the token secret", tokenSecret === undefined ? undefined : await dotEnvWithSecret(cwd)],
  ];
  for (const [what, path] of secrets) {
    if (path === undefined) continue;
    const file = await stat(path).catch(() => undefined);
    if (file !== undefined && othersCanRead(file, ownUser))
      warnings.push(`${path} holds ${what}, and other users can read it: chmod 600 ${path}`);
  }
  return warnings;
}

/** A file of another owner is ours by its group, as Kubernetes mounts Secrets (`fsGroup`): then the group may read it. */
function othersCanRead({ mode, uid }: Stats, user: number | undefined): boolean {
  return (mode & (uid === user ? 0o077 : 0o007)) !== 0;
}

async function dotEnvWithSecret(cwd: string): Promise<string | undefined> {
  return ((await readDotEnv(cwd)).get(`${ENV_PREFIX}_TOKEN_SECRET`) ?? "") !== ""
    ? join(cwd, ".env")
    : undefined;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

/** The configuration as used; keys are names only, and nothing else in it is a secret. */
export function printable({ config, upstreams, keys, tls, warnings }: LoadedGateway): object {
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
    certificate: config.tls?.cert ?? null,
    clientCertificates:
      config.tls?.clientCa === undefined
        ? "not demanded"
        : `required, signed by an authority in ${config.tls.clientCa}`,
    warnings,
  };
}

export function tlsMode(tls: GatewayTls | undefined): "off" | "on" | "mutual" {
  return tls === undefined ? "off" : tls.ca === undefined ? "on" : "mutual";
}

function text(flag: string, path: string): Promise<string> {
  return readText(path, { what: flag });
}
