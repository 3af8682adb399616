import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { Backend, Decoder } from "./decoder.ts";
import type { FromRecognizer, ToRecognizer } from "./protocol.ts";
import { serveRecognizer } from "./recognizer-server.ts";

const SPEC = { sampleRateHz: 16_000, interim: true, stopHistoryMs: 800, stopHistoryEouMs: Infinity };

/** A process whose decoders hear how many samples they were given, and break at 13. */
async function serve(limit: number) {
  const said: FromRecognizer[] = [];
  const batches: number[] = [];
  let tell: (message: ToRecognizer) => void = () => undefined;
  class Counter implements Decoder {
    heard = 0;
    start(): void {
      this.heard = 0;
    }
    push(samples: Int16Array): void {
      if (samples.length === 13) throw new Error("13");
      this.heard += samples.length;
    }
    partial(): string {
      return String(this.heard);
    }
    end(): [] {
      return [];
    }
    free(): void {
      this.heard = NaN;
    }
  }
  const backend: Backend = {
    open: () => Promise.resolve(new Counter()),
    batch: {
      limit,
      decode(decoders: readonly Counter[]) {
        batches.push(decoders.length);
        if (decoders.some(({ heard }) => heard === 666)) throw new Error("666");
      },
    },
  };
  serveRecognizer(
    { send: (message) => said.push(message), onMessage: (handler) => (tell = handler) },
    () => Promise.resolve(() => Promise.resolve(backend)),
    new VirtualClock(),
  );
  tell({ type: "load", engine: "fake", settings: {} });
  await settled();
  for (const id of [1, 2, 3]) tell({ type: "open", id, spec: SPEC });
  await settled();
  expect(said.splice(0).map(({ type }) => type)).toEqual(["ready", "opened", "opened", "opened"]);

  /** The replies to pieces of work that arrive at the same time, in short. */
  async function work(...pieces: [id: number, samples: number][]): Promise<string[]> {
    for (const [id, samples] of pieces) tell({ type: "audio", id, samples: new Int16Array(samples) });
    await settled();
    return said.splice(0).map((message) => {
      if (message.type === "replies") {
        return message.replies.map(({ id, reply }) => `${id}: ${reply.transcript}`).join(", ");
      }
      return message.type === "broken" ? `${message.id} broken: ${message.message}` : message.type;
    });
  }
  return { work, batches, tell };
}

async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
}

it("does a piece of each stream together, as many as the backend takes, each stream's in order", async () => {
  const { work, batches } = await serve(2);
  expect(await work([1, 1], [1, 2], [2, 4], [3, 8])).toEqual(["1: 1, 2: 4", "1: 3, 3: 8"]);
  expect(batches.splice(0)).toEqual([2, 2]);
  expect(await work([2, 1])).toEqual(["2: 5"]);
  expect(batches).toEqual([1]);
});

it("breaks the stream that can't be worked on, and no other of its batch", async () => {
  const { work, tell } = await serve(3);
  expect(await work([1, 1], [2, 13], [3, 1], [2, 1])).toEqual([
    ...["2 broken: 13", "1: 1, 3: 1"],
    "2 broken: the stream is not open",
  ]);
  tell({ type: "close", id: 1 });
  expect(await work([1, 1], [3, 1])).toEqual(["1 broken: the stream is not open", "3: 2"]);
});

it("breaks all streams of a batch that can't be computed", async () => {
  const { work } = await serve(2);
  expect(await work([1, 666], [2, 1], [3, 1])).toEqual(["1 broken: 666", "2 broken: 666", "3: 1"]);
});
