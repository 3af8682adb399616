/**
 * The recognisers behind the gateway, in order of preference: which of them can take a session, found out by health
 * probes and by what happens to sessions. A reload replaces the list; sessions of the old one keep their upstream.
 */
import type { Clock } from "../base/clock.ts";
import type { Failure } from "../base/outcome.ts";
import type { Endpoint } from "../client/endpoint.ts";
import type { RivaUnary } from "../client/riva-unary.ts";
import type { AsrTransport } from "../client/transport.ts";
import { Breaker } from "./breaker.ts";

export interface UpstreamConfig {
  /** In metrics, logs and `ready` messages. */
  name: string;
  uri: string;
  endpoint: Endpoint;
}

export interface Upstream {
  readonly name: string;
  readonly uri: string;
  readonly transport: AsrTransport;
  readonly breaker: Breaker;
  /** Sessions open on it. */
  sessions: number;
  /** It says that it is an emulator; whoever measures through the gateway must know. */
  emulated: boolean;
  /** Its first model, once asked. */
  model?: string;
}

/** What reaches an upstream; made by the command, so that tests give their own. */
export interface UpstreamLinks {
  transport(endpoint: Endpoint): AsrTransport;
  unary(endpoint: Endpoint): RivaUnary;
}

export interface Upstreams {
  list(): readonly Upstream[];
  /** The first that is not away and not among `tried`. */
  choose(tried: readonly Upstream[]): Upstream | undefined;
  /** How a session's stream ended, or that it was opened. */
  report(upstream: Upstream, failure: Failure | undefined): void;
  /** Replaces the list. Upstreams whose URI stays keep their connections and state; others end with their last session. */
  replace(configs: readonly UpstreamConfig[]): void;
  /** Ends the use of an upstream by one session. */
  release(upstream: Upstream): void;
  close(): Promise<void>;
}

/** Readiness follows the truth within two of these. */
const PROBE_EVERY_MS = 500;
const PROBE_LIMIT_MS = 800;
const BREAKER = { failures: 3, pauseMs: 1000, longestPauseMs: 15_000 };

interface Entry extends Upstream {
  unary: RivaUnary;
  retired: boolean;
  stopProbing(): void;
}

/** Failures that say nothing of whether the next session would work. */
function saysAway({ origin, class: kind }: Failure): boolean {
  return (
    origin !== "generator" &&
    origin !== "client-config" &&
    !["cancelled", "no-final", "start-flag"].includes(kind)
  );
}

export function createUpstreams(
  configs: readonly UpstreamConfig[],
  links: UpstreamLinks,
  clock: Clock,
  onChange: (upstream: Upstream) => void,
): Upstreams {
  let entries: Entry[] = [];
  const retiring = new Set<Entry>();

  function open({ name, uri, endpoint }: UpstreamConfig): Entry {
    const unary = links.unary(endpoint);
    const entry: Entry = {
      name,
      uri,
      transport: links.transport(endpoint),
      breaker: new Breaker(BREAKER),
      sessions: 0,
      emulated: false,
      unary,
      retired: false,
      stopProbing: () => undefined,
    };
    probe(entry);
    return entry;
  }

  function changing(entry: Entry, act: () => void): void {
    const before = entry.breaker.state;
    act();
    if (entry.breaker.state !== before) onChange(entry);
  }

  function probe(entry: Entry): void {
    let stopped = false;
    const hasStopped = (): boolean => stopped;
    let cancel = (): void => undefined;
    entry.stopProbing = () => {
      stopped = true;
      cancel();
    };
    const once = async (): Promise<void> => {
      const answer = await entry.unary.health(PROBE_LIMIT_MS);
      if (answer.ok && entry.model === undefined && !hasStopped()) await ask(entry);
      if (hasStopped()) return;
      const healthy = answer.ok && answer.value !== "not-serving";
      changing(entry, () => entry.breaker.probed(healthy, clock.nowMs()));
      cancel = clock.wakeAt(clock.nowMs() + PROBE_EVERY_MS, () => void once());
    };
    void once();
  }

  async function ask(entry: Entry): Promise<void> {
    const models = await entry.unary.models(PROBE_LIMIT_MS);
    const [first] = models.ok ? models.value : [];
    if (first === undefined || !models.ok) return;
    entry.model = first.name;
    entry.emulated = models.value.some(({ parameters }) => parameters["emulated"] === "true");
  }

  async function end(entry: Entry): Promise<void> {
    retiring.delete(entry);
    entry.stopProbing();
    entry.unary.close();
    await entry.transport.close();
  }

  function retire(entry: Entry): void {
    entry.retired = true;
    retiring.add(entry);
    if (entry.sessions === 0) void end(entry);
  }

  entries = configs.map(open);

  return {
    list: () => entries,
    choose: (tried) => entries.find((entry) => entry.breaker.state === "closed" && !tried.includes(entry)),
    report(upstream, failure) {
      changing(upstream as Entry, () => {
        if (failure === undefined) upstream.breaker.succeeded();
        else if (saysAway(failure)) upstream.breaker.failed(clock.nowMs());
      });
    },
    replace(next) {
      const old = entries;
      entries = next.map(
        (config) => old.find(({ uri, name }) => uri === config.uri && name === config.name) ?? open(config),
      );
      for (const entry of old) if (!entries.includes(entry)) retire(entry);
    },
    release(upstream) {
      const entry = upstream as Entry;
      if (--entry.sessions === 0 && entry.retired) void end(entry);
    },
    async close() {
      await Promise.all([...entries, ...retiring].map(end));
      entries = [];
    },
  };
}
