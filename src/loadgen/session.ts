/**
 * One session: opens a stream, plays a clip into it at the pace of a microphone, and keeps the timeline. The timed path:
 * the session is its own scheduler entry and its own stream listener, so that a chunk costs no allocation of ours.
 *
 * All times are milliseconds since the start of the run, because the clock handed in is the run's.
 */
import type { Clock } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import type {
  AsrResponse,
  AsrStream,
  AsrTransport,
  StreamListener,
  StreamSpec,
} from "../client/transport.ts";
import type { Observation, ResponseRecord, RunPhase } from "../metrics/observation.ts";
import type { ReadyClip } from "./audio-plan.ts";
import type { Scheduler, Timed } from "./scheduler.ts";

/** What the plan says of one session. */
export interface SessionStart {
  seq: number;
  slot: number;
  phase: RunPhase;
  stage: string;
  /** Planned start [T_s]. */
  scheduledMs: number;
  clip: ReadyClip;
  /** Pace factor; 1 = real time. */
  pace: number;
  /** Chunk phase of the caller [phi], milliseconds in [0, chunk / pace). */
  phaseOffsetMs: number;
}

/** What all sessions of a worker share. */
export interface SessionContext {
  clock: Clock;
  scheduler: Scheduler;
  transport: AsrTransport;
  /** Everything but what belongs to the clip and the session. */
  spec: Omit<StreamSpec, "sampleRateHz" | "requestId">;
  requestId(start: SessionStart): string;
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

  constructor(context: SessionContext, start: SessionStart) {
    this.#context = context;
    this.start = start;
    this.#sentMs = new Float64Array(start.clip.chunks.length);
    this.#acceptedMs = new Float64Array(start.clip.chunks.length);
    this.#startedMs = context.clock.nowMs();
    this.#stream = context.transport.open(
      { ...context.spec, sampleRateHz: start.clip.sampleRateHz, requestId: context.requestId(start) },
      this,
    );
  }

  /** Ready: the microphone opens at the next instant of the caller's chunk phase [A0]. */
  onOpen(atMs: number): void {
    const { clip, pace, phaseOffsetMs } = this.start;
    this.#readyMs = atMs;
    if (this.#cutShort) {
      this.#finish();
      return;
    }
    const periodMs = clip.chunkMs / pace;
    this.#anchorMs = phaseOffsetMs + Math.ceil((atMs - phaseOffsetMs) / periodMs) * periodMs;
    this.#scheduleChunk();
  }

  #scheduleChunk(): void {
    const { clip, pace } = this.start;
    // Scheduled send S_k = A0 + (o_k + d_k) / v: computed from the anchor each time, so that nothing drifts.
    this.dueMs = (this.#anchorMs ?? 0) + Math.min((this.#sent + 1) * clip.chunkMs, clip.facts.audioMs) / pace;
    this.#context.scheduler.add(this);
  }

  /** Sends the chunk that is due. Never waits for a response, and never skips what is late. */
  fire(): void {
    if (this.#endedMs !== undefined || this.#finishedMs !== undefined) return;
    const chunk = this.start.clip.chunks[this.#sent];
    if (chunk === undefined) return;
    this.#sentMs[this.#sent++] = this.#context.clock.nowMs();
    this.#stream.send(chunk);
    if (this.#sent === this.start.clip.chunks.length) this.#finish();
    else this.#scheduleChunk();
  }

  #finish(): void {
    this.#finishedMs = this.#context.clock.nowMs();
    this.#stream.finish();
  }

  onAccepted(index: number, atMs: number): void {
    this.#acceptedMs[index] = atMs;
    this.#accepted = index + 1;
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
    this.#outcome = outcome;
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
    const { seq, slot, phase, stage, clip, pace, scheduledMs } = this.start;
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
