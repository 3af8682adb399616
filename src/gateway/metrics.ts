/** What the gateway tells Prometheus. One of the importers of prom-client. */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Upstream } from "./upstreams.ts";

/** Labels are closed lists: dialects, upstreams of the configuration, close codes, failure classes. */
export interface GatewayMetrics {
  sessionOpened(dialect: string): void;
  sessionEnded(dialect: string, closeCode: number): void;
  refused(code: string): void;
  upstreamOpened(upstream: string, tookMs: number): void;
  upstreamFailed(upstream: string, failureClass: string): void;
  audioIn(bytes: number): void;
  added(ms: number): void;
  result(final: boolean): void;
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** Bytes of a second of speech, 16-bit at 16 kHz. */
const BYTES_PER_SECOND = 32_000;

export function createGatewayMetrics(source: {
  upstreams(): readonly Upstream[];
  loopDelayMaxMs(): number;
  draining(): boolean;
  residentBytes(): number;
}): GatewayMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers });
  const active = new Gauge({
    name: "bench_gateway_sessions_active",
    help: "Sessions that are open",
    labelNames: ["dialect"],
    registers,
  });
  const opened = counter("bench_gateway_sessions_total", "Sessions that were begun", ["dialect"]);
  const ended = counter("bench_gateway_sessions_ended_total", "Sessions by WebSocket close code", [
    "dialect",
    "close_code",
  ]);
  const refused = counter("bench_gateway_refused_total", "Requests refused before a session began", [
    "reason",
  ]);
  const audio = counter("bench_gateway_audio_bytes_total", "Audio received from callers");
  const audioSeconds = counter("bench_gateway_audio_seconds_total", "The same in seconds of 16 kHz speech");
  const results = counter("bench_gateway_results_total", "Results from recognisers", ["kind"]);
  const upstreamErrors = counter("bench_gateway_upstream_errors_total", "Streams that an upstream failed", [
    "upstream",
    "class",
  ]);
  const connect = new Histogram({
    name: "bench_gateway_upstream_open_seconds",
    help: "From the start of a session until its upstream took the configuration",
    labelNames: ["upstream"],
    buckets: SECONDS,
    registers,
  });
  const added = new Histogram({
    name: "bench_gateway_added_latency_seconds",
    help: "From the reading of a frame of audio until the upstream's socket had taken it",
    buckets: SECONDS,
    registers,
  });
  new Gauge({
    name: "bench_gateway_upstream_up",
    help: "1 when sessions go to this upstream, 0 when its breaker is open",
    labelNames: ["upstream"],
    registers,
    collect() {
      this.reset();
      for (const { name, breaker } of source.upstreams())
        this.set({ upstream: name }, breaker.state === "closed" ? 1 : 0);
    },
  });
  new Gauge({
    name: "bench_gateway_upstream_sessions",
    help: "Sessions open on an upstream",
    labelNames: ["upstream"],
    registers,
    collect() {
      this.reset();
      for (const { name, sessions } of source.upstreams()) this.set({ upstream: name }, sessions);
    },
  });
  new Gauge({
    name: "bench_gateway_upstream_breaker_openings",
    help: "Times the breaker of an upstream opened",
    labelNames: ["upstream"],
    registers,
    collect() {
      this.reset();
      for (const { name, breaker } of source.upstreams()) this.set({ upstream: name }, breaker.openings);
    },
  });
  new Gauge({
    name: "bench_gateway_event_loop_lag_seconds",
    help: "Longest delay of the event loop since the last scrape",
    registers,
    collect() {
      this.set(source.loopDelayMaxMs() / 1000);
    },
  });
  new Gauge({
    name: "bench_gateway_draining",
    help: "1 while no new sessions are taken and the open ones are followed to their end",
    registers,
    collect() {
      this.set(source.draining() ? 1 : 0);
    },
  });
  new Gauge({
    name: "bench_gateway_resident_memory_bytes",
    help: "Resident memory of the gateway",
    registers,
    collect() {
      this.set(source.residentBytes());
    },
  });

  return {
    sessionOpened(dialect) {
      opened.inc({ dialect });
      active.inc({ dialect });
    },
    sessionEnded(dialect, closeCode) {
      active.dec({ dialect });
      ended.inc({ dialect, close_code: closeCode });
    },
    refused: (reason) => refused.inc({ reason }),
    upstreamOpened: (upstream, tookMs) => connect.observe({ upstream }, tookMs / 1000),
    upstreamFailed: (upstream, failureClass) => upstreamErrors.inc({ upstream, class: failureClass }),
    audioIn(bytes) {
      audio.inc(bytes);
      audioSeconds.inc(bytes / BYTES_PER_SECOND);
    },
    added: (ms) => added.observe(ms / 1000),
    result: (final) => results.inc({ kind: final ? "final" : "interim" }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
