/**
 * What can be found out about a target before any load, so that an unusable one ends with exit code 7 and not with a
 * thousand failed sessions. Asks only what opens no recognition stream: the target's own count stays that of the run.
 */
import type { ServerMark } from "../base/server-mark.ts";
import { commonMark, markAmong } from "../base/server-mark.ts";
import type { Clock } from "../base/clock.ts";
import { BenchError } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";
import { adviceFor } from "../client/advice.ts";
import { askGateway } from "../client/http/gateway-state.ts";
import { withIp } from "../client/endpoint.ts";
import { createRivaUnary } from "../client/grpc/riva-unary.ts";
import { streamLimit } from "../client/stream-limit.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";

export interface Preflight extends ServerMark {
  /** The model that will answer, when the server says so. */
  model?: string;
  /** What the server says of that model. */
  server: Record<string, string>;
  /** Streams that it takes on one connection, where it sets a limit. */
  streamLimit?: number;
}

const LIMIT_MS = 5000;

/** Failures that more load will not mend. All others (an old server without the call, a slow one) are left to the run. */
const FATAL: ReadonlySet<string> = new Set(["unauthenticated", "permission", "certificate", "refused"]);

function isFatal({ class: kind, phase }: Failure): boolean {
  return FATAL.has(kind) || phase === "resolve" || phase === "tls";
}

/** @throws BenchError (exit 7) when the target can't be used */
export async function preflight(
  target: ResolvedTarget,
  scenario: RunnableScenario,
  clock: Clock,
): Promise<Preflight> {
  const answers = await Promise.all(eachAddress(target).map((each) => askServer(each, scenario, clock)));
  const [first = { emulated: false, server: {} }] = answers;
  const limits = answers.flatMap(({ streamLimit: limit }) => (limit === undefined ? [] : [limit]));
  const marked = { ...first, ...commonMark(answers) };
  if (limits.length === 0) return marked;
  const least = Math.min(...limits);
  return {
    ...marked,
    server: { ...first.server, max_concurrent_streams: `${least}` },
    streamLimit: least,
  };
}

/** Its answer may keep nobody waiting: what is asked for stands without it. */
const MARK_LIMIT_MS = 2000;

/** The mark of the server, so that no answer of a stand-in passes for a real one; none where the server can't be asked. Opens no recognition stream. */
export async function askMark(target: ResolvedTarget, clock: Clock): Promise<ServerMark> {
  if (target.kind !== "riva-grpc") return commonMark([await behindGateway(target, clock, MARK_LIMIT_MS)]);
  const unary = createRivaUnary({ ...target, clock });
  try {
    const models = await unary.models(MARK_LIMIT_MS);
    return markAmong(models.ok ? models.value.map(({ parameters }) => parameters) : []);
  } finally {
    unary.close();
  }
}

/** The target once for each address that gets sessions. */
function eachAddress(target: ResolvedTarget): ResolvedTarget[] {
  const { route = {}, uri } = target;
  const { addresses = [] } = route;
  if (addresses.length < 2) return [target];
  return addresses.map((ip) => ({ ...target, uri: withIp(uri, ip), route: { ...route, addresses: [ip] } }));
}

async function askServer(
  target: ResolvedTarget,
  scenario: RunnableScenario,
  clock: Clock,
): Promise<Preflight> {
  if (target.kind !== "riva-grpc") return behindGateway(target, clock);
  const found = await askRiva(target, scenario, clock);
  const limit = await streamLimit(target, clock, LIMIT_MS);
  return limit === undefined ? found : { ...found, streamLimit: limit };
}

async function askRiva(target: ResolvedTarget, scenario: RunnableScenario, clock: Clock): Promise<Preflight> {
  const unary = createRivaUnary({ ...target, clock });
  try {
    const models = await unary.models(LIMIT_MS);
    if (!models.ok) {
      const { failure } = models;
      if (isFatal(failure)) {
        throw BenchError.target(
          `${target.uri} can't be used: ${failure.message}`,
          adviceFor(failure, "gRPC", target.tls),
        );
      }
      return { emulated: false, server: {} };
    }
    const wanted = scenario.recognition.model ?? target.model;
    const model =
      models.value.find(({ name }) => name === wanted) ??
      (wanted === undefined ? models.value[0] : undefined);
    if (model === undefined && wanted !== undefined && models.value.length > 0) {
      throw BenchError.target(
        `${target.uri} has no model "${wanted}"`,
        `It has ${models.value.map(({ name }) => name).join(", ")}.`,
      );
    }
    return {
      ...(model === undefined ? {} : { model: model.name }),
      ...markAmong(models.value.map(({ parameters }) => parameters)),
      server: { ...model?.parameters },
    };
  } finally {
    unary.close();
  }
}

/**
 * What this project's gateway says of the recognisers behind it: figures taken through it in front of an emulator are the
 * emulator's. Other servers have nothing to ask; whether they can be reached is found when the transport warms up.
 */
async function behindGateway(target: ResolvedTarget, clock: Clock, limitMs = LIMIT_MS): Promise<Preflight> {
  const answer = await askGateway(target, clock, limitMs);
  if (!answer.ok || answer.value === undefined) return { emulated: false, server: {} };
  const { upstreams } = answer.value;
  const [first] = upstreams;
  return {
    ...(first?.model === undefined ? {} : { model: first.model }),
    ...commonMark(upstreams),
    server: { gateway: "riva-bench", upstreams: upstreams.map(({ name }) => name).join(", ") },
  };
}
