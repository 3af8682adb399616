/** One caller that sends each malformed message again and again, in a process of its own; tells its parent how each was closed. */
import { setPriority } from "node:os";
import { WebSocket } from "ws";
import { MALFORMED } from "./malformed-messages.ts";
import type { Malformed } from "./malformed-messages.ts";

export interface MalformedOrder {
  port: number;
  from: string;
  times: number;
}

/** Close codes by message, how often each. */
export type MalformedTold = Record<string, Record<string, number>>;

/** Sockets at once: one caller, who does not wait for the end of the one before. */
const AT_ONCE = 4;
// What is measured is the gateway: it takes what that leaves of the machine.
setPriority(19);

function once({ port, from }: MalformedOrder, { dialect, frames }: Malformed): Promise<number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/v1/${dialect}?intent=transcription`, {
      localAddress: from,
    });
    socket.on("open", () => {
      for (const frame of frames) socket.send(frame);
    });
    socket.on("error", () => undefined);
    socket.on("close", resolve);
  });
}

process.on("message", (order: MalformedOrder) => {
  void (async () => {
    const told: MalformedTold = {};
    for (const one of MALFORMED) {
      const codes: Record<string, number> = {};
      let left = order.times;
      const work = async (): Promise<void> => {
        while (left-- > 0) {
          const code = await once(order, one);
          codes[code] = (codes[code] ?? 0) + 1;
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      told[`${one.dialect}: ${one.name}`] = codes;
    }
    process.send?.(told);
  })();
});
process.on("disconnect", () => process.exit());
process.send?.("ready");
