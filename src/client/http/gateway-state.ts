/** What this project's gateway says of itself and of the recognisers behind it. */
import type { Clock } from "../../base/clock.ts";
import type { Endpoint } from "../endpoint.ts";
import { hostAndPort } from "../endpoint.ts";
import { askHttp } from "./http-request.ts";
import { isRecord } from "../../base/record.ts";
import type { UnaryResult } from "../grpc/riva-unary.ts";
import { tlsOptions } from "../tls-options.ts";

export interface GatewayUpstream {
  name: string;
  /** Unknown: the gateway has not heard of it yet. */
  state: "up" | "away" | "unknown";
  emulated?: boolean;
  standIn?: string;
  /** Its first model, once known. */
  model?: string;
  /** Open on it now. */
  sessions: number;
}

/** The body of `/health/ready`. */
export interface GatewayState {
  ready: boolean;
  status: "ready" | "draining" | "no upstream";
  upstreams: readonly GatewayUpstream[];
  /** `mock`: placeholder words while no recogniser can be reached. */
  fallback?: string;
}

/** Asks the gateway at `address`; undefined when whatever answers there is not this project's gateway. Never rejects. */
export async function askGateway(
  { address, path = "", tls, route }: Pick<Endpoint, "address" | "path" | "tls" | "route">,
  clock: Clock,
  timeoutMs: number,
): Promise<UnaryResult<GatewayState | undefined>> {
  const host = hostAndPort(address)?.host ?? "";
  const answer = await askHttp(
    {
      method: "GET",
      url: `http${tls === undefined ? "" : "s"}://${address}${gatewayPrefix(path)}/health/ready`,
      tls: tls === undefined ? undefined : tlsOptions(address, host, tls),
      proxy: route?.proxy,
      ip: route?.addresses?.[0],
    },
    clock,
    timeoutMs,
  );
  return answer.ok ? { ok: true, value: readState(answer.value.body) } : answer;
}

/** By its own word; what else it says is taken as it stands. */
function isGatewayState(state: unknown): state is GatewayState {
  return isRecord(state) && state["gateway"] === "riva-bench" && Array.isArray(state["upstreams"]);
}

function readState(body: string): GatewayState | undefined {
  try {
    const state: unknown = JSON.parse(body);
    return isGatewayState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

/** What an ingress puts before the gateway's paths, by that of its dialect. */
export function gatewayPrefix(path: string): string {
  return path.replace(/\/v1\/(?:stream|realtime)$/, "");
}
