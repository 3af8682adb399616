/**
 * Which server is meant, and how to reach it. A flag wins over the environment, and that over a target file. The address
 * of the target that `--target` names is the flag's: the environment never redirects it, since load on the wrong server
 * is the worst surprise a load test has.
 */
import { defined } from "../../base/defined.ts";
import { isIPv6 } from "node:net";
import { dirname, join } from "node:path";
import { z } from "zod";
import { BenchError } from "../../base/errors.ts";
import { readNamedFile } from "../../base/files/named-file.ts";
import { redactUrl } from "../../base/text/redact.ts";
import { parseYaml, section } from "../../base/yaml.ts";
import { hostAndPort } from "../../client/endpoint.ts";
import type { ProxyServer, Route, TlsMaterial } from "../../client/endpoint.ts";
import { chooseProxy } from "../../client/proxy.ts";
import type { Destination } from "../../client/proxy.ts";
import type { TargetKind } from "../../client/transports.ts";
import type { Environment, Setting } from "../../base/files/dot-env.ts";
import { readEnvironment } from "../../base/files/dot-env.ts";
import type { HttpService } from "../../base/http-service.ts";
import { httpService } from "../../base/http-service.ts";
import { readTls } from "./target-tls.ts";
import type { TargetUri } from "./target-uri.ts";
import { formatTargetUri, parseTargetUri } from "./target-uri.ts";

export interface ResolvedTarget {
  name: string;
  kind: TargetKind;
  /** As printed: `grpc://host:port`, `ws://host:port` and so on; `emulator:<profile>` until `atAddress`. */
  uri: string;
  /** host:port; empty for an emulator that is not started yet. */
  address: string;
  /** Of a WebSocket. */
  path: string;
  /** Where the server answers HTTP (a NIM's readiness, recognition of whole files): scheme, host and port. */
  httpUrl?: string;
  tls?: TlsMaterial;
  /** Paths that `tls` was read from. */
  tlsFiles?: readonly string[];
  /** The proxy, where there is one, and once they are looked up the addresses that get sessions. */
  route?: Route;
  /** The same of `httpUrl`. */
  httpRoute?: Route;
  /** Why a proxy that the environment names is not used. */
  direct?: string;
  /** Sent with every call. Holds secrets: print it through `redactHeaders` only. */
  metadata: Readonly<Record<string, string>>;
  /** Names of the metadata whose values are no secrets. */
  publicMetadata: readonly string[];
  model?: string;
  language?: string;
  /** The server's own Prometheus metrics (Triton, NIM, DCGM), read during a run. */
  scrape?: readonly HttpService[];
  /** The command starts this emulator itself. */
  emulated?: { profile: string };
  /** Where each setting came from, for people. */
  sources: Readonly<Record<string, string>>;
}

export interface TargetRequest {
  /** Value of `--target`: a name, a file or a URI. */
  flag: string | undefined;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  root: string;
}

const KINDS = ["riva-grpc", "nim-realtime", "gateway"] as const satisfies readonly TargetKind[];

const NAME_AT_MOST = 200;

/** It stands in labels, paths and on terminals: any letters, no line breaks, no halves of characters, no novels. */
const targetName = z
  .string()
  .min(1)
  .max(NAME_AT_MOST, { error: `must not be longer than ${NAME_AT_MOST} characters` })
  .regex(/^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, {
    error: "must be text on one line: no line breaks, control characters or lone surrogates",
  });

/** The form of a target file. */
export const targetFile = section({
  name: targetName,
  description: z.string().exactOptional(),
  kind: z.enum(KINDS, { error: `unknown kind; known are ${KINDS.join(", ")}` }).exactOptional(),
  uri: z.string().min(1).exactOptional(),
  http: z.string().min(1).exactOptional(),
  emulator: z.enum(["nim", "legacy"], { error: "must be nim or legacy" }).exactOptional(),
  tls: section({
    ca: z.string().exactOptional(),
    cert: z.string().exactOptional(),
    key: z.string().exactOptional(),
    keyPassphrase: z.string().exactOptional(),
    serverName: z.string().exactOptional(),
  }).exactOptional(),
  metadata: z.record(z.string(), z.string()).default({}),
  publicMetadata: z.array(z.string().min(1)).default([]),
  model: z.string().min(1).exactOptional(),
  language: z.string().min(1).exactOptional(),
  scrape: z
    .array(
      z.union(
        [
          z.string().min(1),
          section({ url: z.string().min(1), headers: z.record(z.string(), z.string()).default({}) }),
        ],
        { error: "must be a URL, or { url, headers }" },
      ),
    )
    .exactOptional(),
}).refine(({ uri, emulator }) => (uri === undefined) !== (emulator === undefined), {
  error: "needs either uri or emulator",
});

