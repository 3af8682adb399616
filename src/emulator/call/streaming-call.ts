/** One StreamingRecognize call: order of messages, audio in, replies out. Knows nothing of gRPC. */
import type { Clock } from "../../base/clock.ts";
import type {
  Partially,
  RecognitionConfig,
  StreamingRecognizeRequest,
  StreamingRecognizeResponse,
} from "../../base/riva-proto.ts";
import { MODEL_RATE_HZ } from "../audio/audio-format.ts";
import { AudioInput } from "../audio/audio-input.ts";
import type { CallCounter, CallEnd } from "./counts.ts";
import type { Engine, EngineCall, PostedReply, Reply, ReplyPort } from "../engines/engine.ts";
import type { CallFaults, Faults, FaultyEnd } from "../faults/faults.ts";
import { Outbox } from "../timing/outbox.ts";
import { asRejection, idleTooLong, Rejection } from "./rejection.ts";
import { filtered } from "../recognizer/profanity.ts";
import { finalAlternative } from "../recognizer/spoken-word.ts";
import type { StreamingRequest } from "./streaming-request.ts";
import type { Timetable } from "../timing/timetable.ts";

/** What the server offers to every call. */
export interface CallContext {
  clock: Clock;
  timetable: Timetable;
  engine: Engine;
  counter: CallCounter;
  /** What is made to go wrong. */
  faults: Faults;
  /** A stream loses its place after so long without audio. */
  idleLimitMs: number;
  /** Number of this call, for error texts. */
  sequence: number;
  /** Called at the end of a call that was served: from the arrival of what each reply answers to its leaving, milliseconds. */
  onServed?: (requestId: string, heldMs: readonly number[]) => void;
  /** Name of the model, if `config` can be served. @throws Rejection */
  selectModel(config: RecognitionConfig): string;
}

/** The client's side of a call. */
export interface CallPort {
  send(response: Partially<StreamingRecognizeResponse>): void;
  /** Ends the call well. */
  end(): void;
  fail(rejection: Rejection): void;
  /** Ends it without a status: the stream alone, or the connection with all that is on it. */
  reset(): void;
  disconnect(): void;
}

/** What a call's configuration led to. */
interface Opened {
  config: RecognitionConfig;
  interim: boolean;
  model: string;
  input: AudioInput;
  /** Opened at the first audio, since the rate may come with it. */
  recognition: EngineCall | undefined;
}

const NOTHING = Buffer.alloc(0);

export class StreamingCall {
  readonly #context: CallContext;
  readonly #port: CallPort;
  readonly #outbox: Outbox;
  #id: { value: string } | undefined;
  #phase: string | undefined;
  #opened: Opened | undefined;
  #faults: CallFaults | undefined;
  #lastAudioMs = 0;
  /** Steps that wait for a decoder. */
  #queue: (() => void)[] | undefined;
  readonly #heldMs: number[] = [];
  #over = false;

  constructor(context: CallContext, port: CallPort) {
    this.#context = context;
    this.#port = port;
    this.#outbox = new Outbox(context.timetable);
    context.counter.opened();
  }

