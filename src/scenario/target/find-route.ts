/** The addresses behind a target's name: which there are, which answer, and over which a run spreads its sessions. */
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { adviceFor } from "../../client/advice.ts";
import { dial } from "../../client/dial.ts";
import type { Dial } from "../../client/dial.ts";
import { hostAndPort } from "../../client/endpoint.ts";
import type { Route } from "../../client/endpoint.ts";
import { noConnectionFailure, socketErrorText } from "../../client/grpc/failures.ts";
import { isLoopback } from "../../client/proxy.ts";
import type { ProxyServer } from "../../client/endpoint.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import type { ResolvedTarget } from "./target.ts";

/** `first`: the first address that the system lists, and no other. */
export type Resolve = "all" | "first";

/** What finding a route needs of the outside. */
export interface RouteSeams {
  /** All IP addresses of a name, in the system's order. */
  lookup(host: string): Promise<string[]>;
  /** Undefined when a TCP connection comes about, else why not. */
  probe(to: Dial): Promise<string | undefined>;
}

export interface FoundRoute {
  route: Route;
  /** All addresses of the name; empty when it is an IP address or a proxy looks it up. */
  listed: readonly string[];
  /** Addresses that get no session, with the reason, for people. */
  leftOut: readonly { address: string; why: string }[];
}

/** Of one connection attempt. */
const PROBE_LIMIT_MS = 5000;

export function routeSeams(clock: Clock): RouteSeams {
  return {
    async lookup(host) {
      const found = await lookup(host, { all: true, verbatim: true });
      return [...new Set(found.map(({ address }) => address))];
    },
    probe: (to) => probe(to, clock, PROBE_LIMIT_MS),
  };
}

/**
 * Looks the target's name up once, before any load. Every address must answer, since a run that leaves out half of a service
 * measures something else; only a whole family (IPv6 or IPv4) that does not answer is left out and told, as it is where a
 * machine has no IPv6.
 *
 * @throws BenchError (exit 7) that names the name, or the addresses that don't answer
 */
export async function findRoute(
  { address, route = {} }: Pick<ResolvedTarget, "address" | "route">,
  resolve: Resolve,
  seams: RouteSeams,
): Promise<FoundRoute> {
  const host = hostAndPort(address)?.host ?? address;
  if (route.proxy !== undefined) await throughProxy(address, route.proxy, seams);
  if (route.proxy !== undefined || isIP(host.replace(/%[^]*/, "")) !== 0)
    return { route, listed: [], leftOut: [] };
  const listed = await addressesOf(host, seams);
  if (listed.length < 2) return { route, listed, leftOut: [] };
  const probed = await Promise.all(
    listed.map(async (ip) => ({ ip, why: await seams.probe({ address, ip }) })),
  );
  if (isLoopback(host)) {
    // One machine under two addresses: servers often listen on one of them.
    const answers = probed.find(({ why }) => why === undefined)?.ip;
    return { route: answers === undefined ? route : { ...route, addresses: [answers] }, listed, leftOut: [] };
  }
  const used = resolve === "first" ? probed.slice(0, 1) : probed;
  const { answering, leftOut } = withoutDeadFamily(used);
  const [dead] = answering.filter(({ why }) => why !== undefined);
  if (dead !== undefined) throw unreachableAddress(address, listed, dead, resolve);
  const notUsed = probed.filter((each) => !used.includes(each));
  return {
    route: { ...route, addresses: answering.map(({ ip }) => ip) },
    listed,
    leftOut: [
      ...leftOut.map(({ ip, why = "" }) => ({ address: ip, why })),
      ...notUsed.map(({ ip }) => ({ address: ip, why: "--resolve first" })),
    ],
  };
}

/** grpc-js does not say why a proxy opens no tunnel, so it is tried before. */
async function throughProxy(address: string, proxy: ProxyServer, seams: RouteSeams): Promise<void> {
  const problem = await seams.probe({ address, proxy });
  if (problem === undefined) return;
  throw BenchError.target(`Can't connect to ${address}: ${problem}`, adviceFor(noConnectionFailure(problem)));
}

