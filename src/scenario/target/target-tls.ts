/** The TLS files of a target: those of the environment, else those of its file. */
import { defined } from "../../base/defined.ts";
import { resolve } from "node:path";
import { realClock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import type { TlsFile } from "../../base/files/tls-files.ts";
import { readAuthorities, readCertificateAndKey } from "../../base/files/tls-files.ts";
import type { TlsMaterial } from "../../client/endpoint.ts";
import type { Setting } from "../../base/files/dot-env.ts";

/** `tls:` of a target file. */
interface TlsSettings {
  ca?: string;
  cert?: string;
  key?: string;
  /** A reference to the environment, such as `${RIVA_KEY_PASSPHRASE}`: never the passphrase itself. */
  keyPassphrase?: string;
  serverName?: string;
}

/** The target as far as it is known. */
interface Holder {
  name: string;
  source: string;
  tls?: TlsSettings;
  /** Folder that relative paths of the file count from; those of the environment count from `cwd`. */
  folder: string;
  cwd: string;
}

interface Tools {
  /** The environment's value of a setting, else the file's own. */
  setting(own: string | undefined, variable: string): Setting | undefined;
  expand(text: string, where: string): string;
}

const ENCRYPTED_KEY_HINT =
  "Give its passphrase by RIVA_SSL_KEY_PASSPHRASE (or tls.keyPassphrase of a target file).";

/** Contents of the files, and their paths. */
interface ReadTls {
  material: TlsMaterial;
  /** Paths of all that was read. */
  files: string[];
}

/**
 * Reads and checks the files, which are noted in `sources`.
 *
 * @throws BenchError (exit 2) that names the file and what is wrong with it
 */
export async function readTls(
  { name, source, tls = {}, folder, cwd }: Holder,
  sources: Record<string, string>,
  { setting, expand }: Tools,
): Promise<ReadTls> {
  const file = (key: "ca" | "cert" | "key", variable: string): TlsFile | undefined => {
    const found = setting(tls[key], variable);
    if (found === undefined) return undefined;
    sources[`tls.${key}`] = found.source;
    const ofFile = found.source === source;
    const path = resolve(ofFile ? folder : cwd, found.value);
    return { source: ofFile ? `${source}: tls.${key}` : found.source, path };
  };
  const [ca, cert, key] = [
    file("ca", "RIVA_SSL_CA"),
    file("cert", "RIVA_SSL_CERT"),
    file("key", "RIVA_SSL_KEY"),
  ];
  if ((cert === undefined) !== (key === undefined)) {
    throw BenchError.usage(
      `target ${name}: only one of client certificate and key is given`,
      "Mutual TLS needs both: RIVA_SSL_CERT and RIVA_SSL_KEY. The server's authority is RIVA_SSL_CA.",
    );
  }
  const { serverName } = tls;
  const pair =
    cert === undefined || key === undefined
      ? undefined
      : await readCertificateAndKey(cert, key, {
          passphrase: passphraseOf(tls, source, setting, expand),
          encryptedKeyHint: ENCRYPTED_KEY_HINT,
          nowEpochMs: realClock.wallMs(),
        });
  return {
    material: {
      ...(ca === undefined ? {} : { rootCa: await readAuthorities(ca) }),
      ...(pair === undefined ? {} : { clientCert: pair.cert, clientKey: pair.key }),
      ...defined({ serverName }),
    },
    files: [ca, cert, key].flatMap((one) => (one === undefined ? [] : [one.path])),
  };
}

function passphraseOf(
  { keyPassphrase }: TlsSettings,
  source: string,
  setting: Tools["setting"],
  expand: Tools["expand"],
): string | undefined {
  const where = `${source}: tls.keyPassphrase`;
  if (keyPassphrase?.includes("${") === false) {
    throw BenchError.usage(
      `${where}: holds a secret in plain sight`,
      'Write it as a reference to the environment, such as "${RIVA_KEY_PASSPHRASE}".',
    );
  }
  const given = setting(undefined, "RIVA_SSL_KEY_PASSPHRASE")?.value;
  return given ?? (keyPassphrase === undefined ? undefined : expand(keyPassphrase, where));
}
