/** The process of recognisers, on its side of the channel: one backend, a decoder for each stream, one piece of work at a time. */
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

  function work(message: Work): void {
    const { id } = message;
    const startedMs = clock.nowMs();
    try {
      const stream = streams.get(id);
      if (stream === undefined) throw new Error("the stream is not open");
      const reply = replyOf(stream, message);
      channel.send({ type: "reply", id, reply, workMs: clock.nowMs() - startedMs });
    } catch (error) {
      close(id);
      channel.send({ type: "broken", id, message: messageOf(error) });
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
    else work(message);
  });
}

function replyOf(stream: StreamListener, message: Work): Reply {
  const { type, samples } = message;
  if (type === "audio") return stream.chunk(samples);
  return type === "force" ? stream.force(samples) : stream.finish(samples);
}
