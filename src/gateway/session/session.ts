/**
 * One session, whatever dialect its caller speaks: audio in, results out, and every way in which it can end. It keeps
 * the audio that has no final text yet: when its upstream fails, the next one hears it again and nothing is lost. A caller who
 * sends faster than the recogniser takes is paused.
 */
import type { Clock } from "../../base/clock.ts";
import type { Failure, Outcome } from "../../base/outcome.ts";
import type { Random } from "../../base/random.ts";
import { mayPass, retryDelayMs } from "../../client/retry.ts";
import type {
  AsrResponse,
  AsrStream,
  AsrTransport,
  RecognitionSettings,
  StreamListener,
} from "../../client/transport.ts";
import { isCallersFault } from "../upstream/blame.ts";
import type { BlockStore } from "./block-store.ts";
import type { GatewayLimits } from "../config.ts";
import type { Contain } from "../contain.ts";
import { containListener } from "../contain.ts";
import type { RuntimeConfig } from "./kept-audio.ts";
import { KeptAudio } from "./kept-audio.ts";
import { NO_FINAL, plausible } from "../upstream/recogniser-answer.ts";
import type { SessionError, SessionResult } from "../dialects/result.ts";
import { SilenceKeeper } from "./silence.ts";
import type { Upstream, Upstreams, UpstreamUse } from "../upstream/upstreams.ts";

/** What the caller asked for. */
export interface SessionRequest {
  recognition: RecognitionSettings;
  sampleRateHz: number;
}

/** The caller's side: a dialect over a socket. */
export interface SessionCaller {
  ready(upstream: string): void;
  result(result: SessionResult): void;
  /** The last of it, once. */
  ended(error: SessionError | undefined): void;
  /** Stops or goes on reading the caller's socket. */
  setReading(reading: boolean): void;
}

/** What the operator gets to know of sessions. */
export interface SessionWatcher {
  opened(upstream: string, tookMs: number): void;
  audio(bytes: number, ms: number): void;
  /** Audio given to an upstream, silence and what it is told again included. */
  sent(ms: number): void;
  /** What the gateway added on the way in: from the frame read to the upstream's socket. */
  added(ms: number): void;
  result(final: boolean): void;
  upstreamFailed(upstream: string, failure: Failure): void;
}

export interface SessionContext {
  id: string;
  /** Its timers are contained, too. */
  clock: Clock;
  /** Wraps callbacks that the session hands to others. */
  contain: Contain;
  upstreams: Upstreams;
  /** Answers when no upstream does; absent = the session fails. */
  mock?: AsrTransport;
  /** Told to the recogniser, so that its trace joins the caller's. */
  traceparent?: string;
  limits: GatewayLimits;
  /** Holds the audio that has no final text yet. */
  blocks: BlockStore;
  watcher: SessionWatcher;
  /** For the waits between attempts. */
  random: Random;
}

/** Two seconds at most: a recogniser that restarts, or a connection that was lost unnoticed. */
const RETRY = { attempts: 4, firstDelayMs: 300, longestDelayMs: 1200 };

const KEEPALIVE_EVERY_MS = 5000;
const KEEPALIVE_MS = 100;
/** Chunks on their way to the upstream's socket at which the caller's socket is no longer read, and at which it is again. */
const PAUSE_AT = 16;
const RESUME_AT = 4;

/** The most audio that a recogniser is believed to have heard; where it counts, what was sent is the bound. */
const MOST_MS = Number.MAX_SAFE_INTEGER;

