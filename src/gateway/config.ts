/** The gateway's configuration file: everything has a default but the upstreams. Flags win over the file. */
import { z } from "zod";
import { durationField as duration, section } from "../base/yaml.ts";

function count(most: number, usual: number) {
  return z.int().min(1).max(most).default(usual);
}

/** The form of the file. Of `tls` it may hold a part: the rest comes from flags or the environment. */
export const gatewayFile = section({
  host: z.string().min(1).default("127.0.0.1"),
  port: z.int().min(0).max(65_535).default(9000),
  /** In order of preference. */
  upstreams: z
    .array(section({ name: z.string().min(1).exactOptional(), uri: z.string().min(1) }))
    .default([]),
  /** `mock`: placeholder words, marked as such, while no upstream can be reached. */
  fallback: z.enum(["none", "mock"], { error: "must be none or mock" }).default("none"),
  tls: section({
    cert: z.string().min(1).exactOptional(),
    key: z.string().min(1).exactOptional(),
    clientCa: z.string().min(1).exactOptional(),
  }).exactOptional(),
  apiKeysFile: z.string().min(1).exactOptional(),
  tokenLife: duration("60s"),
  /** Pages of other origins than the gateway's own that may connect; "*" = any. */
  allowedOrigins: z.array(z.string().min(1)).default([]),
  /** Addresses or networks of proxies whose `X-Forwarded-For` is believed. */
  trustedProxies: z.array(z.string().min(1)).default([]),
  limits: section({
    sessions: count(100_000, 2000),
    sessionsPerKey: count(100_000, 1000),
    sessionsPerAddress: count(100_000, 1000),
    /** With a burst of a minute; ten times what speech at 16 kHz needs. */
    bytesPerSecondPerSession: count(1e9, 320_000),
    /** The limit of a key, and of an address. */
    bytesPerSecondPerOwner: count(1e9, 100_000_000),
    /** A burst of two seconds; before it is used up the socket is read more slowly. */
    messagesPerSecondPerSession: count(1e6, 500),
    frameBytes: count(16_777_216, 262_144),
    /** Beyond half of `bytesPerSecondPerSession`, of all sessions together; an address gets half of it. */
    bulkBytesPerSecond: count(1e10, 4_000_000),
    /** Open at once, with a session or without. */
    connectionsPerAddress: count(100_000, 2000),
    /** As many connections and as many requests, with a burst of four seconds. */
    requestsPerSecondPerAddress: count(1e6, 500),
    /** Breaches of the protocol in a minute, after which an address is blocked... */
    offencesPerAddress: count(1e6, 50),
    /** ...for so long. */
    penalty: duration("10s"),
    /** From the connection to the end of the request's headers. */
    handshake: duration("5s"),
    /** From the upgrade to the start of the session. */
    start: duration("10s"),
    /** Without audio. */
    idle: duration("5m"),
    longest: duration("1h"),
    /** Without audio for so long, silence goes to the recogniser. */
    keepaliveAfter: duration("30s"),
    connect: duration("5s"),
    flush: duration("10s"),
    /** Audio without a final that another upstream could hear again. */
    kept: duration("10s"),
    /** Results that were not read for so long. */
    slowReader: duration("10s"),
    drain: duration("30s"),
  }).prefault({}),
  log: section({ level: z.enum(["debug", "info", "warn", "error", "silent"]).default("info") }).prefault({}),
});

/** The file, read: durations in milliseconds, defaults filled in. */
export type GatewayFile = z.output<typeof gatewayFile>;

/** Settings that the gateway runs with: the file, overridden by flags. Durations in milliseconds. */
export type GatewayConfig = Omit<GatewayFile, "tls"> & {
  tls?: { cert: string; key: string; clientCa?: string };
};

export type GatewayLimits = GatewayConfig["limits"];

/** Settings that a reload may change, for sessions that are opened from then on. */
export type Settings = Pick<GatewayConfig, "limits" | "allowedOrigins">;
