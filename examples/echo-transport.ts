/** The smallest transport: no server, every chunk is taken at once, and the end of the audio gives one final. */
import type { AsrStream, AsrTransport, StreamListener, TransportOptions } from "../src/client/transport.ts";

export function createEcho({ clock }: TransportOptions): AsrTransport {
  const open = new Set<AsrStream>();
  return {
    name: "echo",
    encodeChunk: (audio) => audio,
    warmUp: () => Promise.resolve({ connections: 0, tookMs: 0 }),
    open(_spec, listener) {
      const stream = echoStream(clock, listener, () => open.delete(stream));
      open.add(stream);
      return stream;
    },
    sessionsByAddress: () => ({}),
    close() {
      for (const stream of open) stream.cancel("the transport is closed");
      return Promise.resolve();
    },
  };
}

function echoStream(
  clock: TransportOptions["clock"],
  listener: StreamListener,
  onEnded: () => void,
): AsrStream {
  const configuredMs = clock.nowMs();
  let chunks = 0;
  let isOver = false;
  const end = (outcome: Parameters<StreamListener["onEnd"]>[1]): void => {
    isOver = true;
    onEnded();
    // Never before the caller has the stream in hand.
    queueMicrotask(() => listener.onEnd(clock.nowMs(), outcome));
  };
  queueMicrotask(() => listener.onOpen(clock.nowMs(), configuredMs));
  return {
    send() {
      if (isOver) return true;
      const index = chunks++;
      queueMicrotask(() => listener.onAccepted(index, clock.nowMs()));
      return true;
    },
    finish() {
      if (isOver) return;
      const text = `${chunks} chunks`;
      queueMicrotask(() => listener.onResponse({ atMs: clock.nowMs(), final: true, text }));
      end({ ok: true });
    },
    setReading: () => undefined,
    cancel(reason) {
      if (isOver) return;
      const cause = { phase: "streaming", class: "cancelled", origin: "caller" } as const;
      end({ ok: false, failure: { ...cause, code: "CANCELLED", message: reason } });
    },
  };
}