export class GatewaySession implements StreamListener {
  readonly #context: SessionContext;
  readonly #request: SessionRequest;
  readonly #caller: SessionCaller;
  readonly #kept: KeptAudio;
  readonly #startedMs: number;
  /** In this attempt. */
  #tried: Upstream[] = [];
  #attempt = 1;
  #silence: SilenceKeeper;
  #upstream: Upstream | undefined;
  #use: UpstreamUse | undefined;
  /** The present stream has given text that no final has settled. */
  #awaitsFinal = false;
  /** Audio was sent on the present stream, and a response has come on it. */
  #sentOn = false;
  #respondedOn = false;
  #transport: AsrTransport | undefined;
  #stream: AsrStream | undefined;
  #open = false;
  /** When each chunk was sent that the upstream's socket has not taken yet. */
  #onTheWay: number[] = [];
  #paused = false;
  #finished = false;
  #ended = false;
  #results = 0;
  #segment = 0;
  /** Caller's audio, up to here... */
  #callerMs = 0;
  /** ...processed, and with its final text. */
  #recognisedMs = 0;
  #finalMs = 0;
  #lastAudioMs: number;
  #stopTimer: () => void = () => undefined;
  #stopRetry: () => void = () => undefined;

  constructor(context: SessionContext, request: SessionRequest, caller: SessionCaller) {
    this.#context = context;
    this.#request = request;
    this.#caller = caller;
    this.#silence = new SilenceKeeper(request.sampleRateHz);
    this.#kept = new KeptAudio(request.sampleRateHz, context.limits.kept, context.blocks);
    this.#startedMs = this.#lastAudioMs = context.clock.nowMs();
    this.#watchTime();
    queueMicrotask(context.contain(() => this.#connect()));
  }

  /** True when the answers come from the fallback. */
  get mock(): boolean {
    return this.#transport !== undefined && this.#transport === this.#context.mock;
  }

  /** Chunks that the upstream's socket has not taken yet. */
  get waitingChunks(): number {
    return this.#ended ? 0 : this.#onTheWay.length;
  }

  /** The caller's socket is not read for now. */
  get paused(): boolean {
    return this.#paused && !this.#ended;
  }

  /** 16-bit mono samples of the caller, and what the recogniser is to be told beside them. */
  audio(bytes: Buffer, runtimeConfig?: RuntimeConfig): void {
    if (this.#ended || this.#finished || bytes.length === 0) return;
    this.#lastAudioMs = this.#context.clock.nowMs();
    const ms = this.#msOf(bytes);
    this.#context.watcher.audio(bytes.length, ms);
    this.#callerMs += ms;
    this.#kept.add(bytes, !this.#open, runtimeConfig);
    if (this.#open) this.#send(bytes, runtimeConfig);
    else if (this.#kept.full) this.#setPaused(true);
  }

  /** No more audio: the rest of the text follows, then the end. */
  finish(): void {
    if (this.#ended || this.#finished) return;
    this.#finished = true;
    if (this.#open) this.#stream?.finish();
  }

  /**
   * The caller is gone, or must go. The upstream's stream is finished, not reset: a server takes many resets for an attack
   * and closes the connection that other callers' streams are on, and a reset sequence holds its slot until it times out.
   */
  end(error?: SessionError): void {
    if (this.#ended) return;
    const stream = this.#stream;
    this.#conclude(error);
    stream?.finish();
  }

  #connect(): void {
    if (this.#ended) return;
    this.#open = this.#sentOn = this.#respondedOn = this.#awaitsFinal = false;
    this.#onTheWay = [];
    this.#use = undefined;
    const { upstreams, mock, limits, id, traceparent, contain } = this.#context;
    this.#upstream = upstreams.choose(this.#tried);
    this.#transport = this.#upstream?.transport ?? mock;
    if (this.#transport === undefined) {
      // Between two attempts its breaker may have opened: a later one may find it closed.
      if (this.#attempt > 1 && this.#retryLater()) return;
      this.#conclude({
        code: "no_upstream",
        message: "no recogniser can be reached; try again in a few seconds",
      });
      return;
    }
    if (this.#upstream !== undefined) {
      this.#tried.push(this.#upstream);
      this.#use = upstreams.take(this.#upstream, { id, ...this.#request });
    }
    this.#stream = this.#transport.open(
      {
        recognition: this.#request.recognition,
        encoding: "LINEAR_PCM",
        sampleRateHz: this.#request.sampleRateHz,
        requestId: id,
        ...(traceparent === undefined ? {} : { traceparent }),
        readyTimeoutMs: limits.connect,
        flushTimeoutMs: limits.flush,
      },
      containListener(this, contain),
    );
  }

  onOpen(atMs: number): void {
    if (this.#ended) return;
    this.#open = true;
    const name = this.#upstream?.name ?? "mock";
    this.#context.watcher.opened(name, atMs - this.#startedMs);
    this.#caller.ready(name);
    this.#silence = new SilenceKeeper(this.#request.sampleRateHz, this.#kept.fromMs);
    for (const { bytes, runtimeConfig } of this.#kept.pieces()) this.#send(bytes, runtimeConfig);
    if (this.#onTheWay.length < PAUSE_AT) this.#setPaused(false);
    if (this.#finished) this.#stream?.finish();
  }

  onAccepted(_index: number, atMs: number): void {
    const sinceMs = this.#onTheWay.shift();
    if (sinceMs !== undefined) this.#context.watcher.added(atMs - sinceMs);
    if (this.#paused && this.#onTheWay.length <= RESUME_AT) this.#setPaused(false);
  }

  onResponse(answer: AsrResponse): void {
    if (this.#ended) return;
    const response = plausible(answer);
    const { audioProcessedS, final, text, trailingInterim } = response;
    if (!this.#respondedOn) this.#use?.responded();
    this.#respondedOn = true;
    const begun = final ? (trailingInterim ?? "") : text;
    if (final || begun.trim() !== "") this.#awaitsFinal = begun.trim() !== "";
    // Bounded: a number that a double of milliseconds can't hold would be told as none.
    if (audioProcessedS !== undefined)
      this.#recognisedMs = this.#silence.callerTime(Math.min(audioProcessedS * 1000, MOST_MS));
    this.#tell(response, final, text);
    if (final) {
      this.#segment++;
      // Whatever it says, it has not heard what the caller has not said.
      this.#finalMs = Math.min(this.#recognisedMs, this.#callerMs);
      this.#kept.recognised(this.#finalMs);
    }
    if (trailingInterim !== undefined && trailingInterim !== "") this.#tell(response, false, trailingInterim);
  }

  onEnd(_atMs: number, told: Outcome): void {
    // First, so that the place is given back whatever the transport told.
    this.#stream = undefined;
    const outcome = told.ok && this.#awaitsFinal ? NO_FINAL : told;
    this.#judge(outcome);
    this.#release();
    if (this.#ended) return;
    if (outcome.ok) {
      this.#conclude(undefined);
      return;
    }
    const { failure } = outcome;
    const upstream = this.#upstream;
    if (upstream !== undefined) this.#context.watcher.upstreamFailed(upstream.name, failure);
    // All that has no final text yet is still here: the next upstream hears it, and nothing is lost.
    const canBeTakenOver = !isCallersFault(failure) && this.#kept.fromMs <= this.#finalMs;
    if (canBeTakenOver && this.#hasNext()) this.#connect();
    else if (!(mayPass(failure) && this.#retryLater())) this.#conclude(this.#failed(failure));
  }

  #release(): void {
    this.#use?.release();
    this.#use = undefined;
  }

  /** Tells the upstream's breaker how its stream ended; after the caller has gone only what it never answered counts. */
  #judge(outcome: Outcome): void {
    if (!outcome.ok) {
      if (!this.#ended || !this.#respondedOn) this.#use?.failed(outcome.failure);
    } else if (this.#respondedOn || this.#sentOn) this.#use?.ended();
  }

  /** Tries all upstreams again after a wait: only before any result, and as long as a caller would wait for the first. */
  #retryLater(): boolean {
    const { clock, limits, random } = this.#context;
    if (this.#results > 0 || this.#kept.fromMs > 0 || this.#attempt >= RETRY.attempts) return false;
    const atMs = clock.nowMs() + retryDelayMs(++this.#attempt, RETRY, random);
    if (atMs - this.#startedMs > limits.connect) return false;
    this.#open = false;
    this.#tried = [];
    this.#stopRetry = clock.wakeAt(atMs, () => this.#connect());
    return true;
  }

  #tell({ stability, words, audioProcessedS }: AsrResponse, final: boolean, text: string): void {
    this.#context.watcher.result(final);
    this.#caller.result({
      id: this.#results++,
      segment: this.#segment,
      final,
      text,
      ...(stability === undefined || final ? {} : { stability }),
      ...(audioProcessedS === undefined
        ? {}
        : { audioProcessedMs: Math.round(this.#recognisedMs * 1000) / 1000 }),
      ...(words === undefined || !final ? {} : { words: words.map((word) => this.#inCallerTime(word)) }),
    });
  }

  #inCallerTime({ word, startMs, endMs }: { word: string; startMs: number; endMs: number }) {
    const at = (ms: number): number => Math.round(this.#silence.callerTime(ms));
    return { word, startMs: at(startMs), endMs: at(endMs) };
  }

  #hasNext(): boolean {
    const { upstreams, mock } = this.#context;
    // The fallback may take a session from its start, not in the middle: made-up words never follow real ones.
    return (
      upstreams.choose(this.#tried) !== undefined || (mock !== undefined && this.#results === 0 && !this.mock)
    );
  }

  #failed(failure: Failure): SessionError {
    const { class: kind, code, message } = failure;
    const lost = { fromMs: Math.round(this.#finalMs), toMs: Math.round(this.#callerMs) };
    const said = `the recogniser failed (${code}): ${message}`;
    if (isCallersFault(failure)) return { code: "bad_request", message: said };
    return {
      code: kind === "deadline" || kind === "timeout" ? "upstream_timeout" : "upstream_failed",
      message: said,
      lost,
    };
  }

  #send(bytes: Buffer, runtimeConfig?: RuntimeConfig): void {
    if (this.#transport === undefined) return;
    this.#silence.heard(bytes.length);
    this.#forward(bytes, runtimeConfig);
  }

  #forward(bytes: Buffer, runtimeConfig?: RuntimeConfig): void {
    if (this.#transport === undefined) return;
    this.#sentOn = true;
    this.#onTheWay.push(this.#context.clock.nowMs());
    this.#stream?.send(this.#transport.encodeChunk(bytes, runtimeConfig));
    this.#context.watcher.sent(this.#msOf(bytes));
    if (this.#onTheWay.length >= PAUSE_AT) this.#setPaused(true);
  }

  #msOf(bytes: Buffer): number {
    return (bytes.length / 2 / this.#request.sampleRateHz) * 1000;
  }

  #setPaused(paused: boolean): void {
    if (this.#paused === paused) return;
    this.#paused = paused;
    this.#caller.setReading(!paused);
  }

  /** One timer a session, for the next of its limits. */
  #watchTime(): void {
    const { clock, limits } = this.#context;
    const nowMs = clock.nowMs();
    const quietMs = nowMs - this.#lastAudioMs;
    if (nowMs - this.#startedMs >= limits.longest) {
      this.end({ code: "session_too_long", message: `a session lasts ${limits.longest / 1000} s at most` });
      return;
    }
    if (!this.#finished && quietMs >= limits.idle) {
      this.end({ code: "idle", message: `no audio came for ${limits.idle / 1000} s` });
      return;
    }
    if (this.#open && !this.#finished && quietMs >= limits.keepaliveAfter)
      this.#forward(this.#silence.insert(KEEPALIVE_MS));
    const nextMs = Math.min(
      this.#startedMs + limits.longest,
      this.#lastAudioMs + limits.idle,
      quietMs >= limits.keepaliveAfter
        ? nowMs + KEEPALIVE_EVERY_MS
        : this.#lastAudioMs + limits.keepaliveAfter,
    );
    this.#stopTimer = clock.wakeAt(Math.max(nextMs, nowMs + 50), () => this.#watchTime());
  }

  #conclude(error: SessionError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stopTimer();
    this.#stopRetry();
    // Without a stream nothing else would: the transport threw when it was to be opened.
    if (this.#stream === undefined) this.#release();
    this.#kept.clear();
    this.#caller.ended(error);
  }
}