/** A target file, read. Keys are those of the file; text may refer to the environment. */
export type TargetFile = z.output<typeof targetFile>;

/** What is known before the environment has filled the gaps. */
interface Chosen extends Omit<TargetFile, "uri" | "emulator"> {
  uri: string;
  /** Where the address came from. */
  source: string;
  /** The address is that of RIVA_HOST, so RIVA_SSL speaks of it. */
  addressFromEnvironment: boolean;
  /** Folder that relative paths of the file count from; those of the environment count from `cwd`. */
  folder: string;
  cwd: string;
}

/**
 * Finds the target: `--target` (a name in `targets/`, a file, a URI), else RIVA_HOST, else the emulator.
 *
 * @throws BenchError (exit 2): unknown name (with the nearest), bad URI or file, unreadable certificate, variable not set.
 */
export async function resolveTarget({ flag, env, cwd, root }: TargetRequest): Promise<ResolvedTarget> {
  const environment = await readEnvironment(env, cwd);
  if (flag === undefined) {
    const host = environment("RIVA_HOST") ?? environment("RIVA_PORT");
    if (host === undefined)
      return emulatorTarget("emulator-nim", "nim", "default: nothing else is configured");
    return fromEnvironment(blank("riva", HOST_FROM_ENVIRONMENT, host.source, cwd, cwd), environment);
  }
  // Without its scheme it is no address, but may hold a password all the same.
  if (flag.includes("://") || /^[^/\\:]*:.*@/.test(flag))
    return fromEnvironment(blank(parseTargetUri(flag).address, flag, "--target", cwd, cwd), environment);

  if (isIPv6(flag))
    throw BenchError.usage(`unknown target "${flag}"`, `Did you mean "grpc://[${flag}]:50051"?`);
  if (/^[\w.-]+:\d+$|^\[[^\]]+\](:\d+)?$|^[\d.]+$/.test(flag))
    throw BenchError.usage(`unknown target "${flag}"`, `Did you mean "grpc://${flag}"?`);

  const { path, text } = await readNamedFile(flag, { what: "target", folder: join(root, "targets"), cwd });
  const file = parseTargetFile(text, path);
  const { uri, emulator, ...rest } = file;
  if (emulator !== undefined) return emulatorTarget(file.name, emulator, path);
  return fromEnvironment({ ...blank(file.name, uri ?? "", path, dirname(path), cwd), ...rest }, environment);
}

/**
 * Reads the text of a target file; nothing of the environment is looked up.
 * @throws BenchError (exit 2) for a bad key or value, and a secret that is written out
 */
export function parseTargetFile(text: string, path: string): TargetFile {
  const file = parseYaml(text, path, targetFile);
  refusePlainSecrets(file.metadata, `${path}: metadata`);
  for (const one of file.scrape ?? [])
    if (typeof one !== "string") refusePlainSecrets(one.headers, `${path}: scrape: headers`);
  return file;
}

/** The target at the address where its emulator listens. */
export function atAddress(target: ResolvedTarget, address: string): ResolvedTarget {
  return { ...target, address, uri: `grpc://${address}` };
}

/** @throws BenchError (exit 2): the file may be shared, and is often under version control */
function refusePlainSecrets(entries: Readonly<Record<string, string>>, where: string): void {
  for (const [key, value] of Object.entries(entries)) {
    if (!isSecret(key) || value.includes("${")) continue;
    throw BenchError.usage(
      `${where}.${key}: holds a secret in plain sight`,
      'Write it as a reference to the environment, such as "Bearer ${RIVA_API_KEY}".',
    );
  }
}

