/** The server's certificates: read and checked before it listens. */
import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { BenchError, messageOf } from "../base/errors.ts";

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
  const tls: ServerTls = {
    certificate: await readPem("--tls-cert", cert),
    key: await readPem("--tls-key", key),
    ...(clientCa === undefined ? {} : { clientCa: await readPem("--tls-client-ca", clientCa) }),
  };
  certificateIn("--tls-cert", cert, tls.certificate);
  if (tls.clientCa) certificateIn("--tls-client-ca", clientCa ?? "", tls.clientCa);
  try {
    createSecureContext({ cert: tls.certificate, key: tls.key });
  } catch (error) {
    throw BenchError.usage(
      `--tls-key ${key} does not fit --tls-cert ${cert}: ${messageOf(error)}`,
      "Give the private key that the certificate was made for, as PEM without a passphrase.",
    );
  }
  return tls;
}

async function readPem(flag: string, path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw BenchError.usage(`can't read ${flag} ${path}: ${messageOf(error)}`, `Check ${flag}.`);
  }
}

function certificateIn(flag: string, path: string, pem: Buffer): void {
  try {
    new X509Certificate(pem);
  } catch {
    throw BenchError.usage(`${flag} ${path} holds no certificate`, "It must be a PEM file.");
  }
}
