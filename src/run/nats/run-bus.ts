/**
 * The broker as the two sides of a run over NATS need it: a bucket of keys and a stream of their own, subjects below
 * `bench.<run>`, and objects that all runs share. `broker.ts` is the real one. Each call but `publish` and `close` rejects
 * when the broker does not answer in time.
 */

/** A message of the run's stream. */
export interface StoredMessage {
  /** Its place in the stream, from 1. */
  seq: number;
  /** Its subject below `bench.<run>.log.`. */
  tail: string;
  /** As given to `store`. */
  id: string;
  body: Buffer;
}

export interface RunBus {
  /** Makes the bucket and the stream of the run, where they are not there. */
  makePlaces(): Promise<void>;
  /** Writes a key that nobody has written yet; false when somebody has. */
  create(key: string, value: string): Promise<boolean>;
  put(key: string, value: string): Promise<void>;
  /** Undefined for a key, or a run, that is not there. */
  get(key: string): Promise<string | undefined>;
  /**
   * Stores a message at `bench.<run>.log.<tail>`; resolves with its place in the stream when the broker has it. A second one
   * with the same `id` is dropped.
   */
  store(tail: string, body: Uint8Array, id: string): Promise<number>;
  /** Stored messages from `seq` on, in their order; some of them when there are many, none when there are none yet. */
  stored(seq: number): Promise<readonly StoredMessage[]>;
  /** Tells those who listen at `bench.<run>.<tail>` now; what is told while the broker is down may be lost. */
  publish(tail: string, body: string): void;
  /** @param tail may end in `*` */
  listen(tail: string, hear: (body: string, tail: string) => void): void;
  answer(tail: string, reply: () => string): void;
  ask(tail: string, limitMs: number): Promise<string>;
  /** The largest message that the broker takes, bytes. */
  mostBytes(): number;
  /** False while the broker can't be reached. */
  isConnected(): boolean;
  hasObject(name: string): Promise<boolean>;
  saveObject(name: string, bytes: ReadableStream<Uint8Array>): Promise<void>;
  /** Undefined when there is none. */
  openObject(name: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Takes the bucket and the stream away; the objects stay. */
  removePlaces(): Promise<void>;
  /** Sends what is on its way and closes the connection. */
  close(): Promise<void>;
}
