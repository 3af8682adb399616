/** The gateway's configuration file: everything has a default but the upstreams. Flags win over the file. */
import { z } from "zod";
import { parseDurationMs, WEEK_MS } from "../base/duration.ts";
import { section } from "../base/yaml.ts";

/** Durations in milliseconds, defaults filled in. Keys are those of the file. */
export interface GatewayConfig {
  host: string;
  port: number;
  /** In order of preference. */
  upstreams: { name?: string; uri: string }[];
  /** `mock`: placeholder words, marked as such, while no upstream can be reached. */
  fallback: "none" | "mock";
  tls?: { cert: string; key: string; clientCa?: string };
  apiKeysFile?: string;
  tokenLife: number;
  /** Pages of other origins than the gateway's own that may connect; "*" = any. */
  allowedOrigins: string[];
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: string[];
  limits: GatewayLimits;
  log: { level: "debug" | "info" | "warn" | "error" | "silent" };
}

/** What a reload may change, for sessions that are opened from then on. */
export type Settings = Pick<GatewayConfig, "limits" | "allowedOrigins">;

export interface GatewayLimits {
  sessions: number;
  sessionsPerKey: number;
  sessionsPerAddress: number;
  /** With a burst of a minute; ten times what speech at 16 kHz needs. */
  bytesPerSecondPerSession: number;
  /** Of a key, and of an address. */
  bytesPerSecondPerOwner: number;
  /** A burst of two seconds; before it is used up the socket is read more slowly. */
  messagesPerSecondPerSession: number;
  frameBytes: number;
  /** Beyond half of `bytesPerSecondPerSession`, of all sessions together; an address gets half of it. */
  bulkBytesPerSecond: number;
  /** Open at once, with a session or without. */
  connectionsPerAddress: number;
  /** As many connections and as many requests, with a burst of four seconds. */
  requestsPerSecondPerAddress: number;
  /** Breaches of the protocol in a minute, after which an address is blocked... */
  offencesPerAddress: number;
  /** ...for so long. */
  penalty: number;
  /** From the connection to the end of the request's headers. */
  handshake: number;
  /** From the upgrade to the start of the session. */
  start: number;
  /** Without audio. */
  idle: number;
  longest: number;
  /** Without audio for so long, silence goes to the recogniser. */
  keepaliveAfter: number;
  connect: number;
  flush: number;
  /** Audio without a final that another upstream could hear again. */
  kept: number;
  /** Results that were not read for so long. */
  slowReader: number;
  drain: number;
}

function duration(defaultText: string) {
  return z
    .union([z.string(), z.number()])
    .default(defaultText)
    .transform((value, context) => {
      const ms = parseDurationMs(String(value));
      if (ms !== undefined && ms > 0 && ms <= WEEK_MS) return ms;
      context.addIssue({
        code: "custom",
        message: "must be a duration such as 30, 30s, 5m or 500ms, 168h at most",
      });
      return z.NEVER;
    });
}

function count(most: number, usual: number) {
  return z.int().min(1).max(most).default(usual);
}

/** The file: of `tls` it may hold a part, the rest comes from flags or the environment. */
export type GatewayFile = Omit<GatewayConfig, "tls"> & { tls?: Partial<NonNullable<GatewayConfig["tls"]>> };

export const gatewayFile: z.ZodType<GatewayFile> = section({
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(9000),
  upstreams: z
    .array(section({ name: z.string().min(1).exactOptional(), uri: z.string().min(1) }))
    .default([]),
  fallback: z.enum(["none", "mock"], { error: "must be none or mock" }).default("none"),
  tls: section({
    cert: z.string().min(1).exactOptional(),
    key: z.string().min(1).exactOptional(),
    clientCa: z.string().min(1).exactOptional(),
  }).exactOptional(),
  apiKeysFile: z.string().min(1).exactOptional(),
  tokenLife: duration("60s"),
  allowedOrigins: z.array(z.string().min(1)).default([]),
  trustedProxies: z.array(z.string().min(1)).default([]),
  limits: section({
    sessions: count(100_000, 2000),
    sessionsPerKey: count(100_000, 1000),
    sessionsPerAddress: count(100_000, 1000),
    bytesPerSecondPerSession: count(1e9, 320_000),
    bytesPerSecondPerOwner: count(1e9, 100_000_000),
    messagesPerSecondPerSession: count(1e6, 500),
    frameBytes: count(16_777_216, 262_144),
    bulkBytesPerSecond: count(1e10, 4_000_000),
    connectionsPerAddress: count(100_000, 2000),
    requestsPerSecondPerAddress: count(1e6, 500),
    offencesPerAddress: count(1e6, 50),
    penalty: duration("10s"),
    handshake: duration("5s"),
    start: duration("10s"),
    idle: duration("5m"),
    longest: duration("1h"),
    keepaliveAfter: duration("30s"),
    connect: duration("5s"),
    flush: duration("10s"),
    kept: duration("10s"),
    slowReader: duration("10s"),
    drain: duration("30s"),
  }).prefault({}),
  log: section({ level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info") }).prefault({}),
});
