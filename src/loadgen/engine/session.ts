/**
 * One session: opens a stream, plays a clip into it at the pace of a microphone, and keeps the timeline. The timed path:
 * the session is its own scheduler entry and its own stream listener, so that a chunk costs no allocation of ours.
 *
 * All times are milliseconds since the start of the run, because the clock handed in is the run's.
 *
 * Faults come from a plan made before the session began. One that holds a chunk up moves the chunk's entry in the
 * scheduler and costs the others nothing; the rest are entries of their own.
 */
import type { Clock } from "../../base/clock.ts";
import type { Failure, Outcome } from "../../base/outcome.ts";
import type {
  AsrResponse,
  AsrStream,
  AsrTransport,
  EncodedChunk,
  StreamListener,
  StreamSpec,
} from "../../client/transport.ts";
import { dueAfterMs, type SpokenAudio } from "../../metrics/observation/due-time.ts";
import type { Observation, ResponseRecord, RunPhase } from "../../metrics/observation/observation.ts";
import type { ReadyClip } from "../audio/audio-plan.ts";
import type { FaultPlan } from "../plan/fault-plan.ts";
import type { Scheduler, Timed } from "./scheduler.ts";
import { timed } from "./scheduler.ts";

/** What the plan says of one session. */
export interface SessionStart {
  seq: number;
  slot: number;
  phase: RunPhase;
  stage: string;
  /** Planned start [T_s]. */
  scheduledMs: number;
  clip: ReadyClip;
  /** Pace factor; 1 = real time, Infinity = no pace: each chunk follows when the transport has taken the one before it. */
  pace: number;
  /** Chunk phase of the caller [phi], milliseconds in [0, chunk / pace). */
  phaseOffsetMs: number;
  /** What goes wrong in it; absent = nothing on our side. */
  faults?: FaultPlan;
}

/** What all sessions of a worker share. */
export interface SessionContext {
  clock: Clock;
  scheduler: Scheduler;
  transport: AsrTransport;
  /** Everything but what belongs to the clip and the session. */
  spec: Omit<StreamSpec, "sampleRateHz" | "requestId" | "traceparent">;
  /**
   * The microphone opens at the planned start, ready or not: what was said meanwhile goes out in a burst, and set-up is
   * inside every latency. Or it opens the moment before the stream's configuration goes out, as in NVIDIA's client:
   * each session then has a chunk clock of its own. Absent: it opens once the stream is ready, at the first instant of the chunk phase.
   */
  anchor?: "at-start" | "at-schedule" | undefined;
  /** What the session is called at the server. */
  names(start: SessionStart): Pick<StreamSpec, "requestId" | "traceparent">;
  /** Called at most once, when the last of the audio has been sent. */
  onSent?(session: Session, atMs: number): void;
  /** Called once, when the stream has ended. */
  onEnd(session: Session): void;
}

export class Session implements StreamListener, Timed {
  readonly start: SessionStart;
  dueMs = 0;
  nextTimed: Timed | undefined = undefined;

  readonly #context: SessionContext;
  readonly #stream: AsrStream;
  readonly #sentMs: Float64Array;
  readonly #acceptedMs: Float64Array;
  readonly #responses: ResponseRecord[] = [];
  readonly #startedMs: number;
  #sent = 0;
  #accepted = 0;
  #readyMs: number | undefined;
  #anchorMs: number | undefined;
  #finishedMs: number | undefined;
  #endedMs: number | undefined;
  #outcome: Outcome | undefined;
  #cutShort = false;
  /** Why the caller is gone, when it left by plan. */
  #left: "hang-up" | "half-open" | undefined;

  readonly #audio: SpokenAudio;