  /** A message has come. */
  request(message: StreamingRequest): void {
    const arrivedMs = this.#context.clock.nowMs();
    this.#guarded(() => {
      if (message instanceof Rejection) throw message;
      this.#phase ??= this.#start(message);
      if (message.streaming_config) {
        this.#configure(message.streaming_config, arrivedMs);
      } else {
        this.#audio(message.audio_content ?? Buffer.alloc(0), arrivedMs);
        if (message.runtime_config["force_eou"] === "true") this.#forceFinal(arrivedMs);
      }
    });
  }

  /** The client has said all it had to say. */
  halfClose(): void {
    const arrivedMs = this.#context.clock.nowMs();
    this.#guarded(() => {
      if (!this.#opened) throw new Rejection("no messages received");
      this.#mustNotHaveIdled(this.#opened, arrivedMs);
      this.#recognition(this.#opened).finish(arrivedMs);
    });
  }

  /** The client has gone. */
  cancelled(): void {
    this.#finish("cancelled");
  }

  /** The connection was broken from this side, or the server has died. */
  lost(): void {
    this.#finish("failed");
  }

  #start({ id }: StreamingRecognizeRequest): string {
    if (id) this.#id = { value: id.value };
    return this.#context.counter.started(id?.value ?? "");
  }

  #configure(
    { config, interim_results }: NonNullable<StreamingRecognizeRequest["streaming_config"]>,
    arrivedMs: number,
  ): void {
    if (this.#opened) throw new Rejection("streaming_config was already received");
    if (!config) throw new Rejection("streaming_config must contain config");
    const model = this.#context.selectModel(config);
    const input = new AudioInput(config);
    this.#suffer(model, arrivedMs);
    this.#opened = { config, interim: interim_results, model, input, recognition: undefined };
    this.#lastAudioMs = arrivedMs;
    if (input.loading) this.#holdUntil(input.loading);
  }

  /** Draws this stream's faults. */
  #suffer(model: string, nowMs: number): void {
    const { faults, counter, timetable, engine } = this.#context;
    this.#faults = faults.forCall(nowMs, counter.open - 1);
    if (!this.#faults) return;
    const { refusal, end } = this.#faults;
    if (refusal) {
      faults.count("reject");
      engine.meter.failed("REJECTED");
      throw refusal;
    }
    if (end) timetable.add(nowMs + end.afterMs, () => this.#endBadly(end, model));
  }

  #endBadly({ how, rejection }: FaultyEnd, model: string): void {
    if (this.#over) return;
    this.#context.faults.count(how);
    this.#context.engine.meter.failed("BACKEND");
    this.#finish("failed");
    if (how === "reset") this.#port.reset();
    else if (how === "disconnect") this.#port.disconnect();
    else this.#port.fail(how === "error" ? rejection : idleTooLong(this.#context.sequence, model));
  }

  #audio(bytes: Buffer, arrivedMs: number): void {
    if (!this.#opened) throw new Rejection("first message must contain streaming_config");
    this.#mustNotHaveIdled(this.#opened, arrivedMs);
    this.#lastAudioMs = arrivedMs;
    this.#hear(this.#opened, bytes, arrivedMs);
  }

  #hear(opened: Opened, bytes: Buffer, arrivedMs: number): void {
    const { input } = opened;
    const samples = input.push(bytes);
    if (input.loading) {
      this.#holdUntil(input.loading);
      this.#guarded(() => this.#hear(opened, NOTHING, arrivedMs));
      return;
    }
    if (input.sampleRateHz === undefined) return;
    this.#context.counter.addAudio(samples.length / input.sampleRateHz);
    this.#recognition(opened).push(samples, arrivedMs);
  }

  /** A final of what has been said, without waiting for the speaker to pause. */
  #forceFinal(arrivedMs: number): void {
    if (this.#opened) this.#recognition(this.#opened).force(arrivedMs);
  }

  #mustNotHaveIdled({ model }: Opened, nowMs: number): void {
    const { idleLimitMs, sequence, engine } = this.#context;
    if (nowMs - this.#lastAudioMs < idleLimitMs) return;
    engine.meter.failed("OTHER");
    throw idleTooLong(sequence, model);
  }

  #recognition(opened: Opened): EngineCall {
    const { config, interim, input } = opened;
    const sampleRateHz = input.sampleRateHz ?? MODEL_RATE_HZ;
    opened.recognition ??= this.#context.engine.open({ config, interim, sampleRateHz }, this.#replies());
    return opened.recognition;
  }

  #replies(): ReplyPort {
    const isOver = (): boolean => this.#over;
    return {
      get over() {
        return isOver();
      },
      post: (posted) => this.#post(posted),
      fail: (rejection) =>
        this.#guarded(() => {
          throw rejection;
        }),
    };
  }

  #post({ reply, arrivedMs, last }: PostedReply): (leavesMs: number) => void {
    const { clock, faults, counter } = this.#context;
    const leave = this.#outbox.post(() => {
      this.#heldMs.push(clock.nowMs() - arrivedMs);
      if (last && this.#faults?.dropsFinal === true) faults.count("drop-final");
      else this.#port.send(this.#response(reply()));
      if (!last) return;
      this.#context.onServed?.(this.#id?.value ?? "", this.#heldMs);
      this.#finish("completed");
      this.#port.end();
    });
    const others = counter.open - 1;
    return (leavesMs) => leave(this.#faults?.delayed(leavesMs, others) ?? leavesMs);
  }

  #response(reply: Reply): Partially<StreamingRecognizeResponse> {
    const config = this.#opened?.config;
    const { final, stability, words, transcript, audioProcessedMs, vad } = config
      ? filtered(reply, config)
      : reply;
    const response = this.#id ? { id: this.#id } : {};
    const common = { channel_tag: 1, audio_processed: audioProcessedMs / 1000 };
    // A result of their own, without alternatives, as the real servers send them.
    const states = vad.length > 0 ? [{ ...common, pipeline_states: { vad_probabilities: [...vad] } }] : [];
    if (!words) return states.length > 0 ? { ...response, results: states } : response;
    const result = {
      ...common,
      alternatives: [final && config ? finalAlternative(transcript, words, config) : { transcript }],
      is_final: final,
      stability,
    };
    return { ...response, results: [result, ...states] };
  }

  /** Whatever comes while a decoder is being loaded waits for it, and keeps the time at which it came. */
  #holdUntil(loading: Promise<void>): void {
    const queue: (() => void)[] = [];
    this.#queue = queue;
    const goOn = (failure?: () => never): void => {
      this.#queue = undefined;
      if (failure) this.#guarded(failure);
      for (const step of queue) this.#guarded(step);
    };
    loading.then(
      () => goOn(),
      (error: unknown) =>
        goOn(() => {
          throw error;
        }),
    );
  }

  /** Runs a step of the call, in its turn; whatever goes wrong ends this call and no other. */
  #guarded(step: () => void): void {
    if (this.#over) return;
    if (this.#queue) {
      this.#queue.push(step);
      return;
    }
    try {
      step();
    } catch (error) {
      this.#finish("failed");
      this.#port.fail(asRejection(error));
    }
  }

  #finish(how: CallEnd): void {
    if (this.#over) return;
    this.#over = true;
    this.#opened?.input.close();
    this.#outbox.close();
    this.#opened?.recognition?.close();
    this.#context.counter.ended(this.#phase ?? this.#context.counter.started(""), how);
  }
}