const HOST_FROM_ENVIRONMENT = "grpc://${RIVA_HOST:-localhost}:${RIVA_PORT:-50051}";

function blank(name: string, uri: string, source: string, folder: string, cwd: string): Chosen {
  const addressFromEnvironment = uri.includes("${RIVA_HOST");
  return { name, metadata: {}, publicMetadata: [], uri, source, addressFromEnvironment, folder, cwd };
}

function emulatorTarget(name: string, profile: string, source: string): ResolvedTarget {
  return {
    name,
    kind: "riva-grpc",
    uri: `emulator:${profile}`,
    ...{ address: "", path: "" },
    metadata: {},
    publicMetadata: [],
    emulated: { profile },
    sources: { uri: source },
  };
}

async function fromEnvironment(chosen: Chosen, environment: Environment): Promise<ResolvedTarget> {
  const sources: Record<string, string> = { uri: chosen.source };
  const setting = (key: string, own: string | undefined, variable: string): string | undefined => {
    const found = pick(own, variable, chosen.source, environment);
    if (found !== undefined) sources[key] = found.source;
    return found?.value;
  };

  const parsed = parseTargetUri(expand(chosen.uri, hostInUri(environment), chosen.source));
  const secure = parsed.secure || (chosen.addressFromEnvironment && isOn("RIVA_SSL", environment));
  const at = { ...parsed, secure };
  if (chosen.kind !== undefined && chosen.kind !== at.kind) {
    throw BenchError.usage(
      `${chosen.source}: kind: ${chosen.kind} is not what ${formatTargetUri(at)} speaks`,
      `Write kind: ${at.kind}, or leave it out.`,
    );
  }
  const read = secure
    ? await readTls(chosen, sources, {
        setting: (own, variable) => pick(own, variable, chosen.source, environment),
        expand: (text, where) => expand(text, environment, where),
      })
    : undefined;
  const tls = read?.material;
  if (tls === undefined && chosen.tls !== undefined) {
    throw BenchError.usage(
      `${chosen.source}: tls: ${formatTargetUri(at)} is not encrypted`,
      `Write ${at.kind === "riva-grpc" ? "grpcs" : "wss"}:// for TLS.`,
    );
  }

  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(chosen.metadata)) {
    metadata[key] = expand(value, environment, `${chosen.source}: metadata.${key}`);
  }
  const functionId = setting("function-id", metadata["function-id"], "RIVA_FUNCTION_ID");
  if (functionId !== undefined) metadata["function-id"] = functionId;
  const apiKey = environment("RIVA_API_KEY");
  if (apiKey !== undefined && metadata["authorization"] === undefined) {
    // A key in the clear is a key given away.
    if (tls === undefined && !at.loopback) {
      sources["authorization"] = `${apiKey.source}, not sent: the connection is not encrypted`;
    } else {
      metadata["authorization"] = `Bearer ${apiKey.value}`;
      sources["authorization"] = apiKey.source;
    }
  }

  const model = setting("model", chosen.model, "RIVA_MODEL");
  const language = setting("language", chosen.language, "RIVA_LANGUAGE");
  const httpUrl = httpUrlOf(chosen, at, environment);
  const protocol = at.kind === "riva-grpc" ? "grpc" : "web";
  const { proxy, direct } = chooseProxy({ address: at.address, protocol, overTls: secure }, environment);
  if (proxy !== undefined) sources["proxy"] = proxy.source;
  const httpProxy =
    httpUrl === undefined ? undefined : chooseProxy(webDestination(httpUrl), environment).proxy;
  const scrape = chosen.scrape?.map((one) => scrapeService(one, chosen.source, environment));
  return {
    name: chosen.name,
    kind: at.kind,
    uri: formatTargetUri(at),
    address: at.address,
    path: at.path,
    ...defined({ httpUrl, tls, tlsFiles: read?.files }),
    ...routePart(proxy, at),
    ...(httpProxy === undefined ? {} : { httpRoute: { proxy: httpProxy } }),
    ...defined({ direct }),
    metadata,
    publicMetadata: chosen.publicMetadata,
    ...defined({ model, language, scrape }),
    sources,
  };
}

