/** TLS as Node wants it, the same for every connection of ours. */
import { isIP } from "node:net";
import { createSecureContext } from "node:tls";
import type { ConnectionOptions } from "node:tls";
import { BenchError, messageOf } from "../base/errors.ts";
import type { TlsMaterial } from "./endpoint.ts";

/**
 * Options for `tls.connect` to `host`, a name or an IP address without brackets.
 *
 * @param address host:port, for the error
 * @throws BenchError (exit 2) when certificates or keys can't be used
 */
export function tlsOptions(
  address: string,
  host: string,
  { rootCa, clientCert, clientKey, serverName }: TlsMaterial,
): Pick<ConnectionOptions, "servername" | "secureContext"> {
  if ((clientCert === undefined) !== (clientKey === undefined))
    throw unusableEndpoint(address, "a client certificate without its key, or a key without its certificate");
  try {
    return {
      // TLS names no IP addresses; the certificate is held against the host all the same.
      servername: serverName ?? (isIP(host) === 0 ? host : ""),
      // Made once: reading the well-known authorities takes longer than a handshake.
      secureContext: createSecureContext({
        ...(rootCa !== undefined && { ca: rootCa }),
        ...(clientCert !== undefined && { cert: clientCert }),
        ...(clientKey !== undefined && { key: clientKey }),
      }),
    };
  } catch (error) {
    throw unusableEndpoint(address, messageOf(error));
  }
}

/** The error (exit 2) of an address or TLS files that can't be used. */
export function unusableEndpoint(address: string, why: string): BenchError {
  return BenchError.usage(
    `Can't use the target ${address}: ${why}`,
    "An address is host:port; certificates and keys are PEM files, client certificate and key go together.",
  );
}
