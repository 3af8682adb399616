/** What the server does for a call, whatever the protocol it came by. */
import type { Clock } from "../base/clock.ts";
import type {
  Partially,
  RecognizeRequest,
  RecognizeResponse,
  RivaConfigResponse,
} from "../base/riva-proto.ts";
import type { EmulatorStats } from "./call/counts.ts";
import { CallCounter } from "./call/counts.ts";
import { describeModels, selectModel } from "./call/models.ts";
import { decodeFile, fileResponse } from "./call/offline.ts";
import { Rejection } from "./call/rejection.ts";
import type { CallPort } from "./call/streaming-call.ts";
import { StreamingCall } from "./call/streaming-call.ts";
import type { Engine } from "./engines/engine.ts";
import type { FaultSpec } from "./faults/fault-spec.ts";
import { parseFaults } from "./faults/fault-spec.ts";
import { Faults } from "./faults/faults.ts";
import { Timetable } from "./timing/timetable.ts";

export interface ServiceOptions {
  clock: Clock;
  /** Replies leave to the fraction of a millisecond when they are to, at the price of a busier process. */
  exact?: boolean;
  /** A stream loses its place after so long without audio. */
  idleLimitMs?: number;
  /** What is made to go wrong from the start. */
  faults?: FaultSpec;
  /** Told of each call that was served to its end: by how much each of its replies was held back in truth. */
  onServed?: (requestId: string, heldMs: readonly number[]) => void;
}

const NO_FAULTS: FaultSpec = parseFaults("");
/** Triton's limit in Riva's pipelines. */
const IDLE_LIMIT_MS = 60_000;

export class SpeechService {
  readonly engine: Engine;
  readonly #options: ServiceOptions;
  readonly #counter: CallCounter = new CallCounter();
  readonly #timetable: Timetable;
  #faults: Faults;
  #calls = 0;

  constructor(engine: Engine, options: ServiceOptions) {
    const { clock, exact = false } = options;
    this.engine = engine;
    this.#options = options;
    this.#timetable = new Timetable(clock, { exact });
    this.#faults = new Faults(options.faults ?? NO_FAULTS, clock.nowMs());
  }

  get faults(): Faults {
    return this.#faults;
  }

  /** From now on these go wrong, for streams that come from now on. */
  setFaults(spec: FaultSpec): void {
    this.#faults = new Faults(spec, this.#options.clock.nowMs());
  }

  stats(): EmulatorStats {
    return this.#counter.stats();
  }

  /** A streaming call has come; it answers through `port`. */
  openStream(port: CallPort): StreamingCall {
    const { clock, idleLimitMs, onServed } = this.#options;
    const { engine } = this;
    return new StreamingCall(
      {
        clock,
        timetable: this.#timetable,
        engine,
        counter: this.#counter,
        faults: this.#faults,
        idleLimitMs: idleLimitMs ?? IDLE_LIMIT_MS,
        selectModel: (config) => selectModel(engine.models, config, "online"),
        sequence: ++this.#calls,
        ...(onServed === undefined ? {} : { onServed }),
      },
      port,
    );
  }

  /**
   * Recognises a whole file; resolves when the answer leaves.
   * @throws Rejection
   */
  async recognize({ config, audio, id }: RecognizeRequest): Promise<Partially<RecognizeResponse>> {
    const arrivedMs = this.#options.clock.nowMs();
    if (!config) throw new Rejection("config is missing");
    selectModel(this.engine.models, config, "offline");
    const { samples, sampleRateHz } = await decodeFile(config, audio);
    const reply = await this.engine.recognize(samples, { config, interim: false, sampleRateHz }, arrivedMs);
    const response = fileResponse(reply, config);
    return id ? { ...response, id } : response;
  }

  /** The models called `name`, or all when it is empty. */
  models(name: string): Partially<RivaConfigResponse> {
    return describeModels(this.engine, name);
  }

  /** The server has died and forgets what it counted, but for `stats`. */
  restart(): void {
    this.engine.meter.reset();
  }

  /** Nothing more is answered. */
  async stop(): Promise<void> {
    this.#timetable.clear();
    await this.engine.stop();
  }
}