/** A zone says by which interface the address is reached: it stands in no header and no certificate. */
function routePart(
  proxy: ProxyServer | undefined,
  { address, zone }: TargetUri,
): Pick<ResolvedTarget, "route"> {
  if (proxy !== undefined) return { route: { proxy } };
  const host = hostAndPort(address)?.host ?? "";
  return zone === undefined ? {} : { route: { addresses: [`${host}%${zone}`] } };
}

function webDestination(url: string): Destination {
  const { protocol, hostname, port } = new URL(url);
  const overTls = protocol === "https:";
  return { address: `${hostname}:${port || (overTls ? 443 : 80)}`, protocol: "web", overTls };
}

function scrapeService(
  one: NonNullable<TargetFile["scrape"]>[number],
  source: string,
  environment: Environment,
): HttpService {
  const { url, headers } = typeof one === "string" ? { url: one, headers: {} } : one;
  const what = `${source}: scrape`;
  return httpService(
    {
      ...{ url: expand(url, environment, what), what, example: "http://host:8002/metrics" },
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          expand(value, environment, `${what}: headers.${name}`),
        ]),
      ),
      ...{ headersFrom: ["BENCH_SCRAPE_HEADERS"], tokenFrom: "BENCH_SCRAPE_TOKEN" },
    },
    environment,
  );
}

/** The environment's value, else the target's own. */
function pick(
  own: string | undefined,
  variable: string,
  source: string,
  environment: Environment,
): Setting | undefined {
  const found = environment(variable);
  if (found === undefined) return own === undefined ? undefined : { value: own, source };
  return own === undefined || own === found.value
    ? found
    : { ...found, source: `${found.source} (over ${source})` };
}

/** Where a target answers HTTP: where its file says, else with its WebSocket. */
function httpUrlOf(chosen: Chosen, at: TargetUri, environment: Environment): string | undefined {
  if (chosen.http === undefined) {
    return at.kind === "riva-grpc" ? undefined : `http${at.secure ? "s" : ""}://${at.address}${at.prefix}`;
  }
  const url = expand(chosen.http, environment, `${chosen.source}: http`);
  if (!/^https?:\/\/[^\s/?#@]+\/?$/.test(url) || !URL.canParse(url)) {
    throw BenchError.usage(
      `${chosen.source}: http: ${redactUrl(url)} is not an address`,
      "Write http://host:9000.",
    );
  }
  return new URL(url).origin;
}

/** Replaces `${NAME}` and `${NAME:-default}` by the environment's values. */
function expand(text: string, environment: Environment, where: string): string {
  return text.replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback: string | undefined) => {
    const value = environment(name)?.value ?? fallback;
    if (value === undefined) {
      throw BenchError.usage(
        `${where}: the variable ${name} is not set`,
        `Set ${name} in the environment or in .env.`,
      );
    }
    return value;
  });
}

/** RIVA_HOST as it stands in a URI: an IPv6 address in brackets. */
function hostInUri(environment: Environment): Environment {
  return (name) => {
    const setting = environment(name);
    if (setting === undefined || name !== "RIVA_HOST") return setting;
    const { value, source } = setting;
    if (isIPv6(value)) return { value: `[${value}]`, source };
    if (/^[^:]+:\d+$|\]:\d+$|:\/\//.test(value))
      throw BenchError.usage(
        `${source}: a host alone is expected, without scheme and port`,
        "Write the port to RIVA_PORT, and RIVA_SSL=true for TLS.",
      );
    return setting;
  };
}

function isOn(variable: string, environment: Environment): boolean {
  const setting = environment(variable);
  if (setting === undefined || /^(0|false|no|off)$/i.test(setting.value)) return false;
  if (/^(1|true|yes|on)$/i.test(setting.value)) return true;
  throw BenchError.usage(`${setting.source} is "${setting.value}"`, "It must be true or false.");
}

function isSecret(key: string): boolean {
  return /auth|api-?key|token|secret|passw|cookie|credential|signature|jwt|bearer/i.test(key);
}
