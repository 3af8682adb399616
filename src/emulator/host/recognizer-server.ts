/** The process of recognisers, on its side of the channel: one backend, a decoder for each stream, one piece of work, or one batch, at a time. */
import type { Clock } from "../../base/clock.ts";
import { defined } from "../../base/defined.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import type { Reply } from "../engines/engine.ts";
import type { Backend, LoadBackend } from "./decoder.ts";
import type { Channel, FromRecognizer, ListenSpec, ToRecognizer, Work } from "./protocol.ts";
import { StreamListener } from "./stream-listener.ts";

/** Serves `channel` until it closes. `backendOf` finds the backend of an engine by its name. */
export function serveRecognizer(
  channel: Channel<FromRecognizer, ToRecognizer>,
  backendOf: (engine: string) => Promise<LoadBackend>,
  clock: Pick<Clock, "nowMs">,
): void {
  const streams = new Map<number, StreamListener>();
  /** Streams whose decoder is being made and that are wanted. */
  const opening = new Set<number>();
  const waiting: Work[] = [];
  let backend: Backend | undefined;

  async function load({ engine, settings }: ToRecognizer & { type: "load" }): Promise<void> {
    try {
      const loadBackend = await backendOf(engine);
      backend = await loadBackend(settings);
      channel.send({ type: "ready" });
    } catch (error) {
      const hint = error instanceof BenchError ? error.hint : undefined;
      channel.send({ type: "failed", message: messageOf(error), ...defined({ hint }) });
    }
  }

  async function open(id: number, spec: ListenSpec): Promise<void> {
    opening.add(id);
    try {
      if (backend === undefined) throw new Error("no models are loaded");
      const decoder = await backend.open();
      if (!opening.delete(id)) {
        decoder.free();
        return;
      }
      streams.set(id, new StreamListener(decoder, spec));
      channel.send({ type: "opened", id });
    } catch (error) {
      opening.delete(id);
      channel.send({ type: "broken", id, message: messageOf(error) });
    }
  }

  function queue(work: Work): void {
    if (waiting.push(work) === 1) setImmediate(workOnSome);
  }

  /** Does what has come at the same time, a piece of each stream, together where the backend can. */
  function workOnSome(): void {
    const startedMs = clock.nowMs();
    const works = takeOneOfEach(waiting, backend?.batch?.limit ?? 1);
    if (waiting.length > 0) setImmediate(workOnSome);
    const heard = works.filter(({ id, samples }) => succeeds([id], () => streamOf(id).hear(samples)));
    const ids = heard.map(({ id }) => id);
    if (!succeeds(ids, () => backend?.batch?.decode(ids.map((id) => streamOf(id).decoder)))) return;
    const replies: { id: number; reply: Reply }[] = [];
    for (const { id, type } of heard) {
      succeeds([id], () => replies.push({ id, reply: streamOf(id).answer(type) }));
    }
    if (replies.length > 0) channel.send({ type: "replies", replies, workMs: clock.nowMs() - startedMs });
  }

  function streamOf(id: number): StreamListener {
    const stream = streams.get(id);
    if (stream === undefined) throw new Error("the stream is not open");
    return stream;
  }

  /** Ends the streams where `action` throws. */
  function succeeds(ids: readonly number[], action: () => unknown): boolean {
    try {
      action();
      return true;
    } catch (error) {
      for (const id of ids) {
        close(id);
        channel.send({ type: "broken", id, message: messageOf(error) });
      }
      return false;
    }
  }

  function close(id: number): void {
    opening.delete(id);
    streams.get(id)?.close();
    streams.delete(id);
  }

  channel.onMessage((message) => {
    if (message.type === "load") void load(message);
    else if (message.type === "open") void open(message.id, message.spec);
    else if (message.type === "close") close(message.id);
    else queue(message);
  });
}

/** Takes the first piece of each stream out of `waiting`, of `most` streams. */
function takeOneOfEach(waiting: Work[], most: number): Work[] {
  const taken = new Map<number, Work>();
  for (const work of waiting) if (taken.size < most && !taken.has(work.id)) taken.set(work.id, work);
  const left = waiting.filter((work) => taken.get(work.id) !== work);
  waiting.splice(0, waiting.length, ...left);
  return [...taken.values()];
}
