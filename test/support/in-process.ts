/** Workers without processes: the coordinator's own code and the workers', joined on one virtual clock. */
import type { VirtualClock } from "./virtual-clock.ts";
import type { WorkerHandle } from "../../src/loadgen/workers/member.ts";
import type { Addressed, FromWorker, ToWorker } from "../../src/loadgen/workers/protocol.ts";
import { runWorker } from "../../src/loadgen/workers/worker.ts";
import type { FakeServer } from "./fake-transport.ts";
import { fakeTransport } from "./fake-transport.ts";

/** A worker against a server of its own that behaves as `server`. Messages are copied, as a pipe would. */
export function workerInProcess(clock: VirtualClock, server: FakeServer): WorkerHandle {
  let toWorker: (message: Addressed<ToWorker>) => void = () => undefined;
  let fromWorker: (message: Addressed<FromWorker>) => void = () => undefined;
  const later = (run: () => void): void => void clock.wakeAt(clock.nowMs(), run);
  const copy = <T>(message: T): T => JSON.parse(JSON.stringify(message)) as T;
  runWorker(
    {
      send: (message) => later(() => fromWorker(copy(message))),
      onMessage: (handler) => (toWorker = handler),
      onClose: () => undefined,
    },
    { clock, openTransport: (_, options) => fakeTransport(options.clock, server), cpuMs: () => 0 },
  );
  return {
    channel: {
      send: (message) => later(() => toWorker(copy(message))),
      onMessage: (handler) => (fromWorker = handler),
      onClose: () => undefined,
    },
    kill: () => undefined,
  };
}

/** Files are read and written in real time, everything else happens on the virtual clock: lets both go on until it is so. */
export async function pumpUntil(clock: VirtualClock, isSo: () => boolean): Promise<void> {
  while (!isSo()) {
    await new Promise(setImmediate);
    clock.advanceTo(clock.nowMs());
  }
}
