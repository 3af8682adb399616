/** Flags of `bench gateway`, and their values from the environment and `.env`: known names only. */
import type { Argv } from "yargs";
import { BenchError, nearestName } from "../../base/errors.ts";
import { readDotEnv } from "../../base/files/dot-env.ts";
import type { World } from "../../base/process/world.ts";

export const ENV_PREFIX = "BENCH_GATEWAY";

/**
 * Flags of `bench gateway`.
 *
 * @param settings give way to flags
 */
export function gatewayOptions(yargs: Argv, settings: object) {
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
      choices: ["none", "mock"] as const,
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
    .option("log-level", { type: "string", choices: ["debug", "info", "warn", "error", "silent"] as const })
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

/** The flags that a variable can set, and what their values are. */
const SETTINGS = {
  config: "text",
  port: "number",
  host: "text",
  upstream: "list",
  fallback: "text",
  "tls-cert": "text",
  "tls-key": "text",
  "tls-client-ca": "text",
  "api-keys-file": "text",
  "token-secret": "text",
  "log-level": "text",
  "check-config": "switch",
} as const;

const VARIABLES = new Map(
  Object.entries(SETTINGS).map(([flag, kind]) => [
    `${ENV_PREFIX}_${flag.toUpperCase().replaceAll("-", "_")}`,
    { flag, kind },
  ]),
);

type Value = string | number | boolean | string[];

/**
 * Values by flag: the environment before `.env`; an empty value counts as not set, so that `.env` is asked, then the file. yargs is given these and nothing else, since it obeys some
 * names of an object of settings (`extends` loads a module).
 * @throws BenchError (exit 2) for an unknown name in `.env`, or a value of the wrong kind. Unknown names in the environment
 *   are left alone: Kubernetes makes such for every service (`BENCH_GATEWAY_SERVICE_HOST`).
 */
export async function gatewaySettings({
  env,
  cwd,
}: Pick<World, "env" | "cwd">): Promise<Record<string, Value>> {
  const file = await readDotEnv(cwd);
  for (const name of file.keys()) {
    if (!name.startsWith(`${ENV_PREFIX}_`) || VARIABLES.has(name)) continue;
    const near = nearestName(name, [...VARIABLES.keys()]);
    throw BenchError.usage(
      `.env: ${name} is no setting of the gateway`,
      near === undefined ? `Settings are ${[...VARIABLES.keys()].join(", ")}.` : `Did you mean ${near}?`,
    );
  }
  const settings: Record<string, Value> = {};
  for (const [name, { flag, kind }] of VARIABLES) {
    const real = env[name] ?? "";
    const value = real === "" ? (file.get(name) ?? "") : real;
    if (value === "") continue;
    const source = real === "" ? `${name} in .env` : name;
    settings[flag] = valueOf(value, kind, source);
  }
  return settings;
}

function valueOf(value: string, kind: (typeof SETTINGS)[keyof typeof SETTINGS], source: string): Value {
  switch (kind) {
    case "text":
      return value;
    case "list":
      return [value];
    case "number":
      if (/^\d+$/.test(value)) return Number(value);
      throw BenchError.usage(
        `${source}: must be a whole number`,
        value.startsWith("tcp://")
          ? "Kubernetes made this variable for a service of the name bench-gateway: set enableServiceLinks: false."
          : undefined,
      );
    case "switch":
      if (/^(true|1)$/.test(value)) return true;
      if (/^(false|0)$/.test(value)) return false;
      throw BenchError.usage(`${source}: must be true or false`);
  }
}
