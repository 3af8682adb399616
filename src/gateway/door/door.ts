/**
 * Stands between the listening socket and everything else: connections of a blocked address cost no handshake, no parser and
 * no answer at once. They wait a while first, so that whoever comes again and again comes less often.
 */
import type { Server } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { Socket } from "node:net";
import type { Clock } from "../../base/clock.ts";
import type { Addresses } from "./address.ts";
import { createContain } from "../contain.ts";
import type { Guard } from "./address-limits.ts";
import { refuse } from "./http-refusal.ts";

export interface Door {
  /** Lets go of those that wait. */
  close(): void;
}

const HELD_FOR_MS = 1000;
/** Sockets and memory are bounded too: beyond this many they are cut at once. */
const MOST_HELD = 1000;

export const BLOCKED = "this address has broken the protocol too often; wait a while";

/** @param penaltyMs how long a blocked address is to wait, for the answer */
export function guardDoor(
  server: Server | TlsServer,
  guard: Guard,
  addresses: Addresses,
  clock: Clock,
  { penaltyMs, onHeld, onThrown }: { penaltyMs(): number; onHeld(): void; onThrown(error: unknown): void },
): Door {
  const held = new Set<Socket>();
  const secure = "setSecureContext" in server;
  // What Node itself does with a connection: a parser, or a TLS handshake.
  const serve = server.listeners("connection") as ((socket: Socket) => void)[];
  server.removeAllListeners("connection");

  function hold(socket: Socket): void {
    onHeld();
    if (held.size >= MOST_HELD) {
      socket.resetAndDestroy();
      return;
    }
    held.add(socket);
    socket.on("error", () => socket.destroy());
    // The request itself is read, so that closing doesn't reset the connection under its answer; nothing after it is.
    socket.once("data", () => socket.pause());
    const stop = clock.wakeAt(clock.nowMs() + HELD_FOR_MS, () => {
      if (secure) socket.destroy();
      else refuse(socket, 429, BLOCKED, penaltyMs() / 1000);
    });
    socket.once("close", () => {
      stop();
      held.delete(socket);
    });
  }

  const enter = (socket: Socket): void => {
    const address = addresses.ofSocket(socket);
    const verdict = address === undefined ? "serve" : guard.connected(address);
    if (verdict === "hold") hold(socket);
    else if (verdict === "drop") socket.resetAndDestroy();
    else {
      if (address !== undefined) socket.once("close", () => guard.disconnected(address));
      for (const listener of serve) listener.call(server, socket);
    }
  };
  server.on("connection", (socket: Socket) => {
    const guarded = createContain((error) => {
      onThrown(error);
      socket.destroy();
    });
    guarded(enter)(socket);
  });
  return {
    close() {
      for (const socket of held) socket.destroy();
    },
  };
}
