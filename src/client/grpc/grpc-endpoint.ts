/** A connection to one gRPC server with the settings a load test needs. */
import { isIPv6 } from "node:net";
import { Client, Metadata, credentials } from "@grpc/grpc-js";
import type { ChannelOptions } from "@grpc/grpc-js";
import { BenchError, messageOf } from "../../base/errors.ts";
import { joinHostPort } from "../../base/host-port.ts";
import { hostAndPort } from "../endpoint.ts";
import type { Endpoint } from "../endpoint.ts";
import type { ProxyServer } from "../endpoint.ts";
import { unusableEndpoint } from "../tls-options.ts";

/** As in NVIDIA's clients; a whole recording goes into one message of `Recognize`. */
export const MAX_MESSAGE_BYTES: number = 128 * 1024 * 1024;

const CHANNEL_OPTIONS: ChannelOptions = {
  // Without it all channels to one address share one connection.
  "grpc.use_local_subchannel_pool": 1,
  // A failed session is data. A retry would hide it.
  "grpc.enable_retries": 0,
  // The retry layer reports a message as written once it holds a copy; with no room for copies it reports it when the
  // socket has taken it. Ready and accepted stamps depend on this.
  "grpc.retry_buffer_size": 0,
  "grpc.per_rpc_retry_buffer_size": 0,
  // A restarted server is to be found again quickly.
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 1000,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  // Bookkeeping per message that nobody reads, and a TXT look-up per name.
  "grpc.enable_channelz": 0,
  "grpc.service_config_disable_resolution": 1,
  // Whether there is a proxy is decided for all transports in one place (proxy.ts), not by grpc-js.
  "grpc.enable_http_proxy": 0,
};

/**
 * A connection of its own to the endpoint; connects at the first call.
 *
 * @param ip The address of its name to connect to; absent = the first of the route's, or whichever gRPC finds.
 * @throws BenchError (exit 2) when address or TLS files can't be used.
 */
export function openClient(
  endpoint: Endpoint,
  ip: string | undefined = endpoint.route?.addresses?.[0],
): Client {
  const { address, tls, route } = endpoint;
  const { target, ...routed } = channelTarget(address, route?.proxy, ip);
  const options: ChannelOptions = { ...CHANNEL_OPTIONS, ...routed };
  if (tls?.serverName !== undefined) {
    options["grpc.ssl_target_name_override"] = tls.serverName;
    options["grpc.default_authority"] = tls.serverName;
  }
  try {
    const channelCredentials =
      tls === undefined
        ? credentials.createInsecure()
        : credentials.createSsl(tls.rootCa ?? null, tls.clientKey ?? null, tls.clientCert ?? null);
    return new Client(target, channelCredentials, options);
  } catch (error) {
    throw unusableEndpoint(address, messageOf(error));
  }
}

/** Where grpc-js connects to, with the options that keep the server's own name for TLS and in each call. */
function channelTarget(
  address: string,
  proxy: ProxyServer | undefined,
  ip: string | undefined,
): ChannelOptions & { target: string } {
  if (proxy !== undefined) {
    return {
      target: `dns:${joinHostPort(proxy.host, proxy.port)}`,
      "grpc.default_authority": address,
      "grpc.http_connect_target": `dns:${address}`,
      ...(proxy.credentials !== undefined && { "grpc.http_connect_creds": proxy.credentials }),
    };
  }
  const at = hostAndPort(address);
  if (ip === undefined || at === undefined) return { target: address };
  return {
    target: `ipv${isIPv6(ip) ? 6 : 4}:${joinHostPort(ip, at.port)}`,
    "grpc.default_authority": address,
    "grpc.ssl_target_name_override": at.host,
  };
}

/**
 * The endpoint's metadata as gRPC wants it; shared by all calls, which copy it.
 *
 * @throws BenchError (exit 2) when a key or value can't be sent.
 */
export function callMetadata(endpoint: Endpoint): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(endpoint.metadata ?? {})) {
    try {
      metadata.set(key, value);
    } catch {
      // grpc-js quotes the value, which may be a secret: name the key only.
      throw BenchError.usage(
        `The metadata ${key} can't be sent`,
        'Keys are letters, digits, "-", "_" and "."; values are ASCII without line breaks.',
      );
    }
  }
  return metadata;
}

/** The metadata of one call: the shared one, or where the call is traced a copy with its header. */
export function withTrace(metadata: Metadata, traceparent: string | undefined): Metadata {
  if (traceparent === undefined) return metadata;
  const own = metadata.clone();
  own.set("traceparent", traceparent);
  return own;
}
