/**
 * The recognisers behind the gateway, in order of preference: which of them can take a session, found out by health
 * probes and by what happens to sessions. A reload replaces the list; sessions of the old one keep their upstream.
 */
import type { ServerMark } from "../../base/server-mark.ts";
import { markAmong } from "../../base/server-mark.ts";
import { isDeepStrictEqual } from "node:util";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import type { Endpoint } from "../../client/endpoint.ts";
import type { RivaUnary } from "../../client/grpc/riva-unary.ts";
import type { AsrTransport, RecognitionSettings } from "../../client/transport.ts";
import { isCallersFault, isUpstreamsFault } from "./blame.ts";
import { Breaker } from "./breaker.ts";

export interface UpstreamConfig {
  /** In metrics, logs and `ready` messages. */
  name: string;
  uri: string;
  endpoint: Endpoint;
}

export type UpstreamState = "unknown" | "up" | "away";

export interface Upstream {
  readonly name: string;
  readonly uri: string;
  readonly transport: AsrTransport;
  readonly breaker: Breaker;
  /** Whether it can take sessions; unknown until the first answer to a probe, or the first response to a session. */
  state(): UpstreamState;
  /** Sessions open on it. */
  sessions: number;
  /** Its mark as an emulator or stand-in, passed on to whoever measures through the gateway. */
  mark: ServerMark;
  /** Its first model, once asked. */
  model?: string;
}

/** What reaches an upstream; made by the command, so that tests give their own. */
export interface UpstreamLinks {
  transport(endpoint: Endpoint): AsrTransport;
  unary(endpoint: Endpoint): RivaUnary;
}

/** What a session asks of an upstream; a trial stream asks the same. */
export interface UpstreamRequest {
  /** Of the session. */
  id: string;
  recognition: RecognitionSettings;
  sampleRateHz: number;
}

/** One stream of a session on an upstream. */
export interface UpstreamUse {
  /** A response came. */
  responded(): void;
  /** It ended well, with audio heard. */
  ended(): void;
  failed(failure: Failure): void;
  /** The stream is over. Further calls do nothing. */
  release(): void;
}

/** Names of upstreams, by what a reload did with them. */
export interface UpstreamChanges {
  added: string[];
  removed: string[];
  /** Address, TLS files, metadata or anything else of it changed. */
  changed: string[];
}

export interface UpstreamWatcher {
  changed(upstream: Upstream): void;
  /** A probe threw: it counts as failed. */
  threw(upstream: Upstream, error: unknown): void;
}

export interface Upstreams {
  list(): readonly Upstream[];
  /** The first that is up and not among `tried`; where none is, the first that may be. */
  choose(tried: readonly Upstream[]): Upstream | undefined;
  /** Gives a session a stream's place on an upstream. */
  take(upstream: Upstream, request: UpstreamRequest): UpstreamUse;
  /**
   * Replaces the list. Upstreams of which nothing changed keep their connections and state; sessions of the others are followed
   * to their end on the old one.
   * @throws BenchError (exit 2) when one can't be used: then all stays as it was
   */
  replace(configs: readonly UpstreamConfig[]): UpstreamChanges;
  close(): Promise<void>;
}

/** Readiness follows the truth within two of these. */
const PROBE_EVERY_MS = 500;
const PROBE_LIMIT_MS = 800;
/** A trial stream: so much silence, and so long for its end. */
const TRIAL = { silenceMs: 500, readyMs: 2000, flushMs: 5000 };
const BREAKER = { failures: 3, pauseMs: 1000, longestPauseMs: 15_000 };

interface Entry extends Upstream {
  config: UpstreamConfig;
  unary: RivaUnary;
  retired: boolean;
  isKnown: boolean;
  stopProbing(): void;
  /** What trial streams ask for: what worked last, else what failed last. */
  trial: Omit<UpstreamRequest, "id"> | undefined;
  trialWorked: boolean;
}

/** Name servers give the addresses of a name in another order each time. */
function comparable({ endpoint, ...rest }: UpstreamConfig): object {
  const { route, ...others } = endpoint;
  return { ...rest, ...others, proxy: route?.proxy, addresses: [...(route?.addresses ?? [])].sort() };
}

const TRIAL_SETTINGS: RecognitionSettings = { language: "en-US", interim: true };
const TRIAL_ID = "bench-gateway-trial";

/** Language, model and rate alone: what one caller asks for besides must not decide for all. */
function trialOf({ recognition, sampleRateHz }: UpstreamRequest): Omit<UpstreamRequest, "id"> {
  const { language, model } = recognition;
  return {
    sampleRateHz,
    recognition: { language, interim: true, ...(model === undefined ? {} : { model }) },
  };
}

