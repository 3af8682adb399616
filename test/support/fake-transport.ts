/**
 * A transport without a network, for tests on a virtual clock: ready after `readyMs`, answers each chunk after
 * `partialMs` and the half-close after `finalMs`, or fails as told.
 */
import type { Clock } from "../../src/base/clock.ts";
import type { Failure } from "../../src/base/outcome.ts";
import type { AsrStream, AsrTransport, StreamListener, StreamSpec } from "../../src/client/transport.ts";

export interface FakeServer {
  readyMs: number;
  partialMs: number;
  finalMs: number;
  /** Its socket takes no chunk for as long as this says so. */
  stuck?(): boolean;
  /** Undefined = serve this session; else it fails with this, `afterMs` after it was opened. */
  fail?(spec: StreamSpec, opened: number): { afterMs: number; failure: Failure } | undefined;
}

export interface FakeTransport extends AsrTransport {
  opened: number;
  openNow: number;
  maxOpen: number;
  cancelled: number;
  readingChanges: { atMs: number; reading: boolean }[];
}

export function fakeTransport(clock: Clock, server: FakeServer): FakeTransport {
  const transport: FakeTransport = {
    name: "fake",
    opened: 0,
    openNow: 0,
    maxOpen: 0,
    cancelled: 0,
    readingChanges: [],
    encodeChunk: (audio) => audio,
    sessionsByAddress: () => ({}),
    warmUp: () => Promise.resolve({ connections: 1, tookMs: 0 }),
    open(spec, listener) {
      transport.opened++;
      transport.openNow++;
      transport.maxOpen = Math.max(transport.maxOpen, transport.openNow);
      return fakeStream(clock, server, spec, listener, transport);
    },
    close: () => Promise.resolve(),
  };
  return transport;
}

function fakeStream(
  clock: Clock,
  server: FakeServer,
  spec: StreamSpec,
  listener: StreamListener,
  transport: FakeTransport,
): AsrStream {
  const openedMs = clock.nowMs();
  let over = false;
  let sent = 0;
  const later = (ms: number, run: () => void): void => {
    clock.wakeAt(clock.nowMs() + ms, () => {
      if (!over) run();
    });
  };
  const end = (outcome: Parameters<StreamListener["onEnd"]>[1]): void => {
    over = true;
    transport.openNow--;
    listener.onEnd(clock.nowMs(), outcome);
  };
  const planned = server.fail?.(spec, transport.opened);
  if (planned !== undefined) later(planned.afterMs, () => end({ ok: false, failure: planned.failure }));
  later(server.readyMs, () => listener.onOpen(clock.nowMs(), openedMs));
  return {
    send() {
      const index = sent++;
      const accept = (): void => {
        if (server.stuck?.() === true) later(10, accept);
        else listener.onAccepted(index, clock.nowMs());
      };
      accept();
      later(server.partialMs, () =>
        listener.onResponse({ atMs: clock.nowMs(), final: false, text: `word ${index}` }),
      );
      return true;
    },
    finish() {
      later(server.finalMs, () => {
        listener.onResponse({ atMs: clock.nowMs(), final: true, text: "all the words" });
        end({ ok: true });
      });
    },
    setReading(reading) {
      transport.readingChanges.push({ atMs: clock.nowMs(), reading });
    },
    cancel(reason) {
      if (over) return;
      transport.cancelled++;
      end({
        ok: false,
        failure: {
          phase: "streaming",
          class: "cancelled",
          origin: "generator",
          code: "CANCELLED",
          message: reason,
        },
      });
    },
  };
}
