/** The broker of a run and how to get in: flags, the variables of the nats command line, and files. Connects to nothing. */
import { defined } from "../../base/defined.ts";
import { BenchError } from "../../base/errors.ts";
import type { Environment } from "../../base/files/dot-env.ts";
import { readEnvironment } from "../../base/files/dot-env.ts";
import { readText } from "../../base/files/text-file.ts";
import { readAuthorities, readCertificateAndKey } from "../../base/files/tls-files.ts";
import { redactUrl } from "../../base/text/redact.ts";
import type { World } from "../../base/process/world.ts";

/** Flags of the commands that speak to a broker. */
export interface BrokerFlags {
  /** One URL, or several of one cluster with commas between them. */
  nats?: string | undefined;
  natsCreds?: string | undefined;
  natsNkey?: string | undefined;
  natsTokenFile?: string | undefined;
  natsCa?: string | undefined;
  natsCert?: string | undefined;
  natsKey?: string | undefined;
}

export interface BrokerOptions {
  /** Without user and password. */
  servers: readonly string[];
  /** As printed. */
  shown: string;
  user?: string;
  password?: string;
  token?: string;
  /** Text of a credentials file (JWT and seed). */
  creds?: string;
  /** Seed of an nkey, such as `SUA...`. */
  nkeySeed?: string;
  /** PEM texts; present = encrypted. */
  tls?: { ca?: string; cert?: string; key?: string };
}

/**
 * Reads where the broker is and who asks. A flag wins over a variable (`NATS_CREDS`, `NATS_NKEY`, `NATS_TOKEN`, `NATS_USER`,
 * `NATS_PASSWORD`, `NATS_CA`, `NATS_CERT`, `NATS_KEY`), a URL's user and password over both. No variable names the broker: only
 * `--nats` makes a run leave this machine.
 *
 * @throws BenchError (exit 2) for what is no address, and files that can't be read
 */
export async function readBrokerOptions(
  flags: BrokerFlags & { nats: string },
  world: Pick<World, "env" | "cwd">,
): Promise<BrokerOptions> {
  const environment = await readEnvironment(world.env, world.cwd);
  const urls = flags.nats.split(",").map((text) => readUrl(text.trim()));
  const [first] = urls;
  const login = loginIn(first);
  const named = namedFile(environment);
  const [creds, nkey, token] = [
    named("--nats-creds", flags.natsCreds, "NATS_CREDS"),
    named("--nats-nkey", flags.natsNkey, "NATS_NKEY"),
    named("--nats-token-file", flags.natsTokenFile, undefined),
  ];
  const user = environment("NATS_USER")?.value;
  const password = environment("NATS_PASSWORD")?.value;
  const plainToken = environment("NATS_TOKEN")?.value;
  const given =
    login !== undefined
      ? login
      : creds !== undefined
        ? { creds: await secretText(creds) }
        : nkey !== undefined
          ? { nkeySeed: seedIn(await secretText(nkey), nkey.source) }
          : token !== undefined
            ? { token: (await secretText(token)).trim() }
            : defined(plainToken === undefined ? { user, password } : { token: plainToken });
  return {
    servers: urls.map(({ host }) => host),
    shown: urls.map(({ protocol, host }) => `${protocol}//${host}`).join(","),
    ...given,
    ...(await tlsPart(
      urls.some(({ protocol }) => protocol === "tls:"),
      named("--nats-ca", flags.natsCa, "NATS_CA"),
      named("--nats-cert", flags.natsCert, "NATS_CERT"),
      named("--nats-key", flags.natsKey, "NATS_KEY"),
    )),
  };
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:nats|tls):$/.test(url.protocol) || url.hostname === "") {
    throw BenchError.usage(
      `--nats ${redactUrl(text)}: not the address of a NATS server`,
      "Write nats://host:4222, or tls://host:4222 for one that is encrypted.",
    );
  }
  return url;
}

/** A user without a password is a token, as everywhere in NATS. */
function loginIn(url: URL | undefined): { token: string } | { user: string; password: string } | undefined {
  if (url === undefined || url.username === "") return undefined;
  const user = decoded(url.username);
  return url.password === "" ? { token: user } : { user, password: decoded(url.password) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw BenchError.usage(
      "--nats: the user or the password in the address has a bare %",
      "Write it as %25, or take NATS_USER and NATS_PASSWORD, which are taken as they are.",
    );
  }
}

interface NamedFile {
  source: string;
  path: string;
}

function namedFile(environment: Environment) {
  return (flag: string, value: string | undefined, variable: string | undefined): NamedFile | undefined => {
    if (value !== undefined) return { source: flag, path: value };
    const found = variable === undefined ? undefined : environment(variable);
    return found === undefined ? undefined : { source: found.source, path: found.value };
  };
}

async function secretText({ source, path }: NamedFile): Promise<string> {
  return readText(path, { what: source });
}

function seedIn(text: string, source: string): string {
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(text)?.[0];
  if (seed === undefined)
    throw BenchError.usage(`${source}: holds no seed of a user's nkey`, "It is a line that begins with SU.");
  return seed;
}

async function tlsPart(
  wanted: boolean,
  ca: NamedFile | undefined,
  cert: NamedFile | undefined,
  key: NamedFile | undefined,
): Promise<Pick<BrokerOptions, "tls">> {
  if ((cert === undefined) !== (key === undefined))
    throw BenchError.usage(
      `${(cert ?? key)?.source ?? ""}: only one of client certificate and key is given`,
      "Mutual TLS needs both: --nats-cert and --nats-key.",
    );
  if (!wanted && ca === undefined && cert === undefined) return {};
  const pair =
    cert === undefined || key === undefined
      ? undefined
      : await readCertificateAndKey(cert, key, {
          encryptedKeyHint: "Give a key without a passphrase: openssl pkey -in key.pem -out plain.pem",
        });
  return {
    tls: {
      ...(ca === undefined ? {} : { ca: (await readAuthorities(ca)).toString() }),
      ...(pair === undefined ? {} : { cert: pair.cert.toString(), key: pair.key.toString() }),
    },
  };
}
