/**
 * Which server is meant, and how to reach it. What `--target` names stands: the environment fills in what a target file
 * leaves open and never redirects it, since load on the wrong server is the worst surprise a load test has.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { z } from "zod";
import { BenchError, messageOf } from "../base/errors.ts";
import { readNamedFile } from "../base/named-file.ts";
import { parseYaml, section } from "../base/yaml.ts";
import type { GrpcTls } from "../client/grpc-endpoint.ts";
import type { Environment } from "./dot-env.ts";
import { readEnvironment } from "./dot-env.ts";

export interface ResolvedTarget {
  name: string;
  kind: "riva-grpc";
  /** As printed: `grpc://host:port`, `grpcs://host:port`; `emulator:<profile>` until `atAddress`. */
  uri: string;
  /** host:port; empty for an emulator that is not started yet. */
  address: string;
  tls?: GrpcTls;
  /** Sent with every call. Holds secrets: print it through `redacted` only. */
  metadata: Readonly<Record<string, string>>;
  model?: string;
  language?: string;
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

const DEFAULT_PORT = { grpc: 50051, grpcs: 443 };

const targetFile = section({
  name: z.string().min(1),
  description: z.string().exactOptional(),
  kind: z.enum(["riva-grpc"], { error: "unknown kind; known is riva-grpc" }).default("riva-grpc"),
  uri: z.string().min(1).exactOptional(),
  emulator: z.enum(["nim", "legacy"], { error: "must be nim or legacy" }).exactOptional(),
  tls: section({
    ca: z.string().exactOptional(),
    cert: z.string().exactOptional(),
    key: z.string().exactOptional(),
    serverName: z.string().exactOptional(),
  }).exactOptional(),
  metadata: z.record(z.string(), z.string()).default({}),
  model: z.string().min(1).exactOptional(),
  language: z.string().min(1).exactOptional(),
}).refine(({ uri, emulator }) => (uri === undefined) !== (emulator === undefined), {
  error: "needs either uri or emulator",
});

type TargetFile = z.infer<typeof targetFile>;

/** What is known before the environment has filled the gaps. */
interface Chosen extends Omit<TargetFile, "uri" | "emulator"> {
  uri: string;
  /** Where the address came from. */
  source: string;
  /** The address is that of RIVA_HOST, so RIVA_SSL speaks of it. */
  addressFromEnvironment: boolean;
  /** Folder that relative paths count from. */
  folder: string;
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
    return fromEnvironment(blank("riva", HOST_FROM_ENVIRONMENT, host.source, cwd), environment);
  }
  if (flag.includes("://"))
    return fromEnvironment(blank(parseUri(flag).address, flag, "--target", cwd), environment);

  if (/^[\w.-]+:\d+$/.test(flag))
    throw BenchError.usage(`unknown target "${flag}"`, `Did you mean "grpc://${flag}"?`);

  const { path, text } = await readNamedFile(flag, { what: "target", folder: join(root, "targets"), cwd });
  const file = parseYaml(text, path, targetFile);
  const { uri, emulator, ...rest } = file;
  if (emulator !== undefined) return emulatorTarget(file.name, emulator, path);
  for (const [key, value] of Object.entries(rest.metadata)) {
    if (isSecret(key) && !value.includes("${")) {
      throw BenchError.usage(
        `${path}: metadata.${key}: holds a secret in plain sight`,
        'Write it as a reference to the environment, such as "Bearer ${RIVA_API_KEY}".',
      );
    }
  }
  return fromEnvironment({ ...blank(file.name, uri ?? "", path, dirname(path)), ...rest }, environment);
}

/** The target at the address where its emulator listens. */
export function atAddress(target: ResolvedTarget, address: string): ResolvedTarget {
  return { ...target, address, uri: `grpc://${address}` };
}

/** Metadata fit for printing: secrets are hidden. */
export function redacted(metadata: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => [key, isSecret(key) ? "(hidden)" : value]),
  );
}

const HOST_FROM_ENVIRONMENT = "grpc://${RIVA_HOST:-localhost}:${RIVA_PORT:-50051}";

function blank(name: string, uri: string, source: string, folder: string): Chosen {
  const addressFromEnvironment = uri.includes("${RIVA_HOST");
  return { name, kind: "riva-grpc", metadata: {}, uri, source, addressFromEnvironment, folder };
}

function emulatorTarget(name: string, profile: string, source: string): ResolvedTarget {
  return {
    name,
    kind: "riva-grpc",
    uri: `emulator:${profile}`,
    address: "",
    metadata: {},
    emulated: { profile },
    sources: { uri: source },
  };
}

