/** The gateway in production, and under load: is it taking callers, and what does it add to their latency? */
import { choice, SCENARIO, TARGET, type Board } from "./board.ts";
import type { PanelSpec } from "./panels.ts";

const CHOSEN = 'job=~"$gateway", instance=~"$instance"';
const now = (name: string): string => `bench_gateway_${name}{${CHOSEN}}`;
const rate = (name: string): string => `rate(bench_gateway_${name}{${CHOSEN}}[$__rate_interval])`;

function percentiles(histogram: string, by: string): PanelSpec["queries"] {
  return [0.5, 0.95, 0.99].map((p) => ({
    expr: `histogram_quantile(${p}, sum by (${by}, le) (${rate(`${histogram}_seconds_bucket`)}))`,
    legend: `p${p * 100} {{${by}}}`,
  }));
}

const YES_NO = { "1": { text: "yes", color: "green" }, "0": { text: "no", color: "red" } };

const AT_A_GLANCE: readonly PanelSpec[] = [
  {
    kind: "stat",
    title: "Taking callers",
    help: "What /health/ready says: no when every recogniser is away and there is no fallback, and while it drains.",
    unit: "none",
    width: 5,
    height: 5,
    words: YES_NO,
    queries: [{ expr: now("ready"), legend: "{{instance}}" }],
  },
  {
    kind: "stat",
    title: "Draining",
    help: "It was told to stop: no new sessions, the open ones are followed to their end.",
    unit: "none",
    width: 4,
    height: 5,
    words: { "1": { text: "yes", color: "orange" }, "0": { text: "no", color: "green" } },
    queries: [{ expr: now("draining"), legend: "{{instance}}" }],
  },
  {
    kind: "stat",
    title: "Recognisers",
    help: "Away: its breaker is open after failures in a row or a failed health probe; it is tried again by itself.",
    unit: "none",
    width: 6,
    height: 5,
    words: { "1": { text: "up", color: "green" }, "0": { text: "away", color: "red" } },
    queries: [{ expr: now("upstream_up"), legend: "{{upstream}} at {{instance}}" }],
  },
  {
    kind: "stat",
    title: "Full to",
    help: "Open sessions of those that may be open at once (limits.sessions). Beyond it callers get HTTP 429.",
    unit: "percentunit",
    width: 4,
    height: 5,
    thresholds: [
      [0.8, "orange"],
      [0.95, "red"],
    ],
    queries: [
      {
        expr: `sum by (instance) (${now("sessions_active")}) / on (instance) ${now("sessions_limit")}`,
        legend: "{{instance}}",
      },
    ],
  },
  {
    kind: "stat",
    title: "Answered by the fallback",
    help: "Sessions of the shown time that got placeholder words, marked as mock. Anything but 0 means that callers are not being recognised.",
    unit: "short",
    width: 5,
    height: 5,
    thresholds: [[1, "red"]],
    queries: [
      {
        expr: `sum by (instance) (increase(${now("mock_sessions_total")}[$__range]))`,
        legend: "{{instance}}",
      },
    ],
  },
];

const SESSIONS: readonly PanelSpec[] = [
  {
    kind: "lines",
    title: "Sessions open, and the limit",
    help: "By dialect. At the limit new callers are refused with HTTP 429: add a gateway, or raise limits.sessions if its event loop has room.",
    unit: "short",
    queries: [
      {
        expr: `sum by (instance, dialect) (${now("sessions_active")})`,
        legend: "{{dialect}} at {{instance}}",
      },
      { expr: now("sessions_limit"), legend: "limit of {{instance}}", limit: true },
    ],
  },
  {
    kind: "stack",
    title: "Sessions open on each recogniser",
    help: "The first in the list takes all of them while it is up; the next take over when it is away.",
    unit: "short",
    queries: [{ expr: `sum by (upstream) (${now("upstream_sessions")})`, legend: "{{upstream}}" }],
  },
  {
    kind: "stack",
    title: "Sessions begun, and refused",
    help: "A second. Refused before a session began: too_much is a limit, unauthenticated a key, no_upstream a recogniser.",
    unit: "ops",
    queries: [
      { expr: `sum by (dialect) (${rate("sessions_total")})`, legend: "begun: {{dialect}}" },
      { expr: `sum by (reason) (${rate("refused_total")})`, legend: "refused: {{reason}}" },
    ],
  },
  {
    kind: "lines",
    title: "Breaches of the protocol, and blocked addresses",
    help: "A second, by kind: bad_request no HTTP, refused no such path, key or origin, bad_session what was sent in one, abandoned cut off without audio. Blocked: too many of them.",
    unit: "short",
    queries: [
      { expr: `sum by (kind) (${rate("offences_total")})`, legend: "{{kind}}" },
      { expr: now("blocked_addresses"), legend: "addresses blocked at {{instance}}" },
    ],
  },
  {
    kind: "stack",
    title: "Ends of sessions by close code",
    help: "A second. 1000 ended well, 1001 the gateway or the page went away, 1005 and 1006 the caller vanished, 44xx its fault or limit, 45xx the recogniser's. docs/gateway-protocol.md lists them.",
    unit: "ops",
    queries: [{ expr: `sum by (close_code) (${rate("sessions_ended_total")})`, legend: "{{close_code}}" }],
  },
];