export function createUpstreams(
  configs: readonly UpstreamConfig[],
  links: UpstreamLinks,
  clock: Clock,
  watcher: UpstreamWatcher,
): Upstreams {
  let entries: Entry[] = [];
  const retiring = new Set<Entry>();

  function open(config: UpstreamConfig): Entry {
    const { name, uri, endpoint } = config;
    const unary = links.unary(endpoint);
    const breaker = new Breaker(BREAKER);
    const entry: Entry = {
      config,
      name,
      uri,
      transport: links.transport(endpoint),
      breaker,
      state: () => (breaker.state === "open" ? "away" : entry.isKnown ? "up" : "unknown"),
      isKnown: false,
      sessions: 0,
      mark: { emulated: false },
      unary,
      retired: false,
      stopProbing: () => undefined,
      trial: undefined,
      trialWorked: false,
    };
    probe(entry);
    return entry;
  }

  function changing(entry: Entry, act: () => void): void {
    const before = entry.breaker.state;
    act();
    if (entry.breaker.state !== before) watcher.changed(entry);
  }

  function probe(entry: Entry): void {
    let stopped = false;
    const hasStopped = (): boolean => stopped;
    let cancel = (): void => undefined;
    entry.stopProbing = () => {
      stopped = true;
      cancel();
    };
    const look = async (): Promise<void> => {
      const answer = await entry.unary.health(PROBE_LIMIT_MS);
      if (answer.ok && entry.model === undefined && !hasStopped()) await ask(entry);
      if (hasStopped()) return;
      const healthy = answer.ok && answer.value !== "not-serving";
      changing(entry, () => entry.breaker.probed(healthy, clock.nowMs()));
      entry.isKnown = true;
      if (!healthy || !entry.breaker.needsTrial(clock.nowMs())) return;
      const worked = await tryStream(entry);
      if (!hasStopped()) changing(entry, () => entry.breaker.tried(worked, clock.nowMs()));
    };
    const once = async (): Promise<void> => {
      try {
        await look();
      } catch (error) {
        watcher.threw(entry, error);
        changing(entry, () => entry.breaker.probed(false, clock.nowMs()));
      }
      if (!hasStopped()) cancel = clock.wakeAt(clock.nowMs() + PROBE_EVERY_MS, () => void once());
    };
    void once();
  }

  /** Opens a stream with some silence. @returns true when the upstream answers it, be it with a refusal of the settings */
  function tryStream({ transport, trial }: Entry): Promise<boolean> {
    const { recognition, sampleRateHz } = trial ?? { recognition: TRIAL_SETTINGS, sampleRateHz: 16_000 };
    const samples = Math.round((sampleRateHz * TRIAL.silenceMs) / 1000);
    return new Promise((resolve) => {
      const stream = transport.open(
        {
          ...{ recognition, sampleRateHz, encoding: "LINEAR_PCM", requestId: TRIAL_ID },
          ...{ readyTimeoutMs: TRIAL.readyMs, flushTimeoutMs: TRIAL.flushMs },
        },
        {
          onOpen() {
            stream.send(transport.encodeChunk(Buffer.alloc(samples * 2)));
            // As late as a caller's, so that a stream that is ended before its audio is known for it.
            clock.wakeAt(clock.nowMs() + TRIAL.silenceMs, () => stream.finish());
          },
          onAccepted: () => undefined,
          // A stream that responds may still fail: its end tells.
          onResponse: () => undefined,
          onEnd: (_atMs, outcome) => resolve(outcome.ok || isCallersFault(outcome.failure)),
        },
      );
    });
  }

  async function ask(entry: Entry): Promise<void> {
    const models = await entry.unary.models(PROBE_LIMIT_MS);
    const [first] = models.ok ? models.value : [];
    if (first === undefined || !models.ok) return;
    entry.model = first.name;
    entry.mark = markAmong(models.value.map(({ parameters }) => parameters));
  }

  async function end(entry: Entry): Promise<void> {
    retiring.delete(entry);
    entry.stopProbing();
    try {
      entry.unary.close();
      await entry.transport.close();
    } catch (error) {
      watcher.threw(entry, error);
    }
  }

  function retire(entry: Entry): void {
    entry.retired = true;
    retiring.add(entry);
    if (entry.sessions === 0) void end(entry);
  }

  entries = configs.map(open);

  return {
    list: () => entries,
    choose: (tried) =>
      entries.find((entry) => entry.state() === "up" && !tried.includes(entry)) ??
      entries.find((entry) => entry.state() === "unknown" && !tried.includes(entry)),
    take(upstream, request) {
      const entry = upstream as Entry;
      const stream = entry.breaker.watch(request.id);
      let responded = false;
      let released = false;
      entry.sessions++;
      const worked = (): void => {
        entry.isKnown = true;
        entry.trialWorked = true;
        entry.trial = trialOf(request);
      };
      return {
        responded() {
          if (responded) return;
          responded = true;
          changing(entry, () => stream.responded());
          worked();
        },
        ended() {
          changing(entry, () => stream.ended());
          worked();
        },
        failed(failure) {
          if (!isUpstreamsFault(failure, responded)) return;
          if (!entry.trialWorked) entry.trial = trialOf(request);
          changing(entry, () => stream.failed(clock.nowMs()));
        },
        release() {
          if (released) return;
          released = true;
          if (--entry.sessions === 0 && entry.retired) void end(entry);
        },
      };
    },
    replace(next) {
      const old = entries;
      const opened: Entry[] = [];
      const openOne = (config: UpstreamConfig): Entry => {
        const entry = open(config);
        opened.push(entry);
        return entry;
      };
      try {
        entries = next.map(
          (config) =>
            old.find((entry) => isDeepStrictEqual(comparable(entry.config), comparable(config))) ??
            openOne(config),
        );
      } catch (error) {
        for (const entry of opened) void end(entry);
        throw error;
      }
      for (const entry of old) if (!entries.includes(entry)) retire(entry);
      const [before, now, fresh] = [old, entries, opened].map((list) => list.map(({ name }) => name));
      return {
        added: now?.filter((name) => !before?.includes(name)) ?? [],
        removed: before?.filter((name) => !now?.includes(name)) ?? [],
        changed: fresh?.filter((name) => before?.includes(name)) ?? [],
      };
    },
    async close() {
      await Promise.all([...entries, ...retiring].map(end));
      entries = [];
    },
  };
}
