/**
 * Every series that the gateway tells Prometheus of: what makes them (`metrics.ts`), documents them, draws and tests them reads
 * this list. Labels are closed lists: dialects, upstreams of the configuration, close codes, failure classes.
 */
export interface GatewayFamily {
  name: string;
  type: "counter" | "gauge" | "histogram";
  labels: readonly string[];
  help: string;
}

function counter(name: string, help: string, labels: readonly string[] = []): GatewayFamily {
  return { name: `bench_gateway_${name}_total`, type: "counter", labels, help };
}

function gauge(name: string, help: string, labels: readonly string[] = []): GatewayFamily {
  return { name: `bench_gateway_${name}`, type: "gauge", labels, help };
}

function seconds(name: string, help: string, labels: readonly string[] = []): GatewayFamily {
  return { name: `bench_gateway_${name}_seconds`, type: "histogram", labels, help };
}

/** Counted as it happens. */
export const COUNTED: Readonly<
  Record<
    | "sessions"
    | "sessionsEnded"
    | "refused"
    | "offences"
    | "mockSessions"
    | "audioBytes"
    | "audioSeconds"
    | "audioSentSeconds"
    | "results"
    | "upstreamErrors",
    GatewayFamily
  >
> = {
  sessions: counter("sessions", "Sessions that were begun", ["dialect"]),
  sessionsEnded: counter("sessions_ended", "Sessions by WebSocket close code", ["dialect", "close_code"]),
  refused: counter("refused", "Requests refused before a session began", ["reason"]),
  offences: counter("offences", "Breaches of the protocol, which get an address blocked", ["kind"]),
  mockSessions: counter("mock_sessions", "Sessions answered by the fallback, with placeholder words"),
  audioBytes: counter("audio_bytes", "Audio received from callers"),
  audioSeconds: counter("audio_seconds", "The same as speech: seconds at the rate that its caller gave"),
  audioSentSeconds: counter(
    "audio_sent_seconds",
    "Audio given to recognisers; a failover sends some again, a quiet caller gets silence put in",
  ),
  results: counter("results", "Results from recognisers", ["kind"]),
  upstreamErrors: counter("upstream_errors", "Streams that an upstream failed", ["upstream", "class"]),
};

/** Observed as it happens. */
export const OBSERVED: Readonly<Record<"upstreamOpen" | "added", GatewayFamily>> = {
  upstreamOpen: seconds(
    "upstream_open",
    "From the start of a session until its upstream took the configuration",
    ["upstream"],
  ),
  added: seconds(
    "added_latency",
    "From the reading of a frame of audio until the upstream's socket had taken it",
  ),
};

/** Asked for at each scrape. */
export const READ: Readonly<
  Record<
    | "ready"
    | "draining"
    | "sessionsActive"
    | "sessionsLimit"
    | "blockedAddresses"
    | "waitingChunks"
    | "callersPaused"
    | "upstreamUp"
    | "upstreamSessions"
    | "breakerOpenings"
    | "loopLag"
    | "residentBytes"
    | "exceptions"
    | "workerRestarts",
    GatewayFamily
  >
> = {
  ready: gauge("ready", "1 while new sessions are taken, as /health/ready says"),
  draining: gauge(
    "draining",
    "1 while no new sessions are taken and the open ones are followed to their end",
  ),
  sessionsActive: gauge("sessions_active", "Sessions that are open", ["dialect"]),
  sessionsLimit: gauge("sessions_limit", "Sessions that may be open at once"),
  blockedAddresses: gauge(
    "blocked_addresses",
    "Addresses that are blocked now, because they broke the protocol too often",
  ),
  waitingChunks: gauge("waiting_chunks", "Frames of audio that no upstream's socket has taken yet"),
  callersPaused: gauge(
    "callers_paused",
    "Callers whose audio is not read for now, because their upstream takes it more slowly than they send",
  ),
  upstreamUp: gauge(
    "upstream_up",
    "1 when sessions go to this upstream, 0 when its breaker is open or nothing was heard of it yet",
    ["upstream"],
  ),
  upstreamSessions: gauge("upstream_sessions", "Sessions open on an upstream", ["upstream"]),
  breakerOpenings: counter("upstream_breaker_openings", "Times the breaker of an upstream opened", [
    "upstream",
  ]),
  loopLag: gauge("event_loop_lag_seconds", "Longest delay of the event loop within the last half minute"),
  exceptions: counter(
    "exceptions",
    "Exceptions that were caught, by place; session: it was ended with 1011; process: the worker was replaced",
    ["place"],
  ),
  workerRestarts: counter("worker_restarts", "Times this process replaced its worker after an exception"),
  residentBytes: gauge("resident_memory_bytes", "Resident memory of the gateway"),
};

export const GATEWAY_FAMILIES: readonly GatewayFamily[] = [
  ...Object.values(READ),
  ...Object.values(COUNTED),
  ...Object.values(OBSERVED),
];
