/** The server's certificates: read and checked before it listens. */
import { BenchError } from "../base/errors.ts";
import { readAuthorities, readCertificateAndKey } from "../base/files/tls-files.ts";

/** PEM. With `clientCa`, clients must show a certificate signed by it. */
export interface ServerTls {
  certificate: Buffer;
  key: Buffer;
  clientCa?: Buffer;
}

export interface TlsPaths {
  cert?: string | undefined;
  key?: string | undefined;
  clientCa?: string | undefined;
}

/**
 * Reads the files; undefined when none is named.
 *
 * @throws BenchError (exit 2) for a file that can't be read, no certificate, a key that does not fit, or half a set of flags
 */
export async function loadServerTls({ cert, key, clientCa }: TlsPaths): Promise<ServerTls | undefined> {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) {
    throw BenchError.usage(
      "TLS needs both --tls-cert and --tls-key",
      "scripts/make-certs.sh FOLDER makes certificates for tests and local use.",
    );
  }
  const pair = await readCertificateAndKey(
    { source: "--tls-cert", path: cert },
    { source: "--tls-key", path: key },
    { encryptedKeyHint: "Give the key without a passphrase: openssl pkey -in KEY -out KEY.plain" },
  );
  return {
    certificate: pair.cert,
    key: pair.key,
    ...(clientCa === undefined
      ? {}
      : { clientCa: await readAuthorities({ source: "--tls-client-ca", path: clientCa }) }),
  };
}