interface Probed {
  ip: string;
  why: string | undefined;
}

function withoutDeadFamily(probed: readonly Probed[]): {
  answering: readonly Probed[];
  leftOut: readonly Probed[];
} {
  const families = [4, 6].map((family) =>
    probed.filter(({ ip }) => isIP(ip.replace(/%[^]*/, "")) === family),
  );
  const dead = families.filter(
    (members) => members.length > 0 && members.every(({ why }) => why !== undefined),
  );
  const alive = families.filter((members) => members.some(({ why }) => why === undefined));
  if (dead.length !== 1 || alive.length !== 1) return { answering: probed, leftOut: [] };
  return { answering: alive[0] ?? [], leftOut: dead[0] ?? [] };
}

async function addressesOf(host: string, seams: RouteSeams): Promise<string[]> {
  try {
    return await seams.lookup(host);
  } catch (error) {
    const failure = noConnectionFailure(socketErrorText(error));
    throw BenchError.target(`${host} can't be looked up: ${messageOf(error)}`, adviceFor(failure));
  }
}

function unreachableAddress(
  address: string,
  listed: readonly string[],
  { ip, why = "" }: Probed,
  resolve: Resolve,
): BenchError {
  const many = `${address} has ${listed.length} addresses (${listed.join(", ")})`;
  return BenchError.target(
    `${many}; ${ip} can't be used: ${why}`,
    resolve === "first"
      ? "Give the address of a server that answers."
      : "Start the server there or take the address out of DNS, since half of a service is not the service; " +
          "--resolve first measures the first address alone.",
  );
}

/** Undefined when a socket comes about, through the proxy where there is one; else why not. */
export function probe(to: Dial, clock: Clock, limitMs: number): Promise<string | undefined> {
  return new Promise((done) => {
    let open: Socket | undefined;
    let giveUpDial = (): void => undefined;
    const end = (why: string | undefined): void => {
      stopLimit();
      giveUpDial();
      open?.destroy();
      done(why);
    };
    const stopLimit = clock.wakeAt(clock.nowMs() + limitMs, () => end(`no answer within ${limitMs} ms`));
    giveUpDial = dial(to, (error, socket) => {
      if (error !== null) {
        end(noConnectionFailure(socketErrorText(error)).message);
        return;
      }
      open = socket;
      socket.on("error", (cause) => end(noConnectionFailure(socketErrorText(cause)).message));
      if (socket.connecting) socket.once("connect", () => end(undefined));
      else end(undefined);
    });
  });
}

/** True when every address of the target that got sessions accepts connections. */
export async function targetReachable(
  { address, route = {} }: Pick<ResolvedTarget, "address" | "route">,
  clock: Clock,
  limitMs: number,
): Promise<boolean> {
  const { proxy, addresses = [undefined] } = route;
  const problems = await Promise.all(addresses.map((ip) => probe({ address, proxy, ip }, clock, limitMs)));
  return problems.every((problem) => problem === undefined);
}

/** What is said about the way to the target at the start of a run. */
export function routeNotes(
  { address }: Pick<ResolvedTarget, "address">,
  { route, leftOut }: FoundRoute,
): string[] {
  const { proxy, addresses = [] } = route;
  return [
    ...(proxy === undefined ? [] : [`connections go through the proxy ${proxy.url} (${proxy.source})`]),
    ...(addresses.length > 1
      ? [`${address} has ${addresses.length} addresses, sessions go to each in turn: ${addresses.join(", ")}`]
      : []),
    ...leftOut.map((each) => `${each.address} of ${address} gets no sessions: ${each.why}`),
  ];
}

/** The addresses of a result: present where the name has several. */
export function addressPart(
  { route, leftOut }: FoundRoute,
  sessions: Readonly<Record<string, number>>,
): Pick<RunResult["target"], "addresses"> {
  const used = (route.addresses ?? []).map((address) => ({ address, sessions: sessions[address] ?? 0 }));
  if (used.length + leftOut.length < 2) return {};
  return {
    addresses: [...used, ...leftOut.map(({ address, why }) => ({ address, sessions: 0, leftOut: why }))],
  };
}
