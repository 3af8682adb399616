/** A NIM's HTTP port: whether its models are loaded, and recognition of whole files. None of it is timed by a run. */
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "../../base/clock.ts";
import type { Failure } from "../../base/outcome.ts";
import type { Endpoint } from "../endpoint.ts";
import { hostAndPort } from "../endpoint.ts";
import { askHttp } from "./http-request.ts";
import type { HttpAnswer } from "./http-request.ts";
import { checkedHeaders } from "./nim-realtime-endpoint.ts";
import { isRecord } from "../../base/record.ts";
import type { Recognition, UnaryResult } from "../grpc/riva-unary.ts";
import { tlsOptions } from "../tls-options.ts";
import { httpFailure, nonsenseFailure } from "./web-failures.ts";

/** `no-such-endpoint`: something answers HTTP there, but does not tell its readiness. */
export type NimReadiness = "ready" | "not-ready" | "no-such-endpoint";

/** A whole file as it is, header included: WAV, FLAC or Opus in Ogg. */
export interface FileRequest {
  name: string;
  bytes: Uint8Array;
  language: string;
  model?: string;
}

/** Every call has a limit in milliseconds and never rejects. */
export interface NimHttp {
  ready(timeoutMs: number): Promise<UnaryResult<NimReadiness>>;
  /** The answer holds no times of words. */
  transcribe(file: FileRequest, timeoutMs: number): Promise<UnaryResult<Recognition>>;
}

/**
 * The HTTP side of a target.
 *
 * @param url scheme, host and port; https:// takes the target's TLS settings
 * @param endpoint with the route to `url`, which may be another host than the target's
 * @throws BenchError (exit 2) when TLS files or metadata can't be used
 */
export function createNimHttp(
  url: string,
  { tls, metadata = {}, route }: Pick<Endpoint, "tls" | "metadata" | "route">,
  clock: Clock,
): NimHttp {
  const headers = checkedHeaders(mayBeSent(url, metadata));
  const proxy = route?.proxy;
  const options = url.startsWith("https:") ? secure(url, tls ?? {}) : undefined;

  return {
    async ready(timeoutMs) {
      const request = { method: "GET", url: `${url}/v1/health/ready`, headers, tls: options, proxy } as const;
      const answer = await askHttp(request, clock, timeoutMs);
      if (!answer.ok) return answer;
      const { status, body } = answer.value;
      if (status === 404 || status === 405) return { ok: true, value: "no-such-endpoint" };
      if (status === 503) return { ok: true, value: "not-ready" };
      if (status !== 200) return { ok: false, failure: httpFailure(status, body, "connect") };
      return { ok: true, value: saysReady(body) ? "ready" : "not-ready" };
    },

    async transcribe({ name, bytes, language, model }, timeoutMs) {
      const form = new FormData();
      form.set("file", new Blob([bytes], { type: mediaType(bytes) }), name);
      form.set("language", language);
      if (model !== undefined) form.set("model", model);
      form.set("response_format", "json");
      // Node's own encoder of multipart forms; nothing is sent by it.
      const encoded = new Response(form);
      const contentType = encoded.headers.get("content-type") ?? "";
      const answer = await askHttp(
        {
          method: "POST",
          url: `${url}/v1/audio/transcriptions`,
          headers: { ...headers, "content-type": contentType, accept: "application/json" },
          body: new Uint8Array(await encoded.arrayBuffer()),
          tls: options,
          proxy,
        },
        clock,
        timeoutMs,
      );
      return answer.ok ? readTranscription(answer.value) : answer;
    },
  };
}

/** By the first bytes: names of files say what they like. */
function mediaType(bytes: Uint8Array): string {
  const types: Record<string, string> = { RIFF: "audio/wav", fLaC: "audio/flac", OggS: "audio/ogg" };
  return types[Buffer.from(bytes.subarray(0, 4)).toString("latin1")] ?? "application/octet-stream";
}

function secure(url: string, tls: NonNullable<Endpoint["tls"]>): ConnectionOptions {
  const { host, hostname } = new URL(url);
  return tlsOptions(host, hostAndPort(`${hostname}:1`)?.host ?? hostname, tls);
}

/** A key in the clear is a key given away: over plain text it goes to this machine only. */
function mayBeSent(
  url: string,
  metadata: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { protocol, hostname } = new URL(url);
  if (protocol === "https:" || /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname)) return metadata;
  return Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !/^(authorization|x-api-key|cookie)$/i.test(key)),
  );
}

/** Versions differ: `{"status":"ready"}`, or `{"ready":true}`. */
function saysReady(body: string): boolean {
  const state = parsed(body);
  return isRecord(state) && (state["status"] === "ready" || state["ready"] === true);
}

function readTranscription({ status, body }: HttpAnswer): UnaryResult<Recognition> {
  const fail = (failure: Failure): UnaryResult<Recognition> => ({ ok: false, failure });
  if (status !== 200) return fail(httpFailure(status, body, "configure"));
  const answer = parsed(body);
  if (!isRecord(answer) || typeof answer["text"] !== "string") {
    const seen = body.trim().slice(0, 80);
    return fail(nonsenseFailure(`not a transcription as JSON: "${seen}"`, "flush"));
  }
  const usage = answer["usage"];
  const seconds = isRecord(usage) ? usage["seconds"] : undefined;
  return {
    ok: true,
    value: {
      text: answer["text"],
      words: [],
      ...(typeof seconds === "number" && { audioProcessedS: seconds }),
    },
  };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
