/**
 * One process of recognisers as the Riva service sees it: it is fed one piece of work after the other, restarted when it dies, and
 * takes its streams with it, no other.
 */
import type { Clock } from "../../base/clock.ts";
import { BenchError } from "../../base/errors.ts";
import { Rejection } from "../call/rejection.ts";
import type { Reply } from "../engines/engine.ts";
import type { BackendSettings } from "./decoder.ts";
import type { Channel, FromRecognizer, ListenSpec, ToRecognizer, Work } from "./protocol.ts";

/** A process that runs `serveRecognizer`. */
export interface RecognizerChild extends Channel<ToRecognizer, FromRecognizer> {
  /** Told once when it has ended, with how: an exit code or a signal. */
  onExit(handler: (how: string) => void): void;
  /** Ends it; resolves when it has ended. */
  stop(): Promise<void>;
}

/** The stream that the work was for, and when it had come, milliseconds. */
export interface DoneWork {
  model: string;
  arrivedMs: number;
}

/** Receiver of the results of one stream's work. */
export interface WorkListener {
  /** A piece of work is done; undefined when nobody waits for it. */
  done(reply: Reply): DoneWork | undefined;
  /** The stream can't go on. */
  failed(rejection: Rejection): void;
}

/** A stream within the process. */
export interface RemoteStream {
  /** Queues work; each piece calls `done` once, in order, unless the stream is closed or fails. */
  submit(work: Omit<Work, "id">): void;
  close(): void;
}

export interface ProcessOptions {
  /** Name of the process, for messages. */
  name: string;
  launch: () => RecognizerChild;
  engine: string;
  settings: BackendSettings;
  /** Streams whose work it can do together. */
  batch: number;
  clock: Clock;
  /** Told of all that was done together, and that took `workMs`. */
  worked: (works: readonly DoneWork[], workMs: number) => void;
  /** Told of a process that has died. */
  warn: (message: string) => void;
}

/** Batches of work that are with the process at a time: the second one waits there, so that it never waits for the channel. */
const BATCHES_IN_FLIGHT = 2;
const START_LIMIT_MS = 60_000;
const RESTART_AFTER_MS = 1000;

interface Stream {
  listener: WorkListener;
  /** Work that came before the process had a decoder for it. */
  held: Work[] | undefined;
}

export class RecognizerProcess {
  readonly #options: ProcessOptions;
  readonly #streams = new Map<number, Stream>();
  #waiting: Work[] = [];
  #inFlight = 0;
  #lastId = 0;
  #child: RecognizerChild | undefined;
  #isReady = false;
  #stopped = false;

  constructor(options: ProcessOptions) {
    this.#options = options;
  }

  /** Takes streams at the moment. */
  get isReady(): boolean {
    return this.#isReady;
  }

  get openStreams(): number {
    return this.#streams.size;
  }

  /** Pieces of work that it has not been given. */
  get waiting(): number {
    let waiting = this.#waiting.length;
    for (const { held } of this.#streams.values()) waiting += held?.length ?? 0;
    return waiting;
  }

  /**
   * Resolves when it can recognise.
   * @throws BenchError (exit 2) when it can't, saying what to install or to check
   */
  async start(): Promise<void> {
    const { name, launch, engine, settings, clock } = this.#options;
    const child = launch();
    this.#child = child;
    await new Promise<void>((resolve, reject) => {
      const fail = (message: string, hint?: string): void => reject(BenchError.usage(message, hint));
      const cancel = clock.wakeAt(clock.nowMs() + START_LIMIT_MS, () => {
        fail(
          `${name} did not load its models within ${START_LIMIT_MS / 1000} s`,
          "Is the machine overloaded?",
        );
      });
      child.onMessage((message) => {
        if (message.type === "failed") fail(message.message, message.hint);
        else if (message.type === "ready") {
          cancel();
          this.#isReady = true;
          resolve();
        } else this.#receive(message);
      });
      child.onExit((how) => {
        cancel();
        fail(
          `the process of ${name} ended while it loaded its models (${how})`,
          "Most likely a file of the model is broken or of another kind.",
        );
        this.#exited(how);
      });
      child.send({ type: "load", engine, settings });
    });
  }

  /** Opens a stream. @throws Rejection (UNAVAILABLE) while the process is being started again */
  open(spec: ListenSpec, listener: WorkListener): RemoteStream {
    if (!this.#isReady) throw this.#gone("is starting again");
    const id = ++this.#lastId;
    const stream: Stream = { listener, held: [] };
    this.#streams.set(id, stream);
    this.#child?.send({ type: "open", id, spec });
    return {
      submit: (work) => {
        if (!this.#streams.has(id)) return;
        const numbered = { ...work, id };
        if (stream.held) stream.held.push(numbered);
        else this.#queue(numbered);
      },
      close: () => {
        if (!this.#streams.delete(id)) return;
        this.#waiting = this.#waiting.filter((work) => work.id !== id);
        if (this.#isReady) this.#child?.send({ type: "close", id });
      },
    };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#isReady = false;
    await this.#child?.stop();
  }

  #queue(work: Work): void {
    this.#waiting.push(work);
    this.#feed();
  }

  #feed(): void {
    while (this.#inFlight < BATCHES_IN_FLIGHT * this.#options.batch) {
      const work = this.#waiting.shift();
      if (work === undefined) return;
      this.#inFlight++;
      this.#child?.send(work);
    }
  }

  #receive(message: Exclude<FromRecognizer, { type: "ready" | "failed" }>): void {
    if (message.type === "opened") {
      const stream = this.#streams.get(message.id);
      const held = stream?.held ?? [];
      if (stream) stream.held = undefined;
      this.#waiting.push(...held);
    } else if (message.type === "replies") {
      const { replies, workMs } = message;
      this.#inFlight -= replies.length;
      const works = replies.map(({ id, reply }) => this.#streams.get(id)?.listener.done(reply));
      this.#options.worked(
        works.filter((work) => work !== undefined),
        workMs,
      );
    } else {
      // One whose decoder could not be made had given no work.
      if (this.#streams.get(message.id)?.held === undefined) this.#inFlight--;
      this.#drop(message.id, new Rejection(`${this.#options.name}: ${message.message}`, "INTERNAL"));
    }
    this.#feed();
  }

  #drop(id: number, rejection: Rejection): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    this.#waiting = this.#waiting.filter((work) => work.id !== id);
    stream?.listener.failed(rejection);
  }

  #exited(how: string): void {
    const wasReady = this.#isReady;
    this.#isReady = false;
    this.#child = undefined;
    this.#inFlight = 0;
    for (const id of [...this.#streams.keys()]) this.#drop(id, this.#gone(`ended (${how})`));
    if (!wasReady || this.#stopped) return;
    this.#options.warn(`the process of ${this.#options.name} ended (${how}); it is started again`);
    this.#restart();
  }

  #restart(): void {
    if (this.#stopped) return;
    this.start().catch(() => {
      const { clock } = this.#options;
      clock.wakeAt(clock.nowMs() + RESTART_AFTER_MS, () => this.#restart());
    });
  }

  #gone(what: string): Rejection {
    return new Rejection(`the process of ${this.#options.name} ${what}`, "UNAVAILABLE");
  }
}