  constructor(context: SessionContext, start: SessionStart) {
    this.#context = context;
    this.start = start;
    this.#audio = { chunkMs: start.clip.chunkMs, audioMs: start.clip.facts.audioMs, pace: start.pace };
    this.#sentMs = new Float64Array(start.clip.chunks.length);
    this.#acceptedMs = new Float64Array(start.clip.chunks.length);
    this.#startedMs = context.clock.nowMs();
    this.#stream = context.transport.open(
      { ...context.spec, sampleRateHz: start.clip.sampleRateHz, ...context.names(start) },
      this,
    );
  }

  onOpen(atMs: number, configuredMs: number): void {
    this.#readyMs = atMs;
    if (this.#cutShort) {
      this.#finish();
      return;
    }
    const anchorMs = this.#openMicrophone(atMs, configuredMs);
    this.#anchorMs = anchorMs;
    if (this.start.faults !== undefined) this.#scheduleFaults(this.start.faults, anchorMs);
    this.#scheduleChunk();
  }

  /** A0. */
  #openMicrophone(readyMs: number, configuredMs: number): number {
    const { clip, pace, phaseOffsetMs, scheduledMs } = this.start;
    const periodMs = clip.chunkMs / pace;
    if (periodMs === 0) return readyMs;
    if (this.#context.anchor === "at-start") return configuredMs + phaseOffsetMs;
    if (this.#context.anchor === "at-schedule") return scheduledMs + phaseOffsetMs;
    return phaseOffsetMs + Math.ceil((readyMs - phaseOffsetMs) / periodMs) * periodMs;
  }

  #scheduleChunk(): void {
    const { faults } = this.start;
    this.dueMs = (this.#anchorMs ?? 0) + dueAfterMs(this.#audio, this.#sent, faults?.mute);
    if (faults?.delayMs !== undefined) this.dueMs += faults.delayMs[this.#sent] ?? 0;
    this.#context.scheduler.add(this);
  }

  #scheduleFaults({ hangUpMs, vanish, deaf = [] }: FaultPlan, anchorMs: number): void {
    const at = (afterMs: number, act: () => void): void => {
      this.#context.scheduler.add(
        timed(anchorMs + afterMs, () => {
          if (this.#endedMs === undefined && this.#finishedMs === undefined) act();
        }),
      );
    };
    if (hangUpMs !== undefined) at(hangUpMs, () => this.#leave("hang-up", "the caller hung up"));
    if (vanish !== undefined) {
      at(vanish.atMs, () => {
        this.#left = "half-open";
        this.#stream.setReading(false);
      });
      at(vanish.atMs + vanish.forMs, () => this.#leave("half-open", "the caller was gone"));
    }
    for (const { fromMs, toMs } of deaf) {
      at(fromMs, () => this.#stream.setReading(false));
      at(toMs, () => this.#left ?? this.#stream.setReading(true));
    }
  }

  #leave(how: "hang-up" | "half-open", reason: string): void {
    this.#left = how;
    this.#stream.cancel(reason);
  }

  /** Sends the chunk that is due. Never waits for a response, and never skips what is late. */
  fire(): void {
    if (this.#endedMs !== undefined || this.#finishedMs !== undefined || this.#left !== undefined) return;
    const chunk = this.#nextChunk();
    if (chunk === undefined) return;
    this.#sentMs[this.#sent++] = this.#context.clock.nowMs();
    this.#stream.send(chunk);
    if (this.#sent === this.start.clip.chunks.length) this.#finish();
    else if (this.start.pace !== Infinity) this.#scheduleChunk();
  }

  #nextChunk(): EncodedChunk | undefined {
    const { clip, faults } = this.start;
    const chunk = clip.chunks[this.#sent];
    if (faults?.lost?.includes(this.#sent) !== true) return chunk;
    return this.#sent === clip.chunks.length - 1 ? clip.silence?.last : clip.silence?.whole;
  }

  #finish(): void {
    this.#finishedMs = this.#context.clock.nowMs();
    this.#stream.finish();
    this.#context.onSent?.(this, this.#finishedMs);
  }

  onAccepted(index: number, atMs: number): void {
    this.#acceptedMs[index] = atMs;
    this.#accepted = index + 1;
    // Without a pace the transport sets it. By way of the scheduler: a clip is not sent in one turn of the event loop.
    if (this.start.pace === Infinity && this.#accepted === this.#sent && this.#finishedMs === undefined)
      this.#scheduleChunk();
  }

  onResponse(response: AsrResponse): void {
    const record: ResponseRecord = { atMs: response.atMs, final: response.final, text: response.text };
    if (response.stability !== undefined) record.stability = response.stability;
    if (response.audioProcessedS !== undefined) record.audioProcessedMs = response.audioProcessedS * 1000;
    if (response.words !== undefined) record.words = response.words;
    this.#responses.push(record);
  }

  onEnd(atMs: number, outcome: Outcome): void {
    this.#endedMs = atMs;
    this.#outcome = this.#left === undefined ? outcome : { ok: false, failure: leftBy(this.#left, outcome) };
    this.#context.onEnd(this);
  }

  /** Half-closes now: an unrecorded session that nobody needs any more ends in good order. */
  cutShort(): void {
    if (this.#endedMs !== undefined || this.#finishedMs !== undefined || this.#cutShort) return;
    this.#cutShort = true;
    if (this.#readyMs !== undefined) this.#finish();
  }

  cancel(reason: string): void {
    this.#stream.cancel(reason);
  }

  /** The whole timeline; call after the end. */
  observation(interim: boolean): Observation {
    const { seq, slot, phase, stage, clip, pace, scheduledMs, faults } = this.start;
    return {
      seq,
      slot,
      phase,
      stage,
      clip: clip.facts,
      chunkMs: clip.chunkMs,
      pace,
      chunks: clip.chunks.length,
      interim,
      ...(faults === undefined ? {} : { faults }),
      scheduledMs,
      startedMs: this.#startedMs,
      ...(this.#readyMs === undefined ? {} : { readyMs: this.#readyMs }),
      ...(this.#anchorMs === undefined ? {} : { anchorMs: this.#anchorMs }),
      sentMs: this.#sentMs.subarray(0, this.#sent),
      acceptedMs: this.#acceptedMs.subarray(0, this.#accepted),
      ...(this.#finishedMs === undefined ? {} : { finishedMs: this.#finishedMs }),
      ...(this.#endedMs === undefined ? {} : { endedMs: this.#endedMs }),
      responses: this.#responses,
      cutShort: this.#cutShort,
      ...(this.#outcome === undefined ? {} : { outcome: this.#outcome }),
    };
  }
}

/** What is said of a session whose caller left: the code is that of the stream's end, so that the server's count can be matched. */
function leftBy(how: "hang-up" | "half-open", outcome: Outcome): Failure {
  const end = outcome.ok ? { phase: "close" as const, code: "OK" } : outcome.failure;
  const message = how === "hang-up" ? "the caller hung up, as planned" : "the caller vanished, as planned";
  return { phase: end.phase, class: how, origin: "caller", code: end.code, message };
}
