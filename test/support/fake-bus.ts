/** A broker in this process's memory, for both ends of one run. */
import type { RunBus, StoredMessage } from "../../src/run/nats/run-bus.ts";

export interface FakeBus extends RunBus {
  keys: Map<string, string>;
  published: { tail: string; body: string }[];
  /** Down: nothing is stored, read or told. */
  isDown: boolean;
}

export function createFakeBus(): FakeBus {
  const keys = new Map<string, string>();
  const messages: StoredMessage[] = [];
  const ids = new Set<string>();
  const listeners: { tail: string; hear: (body: string, tail: string) => void }[] = [];
  const answers = new Map<string, () => string>();
  const objects = new Map<string, Uint8Array[]>();
  const up = (): void => {
    if (bus.isDown) throw new Error("the broker is down");
  };
  const async = <T>(work: () => T): Promise<T> =>
    new Promise((resolve) => {
      up();
      resolve(work());
    });
  const matches = (pattern: string, tail: string): boolean => {
    const [parts, given] = [pattern.split("."), tail.split(".")];
    return parts.length === given.length && parts.every((part, i) => part === "*" || part === given[i]);
  };
  const bus: FakeBus = {
    keys,
    published: [],
    isDown: false,
    makePlaces: () => async(() => undefined),
    create: (key, value) => async(() => !keys.has(key) && keys.set(key, value).has(key)),
    put: (key, value) => async(() => void keys.set(key, value)),
    get: (key) => async(() => keys.get(key)),
    store: (tail, body, id) =>
      async(() => {
        if (!ids.has(id)) messages.push({ seq: messages.length + 1, tail, id, body: Buffer.from(body) });
        ids.add(id);
        return messages.find((message) => message.id === id)?.seq ?? NaN;
      }),
    stored: (seq) => async(() => messages.filter((message) => message.seq >= seq)),
    publish(tail, body) {
      if (bus.isDown) return;
      bus.published.push({ tail, body });
      for (const listener of listeners) if (matches(listener.tail, tail)) listener.hear(body, tail);
    },
    listen: (tail, hear) => void listeners.push({ tail, hear }),
    answer: (tail, reply) => void answers.set(tail, reply),
    ask: (tail) => async(() => answers.get(tail)?.() ?? ""),
    mostBytes: () => 1_000_000,
    isConnected: () => !bus.isDown,
    hasObject: (name) => async(() => objects.has(name)),
    async saveObject(name, bytes) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of bytes) chunks.push(chunk);
      objects.set(name, chunks);
    },
    openObject: (name) =>
      async(() => {
        const chunks = objects.get(name);
        return chunks === undefined ? undefined : (ReadableStream.from(chunks) as AsyncIterable<Uint8Array>);
      }),
    removePlaces: () => async(() => keys.clear()),
    close: () => Promise.resolve(),
  };
  return bus;
}
