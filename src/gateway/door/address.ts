/** Whose a connection or a request is, for limits: an IPv4 address, the /64 of an IPv6 one, or what a trusted proxy says. */
import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import type { Socket } from "node:net";
import { BenchError } from "../../base/errors.ts";
import { readSubnet } from "../../base/host-port.ts";

export interface Addresses {
  /** Undefined for a trusted proxy, whose connections are of many callers, and for a socket that is closed. */
  ofSocket(socket: Pick<Socket, "remoteAddress">): string | undefined;
  ofRequest(request: Pick<IncomingMessage, "headers" | "socket">): string;
}

/**
 * @param trustedProxies addresses or networks (`10.0.0.0/8`) whose `X-Forwarded-For` is believed
 * @throws BenchError (exit 2) that names what is no address
 */
export function createAddresses(trustedProxies: readonly string[]): Addresses {
  const proxies = new BlockList();
  for (const entry of trustedProxies) {
    const subnet = readSubnet(entry);
    if (subnet === undefined)
      throw BenchError.usage(`trustedProxies: ${entry} is no address and no network such as 10.0.0.0/8`);
    proxies.addSubnet(subnet.network, subnet.bits, subnet.type);
  }
  const isProxy = (address: string): boolean =>
    trustedProxies.length > 0 &&
    isIP(address) !== 0 &&
    proxies.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");

  return {
    ofSocket({ remoteAddress }) {
      // Gone already.
      if (remoteAddress === undefined) return undefined;
      const address = plain(remoteAddress);
      return isProxy(address) ? undefined : owner(address);
    },
    ofRequest({ headers, socket }) {
      const remote = plain(socket.remoteAddress ?? "");
      if (!isProxy(remote)) return owner(remote);
      const told = [headers["x-forwarded-for"] ?? ""].flat().join(",").split(",");
      // From the right: what stands further left was written by whoever came to the first trusted proxy.
      const caller = told
        .map((entry) => plain(entry.trim()))
        .reverse()
        .find((entry) => !isProxy(entry));
      return caller === undefined || isIP(caller) === 0 ? remote : owner(caller);
    },
  };
}

/** An IPv4 address that came over an IPv6 socket is written as itself. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, "");
}

/** One IPv6 subscriber has a whole /64 to come from. */
function owner(address: string): string {
  if (isIP(address) !== 6) return address;
  const [left = "", right] = (address.split("%")[0] ?? "").split("::");
  const [head, tail] = [left, right ?? ""].map((part) => part.split(":").filter((group) => group !== ""));
  const missing = right === undefined ? 0 : 8 - (head?.length ?? 0) - (tail?.length ?? 0);
  const groups = [
    ...(head ?? []),
    ...Array.from({ length: Math.max(0, missing) }, () => "0"),
    ...(tail ?? []),
  ];
  return `${groups
    .slice(0, 4)
    .map((group) => parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
