/** What the gateway tells Prometheus. One of the importers of prom-client. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Exceptions } from "./contain.ts";
import type { Offence } from "./door/address-limits.ts";
import { OFFENCES } from "./door/address-limits.ts";
import { COUNTED, OBSERVED, READ, type GatewayFamily } from "./metric-families.ts";
import { CLOSE_CODES, HTTP_STATUS } from "./dialects/result.ts";
import type { Upstream } from "./upstream/upstreams.ts";

export interface GatewayMetrics {
  sessionOpened(dialect: string): void;
  sessionEnded(dialect: string, closeCode: number): void;
  refused(code: string): void;
  offence(kind: Offence): void;
  /** @param mock the fallback answers */
  upstreamOpened(upstream: string, tookMs: number, mock: boolean): void;
  upstreamFailed(upstream: string, failureClass: string): void;
  /** From a caller. */
  audioIn(bytes: number, ms: number): void;
  /** To a recogniser. */
  audioOut(ms: number): void;
  added(ms: number): void;
  result(final: boolean): void;
  text(): Promise<string>;
  readonly contentType: string;
}

/** What is asked at each scrape. */
export interface GatewayState {
  upstreams(): readonly Upstream[];
  /** Longest within the last half minute. */
  loopDelayMaxMs(): number;
  ready(): boolean;
  draining(): boolean;
  sessionsLimit(): number;
  blockedAddresses(): number;
  /** Of all sessions together. */
  queue(): { waitingChunks: number; callersPaused: number };
  residentBytes(): number;
  exceptions: Exceptions;
  workerRestarts: number;
}

const BUCKETS_S = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Ours, and those that WebSocket itself knows. */
const KNOWN_CODES = new Set<number>([
  ...Object.values(CLOSE_CODES),
  ...[1000, 1002, 1003, 1005, 1006, 1007, 1008, 1009, 1011],
]);

type Labelled = readonly (readonly [labels: Record<string, string>, value: number])[];

export function createGatewayMetrics(state: GatewayState): GatewayMetrics {
  const registry = new Registry();
  const settings = ({ name, help, labels }: GatewayFamily) => ({
    ...{ name, help, labelNames: [...labels] },
    registers: [registry],
  });
  const active = new Map<string, number>();
  const perUpstream = (of: (upstream: Upstream) => number): Labelled =>
    state.upstreams().map((upstream) => [{ upstream: upstream.name }, of(upstream)]);
  const now: Record<keyof typeof READ, () => number | Labelled> = {
    ready: () => Number(state.ready()),
    draining: () => Number(state.draining()),
    sessionsActive: () => [...active].map(([dialect, sessions]) => [{ dialect }, sessions]),
    sessionsLimit: () => state.sessionsLimit(),
    blockedAddresses: () => state.blockedAddresses(),
    waitingChunks: () => state.queue().waitingChunks,
    callersPaused: () => state.queue().callersPaused,
    upstreamUp: () => perUpstream((upstream) => Number(upstream.state() === "up")),
    upstreamSessions: () => perUpstream(({ sessions }) => sessions),
    breakerOpenings: () => perUpstream(({ breaker }) => breaker.openings),
    loopLag: () => state.loopDelayMaxMs() / 1000,
    residentBytes: () => state.residentBytes(),
    exceptions: () => [...state.exceptions.counts].map(([place, count]) => [{ place }, count]),
    workerRestarts: () => state.workerRestarts,
  };
  for (const key of Object.keys(READ) as (keyof typeof READ)[]) readAtScrape(READ[key], now[key]);

  function readAtScrape(family: GatewayFamily, read: () => number | Labelled): void {
    // One series that can't be read leaves the others in the answer.
    const samples = (): Labelled => {
      try {
        const value = read();
        return (typeof value === "number" ? [[{}, value] as const] : value).filter(([, one]) => usable(one));
      } catch (error) {
        state.exceptions.caught("metric", error);
        return [];
      }
    };
    if (family.type === "counter") {
      new Counter({
        ...settings(family),
        collect() {
          this.reset();
          for (const [labels, value] of samples()) this.inc(labels, value);
        },
      });
    } else {
      new Gauge({
        ...settings(family),
        collect() {
          this.reset();
          for (const [labels, value] of samples()) this.set(labels, value);
        },
      });
    }
  }

  /** A value that prom-client would refuse, or that would spoil a sum for ever, is counted as an exception and left out. */
  function usable(value: number): boolean {
    if (Number.isFinite(value) && value >= 0) return true;
    state.exceptions.caught("metric", new RangeError("not a finite number from 0"));
    return false;
  }

  const counter = (family: GatewayFamily): Counter => new Counter(settings(family));
  const histogram = (family: GatewayFamily): Histogram =>
    new Histogram({ ...settings(family), buckets: BUCKETS_S });
  const sessions = counter(COUNTED.sessions);
  const ended = counter(COUNTED.sessionsEnded);
  const refused = counter(COUNTED.refused);
  // From 0, so that the first refusal is seen as growth.
  for (const reason of Object.keys(HTTP_STATUS)) refused.inc({ reason }, 0);
  const offences = counter(COUNTED.offences);
  for (const kind of OFFENCES) offences.inc({ kind }, 0);
  const mockSessions = counter(COUNTED.mockSessions);
  const audioBytes = counter(COUNTED.audioBytes);
  const audioSeconds = counter(COUNTED.audioSeconds);
  const audioSentSeconds = counter(COUNTED.audioSentSeconds);
  const results = counter(COUNTED.results);
  const upstreamErrors = counter(COUNTED.upstreamErrors);
  const upstreamOpen = histogram(OBSERVED.upstreamOpen);
  const added = histogram(OBSERVED.added);

  return {
    sessionOpened(dialect) {
      sessions.inc({ dialect });
      active.set(dialect, (active.get(dialect) ?? 0) + 1);
    },
    sessionEnded(dialect, closeCode) {
      active.set(dialect, (active.get(dialect) ?? 0) - 1);
      // A caller may close with any of two thousand codes of its own.
      ended.inc({ dialect, close_code: KNOWN_CODES.has(closeCode) ? closeCode : "other" });
    },
    refused: (reason) => refused.inc({ reason }),
    offence: (kind) => offences.inc({ kind }),
    upstreamOpened(upstream, tookMs, mock) {
      if (usable(tookMs)) upstreamOpen.observe({ upstream }, tookMs / 1000);
      if (mock) mockSessions.inc();
    },
    upstreamFailed: (upstream, failureClass) => upstreamErrors.inc({ upstream, class: failureClass }),
    audioIn(bytes, ms) {
      if (usable(bytes)) audioBytes.inc(bytes);
      if (usable(ms)) audioSeconds.inc(ms / 1000);
    },
    audioOut(ms) {
      if (usable(ms)) audioSentSeconds.inc(ms / 1000);
    },
    added(ms) {
      if (usable(ms)) added.observe(ms / 1000);
    },
    result: (final) => results.inc({ kind: final ? "final" : "interim" }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