async function fromEnvironment(chosen: Chosen, environment: Environment): Promise<ResolvedTarget> {
  const sources: Record<string, string> = { uri: chosen.source };
  const fill = (key: string, own: string | undefined, variable: string): string | undefined => {
    const setting = own === undefined ? environment(variable) : { value: own, source: chosen.source };
    if (setting !== undefined) sources[key] = setting.source;
    return setting?.value;
  };

  const uri = expand(chosen.uri, environment, chosen.source);
  const { address, secure, loopback } = parseUri(uri);
  const switchedOn = chosen.addressFromEnvironment && isOn("RIVA_SSL", environment);
  const tls = secure || switchedOn ? await readTls(chosen, environment, sources) : undefined;
  if (tls === undefined && chosen.tls !== undefined) {
    throw BenchError.usage(`${chosen.source}: tls: ${uri} is not encrypted`, "Write grpcs:// for TLS.");
  }

  const metadata: Record<string, string> = {};
  for (const [key, value] of Object.entries(chosen.metadata)) {
    metadata[key] = expand(value, environment, `${chosen.source}: metadata.${key}`);
  }
  const functionId = fill("function-id", metadata["function-id"], "RIVA_FUNCTION_ID");
  if (functionId !== undefined) metadata["function-id"] = functionId;
  const apiKey = environment("RIVA_API_KEY");
  if (apiKey !== undefined && metadata["authorization"] === undefined) {
    // A key in the clear is a key given away.
    if (tls === undefined && !loopback) {
      sources["authorization"] = `${apiKey.source}, not sent: the connection is not encrypted`;
    } else {
      metadata["authorization"] = `Bearer ${apiKey.value}`;
      sources["authorization"] = apiKey.source;
    }
  }

  const model = fill("model", chosen.model, "RIVA_MODEL");
  const language = fill("language", chosen.language, "RIVA_LANGUAGE");
  return {
    name: chosen.name,
    kind: chosen.kind,
    uri: `${tls === undefined ? "grpc" : "grpcs"}://${address}`,
    address,
    ...(tls === undefined ? {} : { tls }),
    metadata,
    ...(model === undefined ? {} : { model }),
    ...(language === undefined ? {} : { language }),
    sources,
  };
}

/** Certificates of the target, else of the environment. */
async function readTls(
  chosen: Chosen,
  environment: Environment,
  sources: Record<string, string>,
): Promise<GrpcTls> {
  const read = async (key: "ca" | "cert" | "key", variable: string): Promise<Buffer | undefined> => {
    const own = chosen.tls?.[key];
    const setting = own === undefined ? environment(variable) : { value: own, source: chosen.source };
    if (setting === undefined) return undefined;
    sources[`tls.${key}`] = setting.source;
    try {
      return await readFile(resolve(chosen.folder, setting.value));
    } catch (error) {
      throw BenchError.usage(`tls.${key} (${setting.source}): can't be read (${messageOf(error)})`);
    }
  };
  const rootCa = await read("ca", "RIVA_SSL_CA");
  const clientCert = await read("cert", "RIVA_SSL_CERT");
  const clientKey = await read("key", "RIVA_SSL_KEY");
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    throw BenchError.usage(
      `target ${chosen.name}: only one of client certificate and key is given`,
      "Mutual TLS needs both: RIVA_SSL_CERT and RIVA_SSL_KEY. The server's authority is RIVA_SSL_CA.",
    );
  }
  const serverName = chosen.tls?.serverName;
  return {
    ...(rootCa === undefined ? {} : { rootCa }),
    ...(clientCert === undefined ? {} : { clientCert }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

function parseUri(uri: string): { address: string; secure: boolean; loopback: boolean } {
  const wrong = (problem: string): BenchError =>
    BenchError.usage(`target ${uri}: ${problem}`, "A target is grpc://host:port or grpcs://host:port.");
  const match = /^([a-z]+):\/\/(\[[\da-f:.]+\]|[^\s/:@?#[\]]+)(?::(\d+))?\/?$/i.exec(uri);
  if (match === null) throw wrong("not a server's address");
  const [, scheme = "", host = "", digits] = match;
  if (scheme !== "grpc" && scheme !== "grpcs") throw wrong(`${scheme}:// is not supported`);
  const port = digits === undefined ? DEFAULT_PORT[scheme] : Number(digits);
  if (port < 1 || port > 65_535) throw wrong(`port ${port} does not exist`);
  const loopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(host);
  return { address: `${host}:${port}`, secure: scheme === "grpcs", loopback };
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

function isOn(variable: string, environment: Environment): boolean {
  const setting = environment(variable);
  if (setting === undefined || /^(0|false|no|off)$/i.test(setting.value)) return false;
  if (/^(1|true|yes|on)$/i.test(setting.value)) return true;
  throw BenchError.usage(`${setting.source} is "${setting.value}"`, "It must be true or false.");
}

function isSecret(key: string): boolean {
  return /authorization|api-?key|token|secret|password|cookie/i.test(key);
}
