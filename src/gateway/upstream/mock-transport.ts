/**
 * The fallback that answers when no recogniser does, if the configuration asks for it: placeholder words for the audio that
 * came, so that a client can be tried without any server. Every event that comes of it says `mock: true`; it recognises nothing.
 */
import type { Clock } from "../../base/clock.ts";
import type { AsrStream, AsrTransport, StreamListener, StreamSpec } from "../../client/transport.ts";

/** One placeholder word for so much audio. */
const WORD_MS = 500;

export function createMockTransport(clock: Clock): AsrTransport {
  return {
    name: "mock",
    encodeChunk: (audio) => audio,
    sessionsByAddress: () => ({}),
    warmUp: () => Promise.resolve({ connections: 0, tookMs: 0 }),
    open: (spec, listener) => new MockStream(spec, listener, clock),
    close: () => Promise.resolve(),
  };
}

class MockStream implements AsrStream {
  readonly #listener: StreamListener;
  readonly #clock: Clock;
  readonly #bytesPerMs: number;
  #bytes = 0;
  #words = 0;
  #chunks = 0;
  #ended = false;

  constructor(spec: StreamSpec, listener: StreamListener, clock: Clock) {
    this.#listener = listener;
    this.#clock = clock;
    this.#bytesPerMs = (spec.sampleRateHz * 2) / 1000;
    const openedMs = clock.nowMs();
    clock.wakeAt(openedMs, () => {
      if (!this.#ended) listener.onOpen(clock.nowMs(), openedMs);
    });
  }

  send(chunk: Uint8Array): boolean {
    if (this.#ended) return true;
    this.#bytes += chunk.length;
    this.#listener.onAccepted(this.#chunks++, this.#clock.nowMs());
    const words = Math.floor(this.#bytes / this.#bytesPerMs / WORD_MS);
    if (words > this.#words) {
      this.#words = words;
      this.#respond(false);
    }
    return true;
  }

  finish(): void {
    if (this.#ended) return;
    this.#clock.wakeAt(this.#clock.nowMs(), () => {
      if (this.#ended) return;
      this.#respond(true);
      this.#ended = true;
      this.#listener.onEnd(this.#clock.nowMs(), { ok: true });
    });
  }

  setReading(): void {
    // Nothing is on its way: answers are made when audio comes.
  }

  cancel(reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const failure = {
      phase: "streaming",
      class: "cancelled",
      origin: "generator",
      code: "CANCELLED",
    } as const;
    this.#clock.wakeAt(this.#clock.nowMs(), () =>
      this.#listener.onEnd(this.#clock.nowMs(), { ok: false, failure: { ...failure, message: reason } }),
    );
  }

  #respond(final: boolean): void {
    const text = Array.from({ length: this.#words }, (_, i) => `mock-${i + 1}`).join(" ");
    const audioProcessedS = this.#bytes / this.#bytesPerMs / 1000;
    this.#listener.onResponse({ atMs: this.#clock.nowMs(), final, text, audioProcessedS });
  }
}
