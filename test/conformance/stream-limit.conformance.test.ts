/**
 * Servers and proxies say how many streams they take on a connection. A transport that can see the limit keeps to it;
 * grpc-js can't, which is what its smaller `streamsPerConnection` is for. What waits in it is at least not taken for open: its
 * waiting is `session_setup`, and in the end a failure, never a latency of the server.
 */
import { describe, expect, it } from "vitest";
import { GOOD, failed, harness } from "./harness.ts";
import type { Harness } from "./harness.ts";
import type { ServerCall, TestServer } from "../support/misbehaving-server.ts";

describe("riva-h2", () => {
  const { serve, connect, open, session } = harness("riva-h2");

  const limited = async (
    maxConcurrentStreams: number,
  ): Promise<{ server: TestServer; calls: ServerCall[] }> => {
    const calls: ServerCall[] = [];
    const server = await serve(
      { ...GOOD, onCall: (call) => calls.push(call) },
      { settings: { maxConcurrentStreams } },
    );
    return { server, calls };
  };

  const allOpen = async (transport: ReturnType<Harness["connect"]>, streams: number): Promise<void> => {
    await Promise.all(Array.from({ length: streams }, () => open(transport).heard.opened));
  };

  /** Numbers of calls on each connection, the smallest first. */
  const spread = (calls: readonly ServerCall[]): number[] => {
    const counts = new Map<unknown, number>();
    for (const { stream } of calls) counts.set(stream.session, (counts.get(stream.session) ?? 0) + 1);
    return [...counts.values()].sort();
  };

  it("opens as many connections as the server's limit asks for", async () => {
    const { server, calls } = await limited(2);
    const transport = connect(server.address);
    expect(await transport.warmUp(5, 1000)).toMatchObject({ connections: 3 });
    await allOpen(transport, 5);
    await expect.poll(() => spread(calls)).toEqual([1, 2, 2]);
    expect(server.connections()).toBe(3);
  });

  it("finds out also without a warm-up, when streams are already waiting", async () => {
    const { server, calls } = await limited(2);
    await allOpen(connect(server.address), 5);
    await expect.poll(() => spread(calls)).toEqual([1, 2, 2]);
    expect(server.connections()).toBe(3);
  });

  it("follows a limit that is lowered, with streams that are open, and raised again", async () => {
    const { server, calls } = await limited(10);
    const transport = connect(server.address);
    await allOpen(transport, 2);
    await expect.poll(() => spread(calls)).toEqual([2]);
    const settle = async (maxConcurrentStreams: number): Promise<void> =>
      new Promise((resolve) => calls[0]!.stream.session?.settings({ maxConcurrentStreams }, () => resolve()));
    await settle(2);
    await allOpen(transport, 1);
    expect(server.connections()).toBe(2);
    await settle(10);
    await allOpen(transport, 1);
    expect(server.connections()).toBe(2);
  });

  it("fails at the ready limit when the server allows none", async () => {
    const { server } = await limited(0);
    const { outcome } = await session(connect(server.address), { readyTimeoutMs: 100 });
    expect(outcome).toEqual(failed({ phase: "connect", class: "timeout", code: "READY_TIMEOUT" }));
    expect(server.connections()).toBe(1);
  });
});

describe("riva-grpc", () => {
  const { serve, connect, open } = harness("riva-grpc");

  it("a limit that is lowered with streams open: what waits for a place is not ready until it has one", async () => {
    const calls: ServerCall[] = [];
    const server = await serve(
      { ...GOOD, onCall: (call) => calls.push(call) },
      { settings: { maxConcurrentStreams: 10 } },
    );
    const transport = connect(server.address);
    const first = open(transport);
    await first.heard.opened;
    await expect.poll(() => calls.length).toBe(1);
    await new Promise<void>((resolve) =>
      calls[0]!.stream.session?.settings({ maxConcurrentStreams: 1 }, () => resolve()),
    );
    const [waits, givesUp] = [open(transport), open(transport, { readyTimeoutMs: 100 })];
    expect(await givesUp.heard.ended).toEqual(failed({ phase: "connect", class: "timeout" }));
    expect(waits.heard.events).toEqual([]);
    first.stream.finish();
    await waits.heard.opened;
    await expect.poll(() => calls.length).toBe(2);
    expect(server.connections()).toBe(1);
  });
});
