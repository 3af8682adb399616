/** What the server does for a call, whatever the protocol it came by. */
import type { Clock } from "../base/clock.ts";
import type { Dataset } from "../base/dataset/dataset.ts";
import type {
  Partially,
  RecognizeRequest,
  RecognizeResponse,
  RivaConfigResponse,
} from "../base/riva-proto.ts";
import type { EmulatorStats } from "./call/counts.ts";
import { CallCounter } from "./call/counts.ts";
import type { FaultSpec } from "./faults/fault-spec.ts";
import { parseFaults } from "./faults/fault-spec.ts";
import { Faults } from "./faults/faults.ts";
import { FingerprintIndex } from "./recognizer/fingerprint.ts";
import { idleQueue } from "./timing/idle.ts";
import { InferenceMeter } from "./timing/inference-meter.ts";
import type { Profile } from "./timing/model.ts";
import { describeModels, modelName, selectModel } from "./call/models.ts";
import { recognizeFile } from "./call/offline.ts";
import type { ExactDelays, Pace } from "./timing/pace.ts";
import { exactPace, queuePace } from "./timing/pace.ts";
import { overloadPace } from "./timing/overload.ts";
import { warmUp } from "./recognizer/recognizer.ts";
import { Rejection } from "./call/rejection.ts";
import { slottedPace } from "./timing/sequence-slots.ts";
import type { CallPort } from "./call/streaming-call.ts";
import { StreamingCall } from "./call/streaming-call.ts";
import { Timetable } from "./timing/timetable.ts";

export interface ServiceOptions {
  profile: Profile;
  /** Answer after exactly these delays instead of by the profile's queue. */
  delays?: ExactDelays;
  /** Be offered so many percent more than it can take, whatever is offered, instead of having a capacity. */
  overloadPercent?: number;
  /** The speech that is recognised. */
  dataset: Dataset;
  clock: Clock;
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
  readonly #options: ServiceOptions;
  readonly #index: FingerprintIndex;
  readonly #counter: CallCounter = new CallCounter();
  readonly #timetable: Timetable;
  readonly #meter: InferenceMeter;
  readonly #pace: Pace;
  readonly #whenIdle: (work: () => void) => void;
  #faults: Faults;
  #calls = 0;

  constructor(options: ServiceOptions) {
    const { profile, delays, dataset, clock } = options;
    this.#options = options;
    this.#index = new FingerprintIndex(dataset.clips);
    warmUp(this.#index, dataset.clips);
    this.#whenIdle = idleQueue(clock);
    this.#timetable = new Timetable(clock, { exact: delays !== undefined });
    this.#meter = new InferenceMeter(
      [modelName(profile, "online"), modelName(profile, "offline")],
      clock.nowMs(),
    );
    this.#faults = new Faults(options.faults ?? NO_FAULTS, clock.nowMs());
    this.#pace = paceOf(options, this.#timetable, this.#meter);
  }

  get meter(): InferenceMeter {
    return this.#meter;
  }

  /** Inference requests that wait. */
  get pending(): number {
    return this.#pace.waiting;
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
    const { profile, delays, clock, idleLimitMs, onServed } = this.#options;
    return new StreamingCall(
      {
        clock,
        timetable: this.#timetable,
        counter: this.#counter,
        index: this.#index,
        pace: this.#pace,
        meter: this.#meter,
        faults: this.#faults,
        chunkMs: delays ? undefined : profile.chunkMs,
        idleLimitMs: idleLimitMs ?? IDLE_LIMIT_MS,
        selectModel: (config) => selectModel(profile, config, "online"),
        sequence: ++this.#calls,
        whenIdle: this.#whenIdle,
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
    const { profile, clock } = this.#options;
    const arrivedMs = clock.nowMs();
    if (!config) throw new Rejection("config is missing");
    const model = selectModel(profile, config, "offline");
    const { response, audioMs } = await recognizeFile(this.#index, config, audio);
    await new Promise<void>((resolve) =>
      this.#pace.submit({
        arrivedMs,
        weight: audioMs / profile.chunkMs,
        last: true,
        call: response,
        model,
        release: (leavesMs) => this.#timetable.add(leavesMs, resolve),
      }),
    );
    return id ? { ...response, id } : response;
  }

  /** The models called `name`, or all when it is empty. */
  models(name: string): Partially<RivaConfigResponse> {
    const { profile, delays, overloadPercent, dataset } = this.#options;
    return describeModels({ profile, delays, overloadPercent, datasetName: dataset.name }, name);
  }

  /** The server has died and forgets what it counted, but for `stats`. */
  restart(): void {
    this.#meter.reset();
  }

  /** Nothing more is answered. */
  stop(): void {
    this.#timetable.clear();
  }
}

function paceOf(
  { profile, delays, overloadPercent, clock }: ServiceOptions,
  timetable: Timetable,
  meter: InferenceMeter,
): Pace {
  if (delays !== undefined) return exactPace(delays, meter);
  if (overloadPercent !== undefined) return overloadPace(profile, overloadPercent, clock, meter);
  const pace = queuePace(profile, clock, timetable, meter);
  return profile.slots === undefined ? pace : slottedPace(pace, profile.slots, clock);
}
