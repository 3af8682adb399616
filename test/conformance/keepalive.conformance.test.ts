/**
 * HTTP/2 pings. A C++ server with its defaults takes one without data every five minutes, and answers more with GOAWAY
 * `too_many_pings`, which costs the connection. So our transports send none, whether streams are open or not.
 *
 * An hour is made to pass on the client's timers, while its sockets are real.
 */
import type { ServerHttp2Stream } from "node:http2";
import { Client, credentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, it, vi } from "vitest";
import { transportsFor } from "../../src/client/transports.ts";
import { GOOD, harness } from "./harness.ts";
import type { Harness } from "./harness.ts";

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** A good server that counts the connections that carried calls, and the pings on them. */
async function counting(serve: Harness["serve"]): Promise<{ address: string; pings: number[] }> {
  const connections: ServerHttp2Stream["session"][] = [];
  const pings: number[] = [];
  const { address } = await serve({
    ...GOOD,
    onCall({ stream: { session } }) {
      if (connections.includes(session)) return;
      const index = connections.push(session) - 1;
      pings[index] = 0;
      session?.on("ping", () => pings[index]!++);
    },
  });
  return { address, pings };
}

function fakeTimers(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
}

/** Lets an hour pass minute by minute; what a timer sends arrives in between. */
async function anHour(): Promise<void> {
  for (let passedMs = 0; passedMs < HOUR_MS; passedMs += MINUTE_MS) {
    vi.advanceTimersByTime(MINUTE_MS);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

afterEach(() => void vi.useRealTimers());

describe.each(transportsFor("riva-grpc"))("%s", (name) => {
  const { serve, connect, open, session } = harness(name);
  const patient = { readyTimeoutMs: 3 * HOUR_MS, flushTimeoutMs: 3 * HOUR_MS };

  it("sends no ping in an hour with an open stream, nor in one without", async () => {
    const { address, pings } = await counting(serve);
    fakeTimers();
    const transport = connect(address);
    const { heard, stream } = open(transport, patient);
    await heard.opened;
    await anHour();
    stream.finish();
    expect(await heard.ended).toEqual({ ok: true });
    await anHour();
    expect((await session(transport, patient)).outcome).toEqual({ ok: true });
    // One connection, all the time.
    expect(pings).toEqual([0]);
  });
});

describe("a client that does send them", () => {
  const { serve } = harness("riva-grpc");

  it("is seen to", async () => {
    const { address, pings } = await counting(serve);
    fakeTimers();
    const often = { "grpc.keepalive_time_ms": 10 * MINUTE_MS };
    const client = new Client(address, credentials.createInsecure(), often);
    const bytes = (message: Buffer): Buffer => message;
    const call = client.makeBidiStreamRequest("/any", bytes, bytes);
    call.on("error", () => undefined);
    await new Promise((resolve) => call.write(Buffer.alloc(0), resolve));
    await anHour();
    call.cancel();
    client.close();
    expect(pings).toHaveLength(1);
    expect(pings[0]).toBeGreaterThanOrEqual(5);
  });
});
