/** Where a NIM serves its realtime dialect, and what every connection to it needs. */
import { validateHeaderName, validateHeaderValue } from "node:http";
import type { ConnectionOptions } from "node:tls";
import { BenchError } from "../../base/errors.ts";
import { hostAndPort } from "../endpoint.ts";
import type { Endpoint } from "../endpoint.ts";
import type { ProxyServer } from "../endpoint.ts";
import { tlsOptions, unusableEndpoint } from "../tls-options.ts";

export interface RealtimeEndpoint {
  /** host:port, for people. */
  readonly address: string;
  readonly socketUrl: string;
  readonly sessionUrl: string;
  /** Of the POST and of the upgrade. */
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: ConnectionOptions | undefined;
  readonly proxy: ProxyServer | undefined;
}

const PATH = "/v1/realtime";

/** @throws BenchError (exit 2) when address, TLS files or metadata can't be used. */
export function realtimeEndpoint({
  address,
  path = PATH,
  tls,
  metadata = {},
  route,
}: Endpoint): RealtimeEndpoint {
  const at = hostAndPort(address);
  const s = tls === undefined ? "" : "s";
  const [http, ws] = [`http${s}://${address}${path}`, `ws${s}://${address}${path}?intent=transcription`];
  if (at === undefined || !URL.canParse(http)) throw unusableEndpoint(address, "it is not host:port");
  return {
    address,
    socketUrl: ws,
    sessionUrl: `${http}/transcription_sessions`,
    headers: checkedHeaders(metadata),
    tls: tls === undefined ? undefined : tlsOptions(address, at.host, tls),
    proxy: route?.proxy,
  };
}

/** Header names in lower case. @throws BenchError (exit 2) that does not quote the value, which may be a secret */
export function checkedHeaders(metadata: Readonly<Record<string, string>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [key, value] of Object.entries(metadata)) {
    try {
      validateHeaderName(key);
      validateHeaderValue(key, value);
    } catch {
      throw BenchError.usage(
        `The metadata ${key} can't be sent`,
        'Keys are letters, digits, "-", "_" and "."; values are ASCII without line breaks.',
      );
    }
    headers[key.toLowerCase()] = value;
  }
  return headers;
}