const LATENCY: readonly PanelSpec[] = [
  {
    kind: "lines",
    title: "Latency that the gateway adds",
    help: "From reading a frame of the caller's audio until the recogniser's socket had taken it. It should stay around a millisecond; when it rises with the event loop's delay, the gateway is full.",
    unit: "s",
    thresholds: [[0.05, "red"]],
    queries: percentiles("added_latency", "instance"),
  },
  {
    kind: "lines",
    title: "Opening a recogniser's stream",
    help: "From the start of a session until its recogniser took the configuration. Callers may speak meanwhile: their audio is kept.",
    unit: "s",
    queries: percentiles("upstream_open", "upstream"),
  },
  {
    kind: "lines",
    title: "Event loop",
    help: "Longest delay between two scrapes. All sessions of a gateway share one loop: beyond 0.1 s every caller hears its text late.",
    unit: "s",
    thresholds: [[0.1, "red"]],
    queries: [{ expr: now("event_loop_lag_seconds"), legend: "{{instance}}" }],
  },
  {
    kind: "lines",
    title: "Queue to the recognisers",
    help: "Frames that no recogniser's socket has taken yet, and callers that are not read for that reason. It returns to nothing while recognisers keep up.",
    unit: "short",
    queries: [
      { expr: now("waiting_chunks"), legend: "frames at {{instance}}" },
      { expr: now("callers_paused"), legend: "callers paused at {{instance}}" },
    ],
  },
];

const UPSTREAMS: readonly PanelSpec[] = [
  {
    kind: "stack",
    title: "Streams that a recogniser failed",
    help: "A second, by class. A session whose stream failed goes on at the next recogniser while all of its audio is kept.",
    unit: "ops",
    without: "no data: no recogniser has failed a stream since the gateway started",
    queries: [
      {
        expr: `sum by (upstream, class) (${rate("upstream_errors_total")})`,
        legend: "{{upstream}}: {{class}}",
      },
    ],
  },
  {
    kind: "lines",
    title: "Breakers",
    help: "Times that a recogniser was taken out of use within five minutes. Again and again: it comes up and falls over.",
    unit: "short",
    queries: [
      {
        expr: `sum by (upstream) (increase(${now("upstream_breaker_openings_total")}[5m]))`,
        legend: "{{upstream}}",
      },
    ],
  },
];

const FLOW: readonly PanelSpec[] = [
  {
    kind: "lines",
    title: "Audio in and out",
    help: "Seconds of speech a second: about the number of callers who speak. Out above in: a failover sends audio again, or silence is put in for quiet callers.",
    unit: "short",
    queries: [
      { expr: `sum by (instance) (${rate("audio_seconds_total")})`, legend: "from callers, {{instance}}" },
      {
        expr: `sum by (instance) (${rate("audio_sent_seconds_total")})`,
        legend: "to recognisers, {{instance}}",
      },
    ],
  },
  {
    kind: "lines",
    title: "Bytes from callers",
    help: "A second. 32 kB a second is one caller at 16 kHz.",
    unit: "bytes",
    queries: [{ expr: `sum by (instance) (${rate("audio_bytes_total")})`, legend: "{{instance}}" }],
  },
  {
    kind: "stack",
    title: "Results",
    help: "From recognisers, a second. Audio without results: the recogniser hangs, or hears nothing.",
    unit: "ops",
    queries: [{ expr: `sum by (kind) (${rate("results_total")})`, legend: "{{kind}}" }],
  },
  {
    kind: "lines",
    title: "Memory",
    help: "Resident. It follows the open sessions, up to 10 s of audio for each, and comes back; steady growth at a steady load is a leak.",
    unit: "bytes",
    queries: [{ expr: now("resident_memory_bytes"), legend: "{{instance}}" }],
  },
  {
    kind: "lines",
    title: "Exceptions and restarts",
    help: "Within five minutes. An exception in a session ends that session with 1011; one that nothing caught replaces the worker. None is usual.",
    unit: "short",
    queries: [
      {
        expr: `sum by (instance, place) (increase(${now("exceptions_total")}[5m]))`,
        legend: "{{place}} at {{instance}}",
      },
      {
        expr: `sum by (instance) (increase(${now("worker_restarts_total")}[5m]))`,
        legend: "worker restarts at {{instance}}",
      },
    ],
  },
];

export const GATEWAY: Board = {
  uid: "riva-bench-gateway",
  title: "riva-bench / Gateway",
  description: "Callers in front, recognisers behind, and what the gateway adds between them.",
  variables: [
    choice("gateway", "Gateway job", "bench_gateway_ready, job", "Scrape job of the gateways."),
    choice("instance", "Instance", 'bench_gateway_ready{job=~"$gateway"}, instance', "One gateway, or all."),
    SCENARIO,
    TARGET,
  ],
  rows: [
    { title: "At a glance", panels: AT_A_GLANCE },
    { title: "Sessions", panels: SESSIONS },
    { title: "Latency and queue", panels: LATENCY },
    { title: "Recognisers", panels: UPSTREAMS },
    { title: "Audio, results, memory", panels: FLOW },
  ],
};
