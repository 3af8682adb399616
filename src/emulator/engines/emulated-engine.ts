/**
 * The engine that imitates: it knows the dataset's clips by their sound and answers with their true words, when the model of a
 * server under load (`../timing`) says so.
 */
import type { Clock } from "../../base/clock.ts";
import type { Dataset } from "../../base/dataset/dataset.ts";
import { modelNames } from "../call/models.ts";
import { FingerprintIndex } from "../recognizer/fingerprint.ts";
import { warmUp } from "../recognizer/recognizer.ts";
import { spellingFor } from "../recognizer/spelling.ts";
import type { WordErrorRates } from "../recognizer/word-errors.ts";
import { WordErrors } from "../recognizer/word-errors.ts";
import type { Due, TranscriberOptions } from "../recognizer/transcriber.ts";
import { Transcriber } from "../recognizer/transcriber.ts";
import { idleQueue } from "../timing/idle.ts";
import { InferenceMeter } from "../timing/inference-meter.ts";
import type { Profile } from "../timing/model.ts";
import { overloadPace } from "../timing/overload.ts";
import type { ExactDelays, Pace } from "../timing/pace.ts";
import { exactPace, queuePace } from "../timing/pace.ts";
import { slottedPace } from "../timing/sequence-slots.ts";
import { Timetable } from "../timing/timetable.ts";
import type { CallSpec, Engine, EngineCall, Reply, ReplyPort } from "./engine.ts";

export interface EmulatedOptions {
  profile: Profile;
  /** Answer after exactly these delays instead of by the profile's queue. */
  delays?: ExactDelays;
  /** Be offered so many percent more than it can take, whatever is offered, instead of having a capacity. */
  overloadPercent?: number;
  /** Pause that ends an utterance when a client asks for no other; 800 ms when undefined. */
  stopHistoryMs?: number;
  /** Words that are misheard on purpose; none when undefined. */
  wordErrors?: WordErrorRates;
  /** The speech that is recognised. */
  dataset: Dataset;
  clock: Clock;
}

/** Makes the emulated engine. */
export function emulatedEngine(options: EmulatedOptions): Engine {
  const { profile, delays, dataset, clock, wordErrors } = options;
  const index = new FingerprintIndex(dataset.clips);
  warmUp(index, dataset.clips);
  const whenIdle = idleQueue(clock);
  const timetable = new Timetable(clock, { exact: delays !== undefined });
  const models = modelNames(profile.model);
  const meter = new InferenceMeter(Object.values(models), clock.nowMs());
  const pace = paceOf(options, timetable, meter);

  const errors = wordErrors && new WordErrors(wordErrors, dataset.clips, () => pace.behindMs);

  function open(spec: CallSpec, replies: ReplyPort): EngineCall {
    const chunkMs = delays ? undefined : profile.chunkMs;
    const transcriber = new Transcriber({
      ...transcriberOptions(index, chunkMs, spec, options.stopHistoryMs),
      errors,
    });
    const call = {};

    /**
     * Recognising is left until the thread is idle, at the latest until the reply is to leave: a burst of audio is then queued
     * at once, as a real server would.
     */
    function answer({ weight, prepare, listen }: Due, arrivedMs: number, last: boolean): void {
      const release = replies.post({ reply: listen, arrivedMs, last });
      whenIdle(() => {
        if (!replies.over) prepare();
      });
      pace.submit({ arrivedMs, weight, last, call, model: models.online, release });
    }

    return {
      push(samples, arrivedMs) {
        for (const due of transcriber.push(samples)) answer(due, arrivedMs, false);
      },
      force: (arrivedMs) => answer(transcriber.force(), arrivedMs, false),
      finish: (arrivedMs) => answer(transcriber.finish(), arrivedMs, true),
      close: () => pace.drop(call),
    };
  }

  async function recognize(samples: Int16Array, spec: CallSpec, arrivedMs: number): Promise<Reply> {
    const reply = recognizeWhole(index, samples, spec, errors);
    await new Promise<void>((resolve) =>
      pace.submit({
        arrivedMs,
        weight: reply.audioProcessedMs / profile.chunkMs,
        last: true,
        call: reply,
        model: models.offline,
        release: (leavesMs) => timetable.add(leavesMs, resolve),
      }),
    );
    return reply;
  }

  return {
    models,
    facts: factsOf(options),
    mark: { emulated: true },
    meter,
    get pending() {
      return pace.waiting;
    },
    open,
    recognize,
    stop() {
      timetable.clear();
      return Promise.resolve();
    },
  };
}

/** Transcript of a whole file. */
export function recognizeWhole(
  index: FingerprintIndex,
  samples: Int16Array,
  spec: CallSpec,
  errors?: WordErrors,
): Reply {
  const transcriber = new Transcriber({
    ...transcriberOptions(index, undefined, spec),
    errors,
    ...{ interim: false, vad: false, stopHistoryMs: Infinity, stopHistoryEouMs: undefined },
  });
  for (const { listen } of transcriber.push(samples)) listen();
  return transcriber.finish().listen();
}

function transcriberOptions(
  index: FingerprintIndex,
  chunkMs: number | undefined,
  { config, interim, sampleRateHz }: CallSpec,
  defaultStopMs?: number,
): TranscriberOptions {
  const { endpointing_config: endpointing, custom_configuration: custom } = config;
  return {
    index,
    chunkMs,
    sampleRateHz,
    interim,
    stopHistoryMs: (endpointing?.stop_history ?? 0) > 0 ? endpointing?.stop_history : defaultStopMs,
    stopHistoryEouMs: endpointing?.stop_history_eou,
    vad: custom["get_vad_probabilities"] === "true",
    spelling: spellingFor(config),
  };
}

function factsOf({
  profile,
  delays,
  overloadPercent,
  dataset,
  wordErrors,
}: EmulatedOptions): Record<string, string> {
  return {
    profile: profile.name,
    fitted_to: profile.source,
    chunk_ms: String(profile.chunkMs),
    capacity: overloadPercent === undefined ? String(profile.capacity) : `${overloadPercent} % too little`,
    slots: profile.slots === undefined ? "any number" : String(profile.slots),
    delays: delays ? `partial=${delays.partialMs},final=${delays.finalMs}` : "modelled",
    dataset: dataset.name,
    ...(wordErrors && {
      planted_wer: `${100 * wordErrors.rate} %, up to ${100 * wordErrors.overloadRate} % more when overloaded, seed ${wordErrors.seed}`,
    }),
    unknown_speech: "placeholder words unrecognised-1, unrecognised-2, ...",
  };
}

function paceOf(
  { profile, delays, overloadPercent, clock }: EmulatedOptions,
  timetable: Timetable,
  meter: InferenceMeter,
): Pace {
  if (delays !== undefined) return exactPace(delays, meter);
  if (overloadPercent !== undefined) return overloadPace(profile, overloadPercent, clock, meter);
  const pace = queuePace(profile, clock, timetable, meter);
  return profile.slots === undefined ? pace : slottedPace(pace, profile.slots, clock);
}
