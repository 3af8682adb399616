/**
 * An engine whose recogniser is native and runs in processes of its own. A stream stays with one process; what it can't do in
 * time waits there, and nothing is left out: an overloaded engine answers late.
 */
import type { Clock } from "../../base/clock.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { modelNames } from "../call/models.ts";
import { Rejection } from "../call/rejection.ts";
import type { DoneWork, RecognizerChild, RemoteStream } from "../host/recognizer-process.ts";
import { RecognizerProcess } from "../host/recognizer-process.ts";
import { Chunker } from "../host/chunker.ts";
import type { BackendSettings } from "../host/decoder.ts";
import type { ListenSpec, Work } from "../host/protocol.ts";
import { InferenceMeter } from "../timing/inference-meter.ts";
import type { CallSpec, Engine, EngineCall, Reply, ReplyPort } from "./engine.ts";

export interface HostedOptions {
  /** Key in the table of engines. */
  engine: string;
  /** Name of the recogniser, such as `PocketSphinx`. */
  name: string;
  /** Label of its figures, with the machine and the model. */
  standIn: string;
  /** Name of its streaming model. */
  modelName: string;
  facts: Readonly<Record<string, string>>;
  settings: BackendSettings;
  processes: number;
  /** Streams whose steps a process can compute together. */
  batch: number;
  /** Audio that is recognised at a time, and answered by a reply. */
  chunkMs: number;
  /** Pause that ends an utterance when the client asks for no other. */
  stopHistoryMs: number;
  clock: Clock;
  launch: () => RecognizerChild;
  warn: (message: string) => void;
  /** Called when all processes have ended. */
  afterStop?: () => void;
}

/**
 * Starts the processes.
 * @throws BenchError (exit 2) when one of them can't recognise
 */
export async function hostedEngine(options: HostedOptions): Promise<Engine> {
  const { clock, chunkMs, afterStop, processes: count } = options;
  const models = modelNames(options.modelName);
  const meter = new InferenceMeter(Object.values(models), clock.nowMs());
  const worked = (works: readonly DoneWork[], workMs: number): void => {
    const nowMs = clock.nowMs();
    meter.batch(
      nowMs - workMs,
      nowMs,
      works.map((payload) => ({ payload, leavesMs: nowMs })),
    );
  };
  const processes = Array.from({ length: count }, () => new RecognizerProcess({ ...options, worked }));

  async function stop(): Promise<void> {
    await Promise.all(processes.map((each) => each.stop()));
    afterStop?.();
  }

  try {
    await Promise.all(processes.map((each) => each.start()));
  } catch (error) {
    await stop();
    throw error;
  }

  function open(spec: CallSpec, replies: ReplyPort, model: string): EngineCall {
    const pending: { arrivedMs: number; answer: (reply: Reply, leavesMs: number) => void }[] = [];
    let stream: RemoteStream | undefined;
    try {
      stream = leastBusy(processes).open(listenSpec(spec, options.stopHistoryMs), {
        done(reply) {
          const first = pending.shift();
          if (first === undefined) return undefined;
          first.answer(reply, clock.nowMs());
          return { model, arrivedMs: first.arrivedMs };
        },
        failed(rejection) {
          meter.failed("BACKEND");
          pending.length = 0;
          replies.fail(rejection);
        },
      });
    } catch (error) {
      meter.failed("REJECTED");
      throw error;
    }
    const remote = stream;
    const chunker = new Chunker(Math.round((chunkMs * spec.sampleRateHz) / 1000));

    function submit(type: Work["type"], samples: Int16Array, arrivedMs: number): void {
      let known: Reply | undefined;
      const leave = replies.post({ reply: () => known as Reply, arrivedMs, last: type === "finish" });
      pending.push({
        arrivedMs,
        answer(reply, leavesMs) {
          known = reply;
          leave(leavesMs);
        },
      });
      remote.submit({ type, samples });
    }

    return {
      push(samples, arrivedMs) {
        for (const chunk of chunker.push(samples)) submit("audio", chunk, arrivedMs);
      },
      force: (arrivedMs) => submit("force", chunker.flush(), arrivedMs),
      finish: (arrivedMs) => submit("finish", chunker.flush(), arrivedMs),
      close() {
        if (pending.length > 0) meter.failed("CANCELED", pending.length);
        pending.length = 0;
        remote.close();
      },
    };
  }

  async function recognize(samples: Int16Array, spec: CallSpec, arrivedMs: number): Promise<Reply> {
    const finals: Reply[] = [];
    const last = await new Promise<Reply>((resolve, reject) => {
      const call = open(
        { ...spec, interim: false },
        {
          over: false,
          post:
            ({ reply, last: isLast }) =>
            () => {
              const known = reply();
              if (known.final) finals.push(known);
              if (!isLast) return;
              call.close();
              resolve(known);
            },
          fail: reject,
        },
        models.offline,
      );
      call.push(samples, arrivedMs);
      call.finish(arrivedMs);
    });
    return {
      ...last,
      words: finals.flatMap(({ words }) => words ?? []),
      transcript: finals.map(({ transcript }) => transcript).join(""),
    };
  }

  return {
    models,
    mark: { emulated: false, standIn: options.standIn },
    facts: options.facts,
    meter,
    get pending() {
      return processes.reduce((sum, { waiting }) => sum + waiting, 0);
    },
    open: (spec, replies) => open(spec, replies, models.online),
    recognize,
    stop,
  };
}

/** @throws Rejection (UNAVAILABLE) when none can be used at the moment */
function leastBusy(processes: readonly RecognizerProcess[]): RecognizerProcess {
  const [first, ...others] = processes.filter(({ isReady }) => isReady);
  if (first === undefined) throw new Rejection("the recogniser is starting again", "UNAVAILABLE");
  return others.reduce((least, each) => (each.openStreams < least.openStreams ? each : least), first);
}

/** A second pass makes sense only after a shorter pause than the final's, as with Riva. */
function listenSpec({ config, interim, sampleRateHz }: CallSpec, defaultMs: number): ListenSpec {
  const { stop_history: stopMs, stop_history_eou: eouMs } = endpointingOf(config);
  const stopHistoryMs = stopMs !== undefined && stopMs > 0 ? stopMs : defaultMs;
  const twoPass = eouMs !== undefined && eouMs > 0 && eouMs < stopHistoryMs;
  return { sampleRateHz, interim, stopHistoryMs, stopHistoryEouMs: twoPass ? eouMs : Infinity };
}

function endpointingOf({ endpointing_config: asked }: RecognitionConfig): Partial<NonNullable<typeof asked>> {
  return asked ?? {};
}
