/**
 * The contract of `src/client/transport.ts`, held against both carriers of gRPC: what each way of failing is called.
 * Servers misbehave on real sockets.
 */
import { constants } from "node:http2";
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import type { Outcome } from "../../src/base/outcome.ts";
import type { StreamSpec } from "../../src/client/transport.ts";
import { transportsFor } from "../../src/client/transports.ts";
import { deadAddress, http1Server, tcpServer } from "../support/misbehaving-server.ts";
import type { ServerCall, TestServer } from "../support/misbehaving-server.ts";
import { answer } from "../support/grpc-peer.ts";
import { CHUNK, GOOD, atFirstChunk, failed, harness } from "./harness.ts";

describe.each(transportsFor("riva-grpc"))("%s", (name) => {
  const { serve, own, connect, open, session, unfinished } = harness(name);

  describe("a server that answers with an error", () => {
    const statuses = Array.from({ length: 16 }, (_, index) => index + 1);

    it.each(statuses)("status %i before any audio", async (status) => {
      const server = await serve({ onMessage: (call) => call.end(status, "no, thanks") });
      const { heard } = open(connect(server.address));
      const outcome = await heard.ended;
      const phase = status === 7 || status === 16 ? "auth" : "configure";
      expect(outcome).toEqual(failed({ phase, message: "no, thanks" }));
    });

    it.each([3, 13])("status %i within the audio", async (status) => {
      const server = await serve(
        atFirstChunk((call) => {
          call.send(answer("hel", false));
          call.end(status, "enough");
        }),
      );
      expect(await unfinished(server.address)).toEqual(failed({ phase: "streaming", message: "enough" }));
    });

    it.each([2, 13])("status %i after the audio, and after the final", async (status) => {
      const silent = await serve({ onHalfClose: (call) => call.end(status, "too late") });
      expect((await session(connect(silent.address))).outcome).toEqual(
        failed({ phase: "flush", message: "too late" }),
      );
      const talking = await serve({
        onHalfClose: (call) => {
          call.send(answer("hello", true));
          call.end(status, "too late");
        },
      });
      expect((await session(connect(talking.address))).outcome).toEqual(
        failed({ phase: "close", message: "too late" }),
      );
    });

    it("status OK before the audio is through breaks the protocol", async () => {
      const server = await serve(atFirstChunk((call) => call.end(0)));
      expect(await unfinished(server.address)).toEqual(
        failed({ class: "protocol-violation", origin: "server" }),
      );
    });
  });

  describe("a server that goes away", () => {
    const { NGHTTP2_NO_ERROR, NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL } = constants;

    it.each([NGHTTP2_INTERNAL_ERROR, NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL])(
      "reset of one stream (code %i) leaves the others of its connection alone",
      async (code) => {
        let first = true;
        const server = await serve({
          ...GOOD,
          onCall: (call) => {
            if (first) call.reset(code);
            first = false;
          },
        });
        const transport = connect(server.address);
        const [reset, other] = [open(transport), session(transport)];
        expect(await reset.heard.ended).toEqual(failed({ class: "reset", origin: "server" }));
        expect((await other).outcome).toEqual({ ok: true });
        expect(server.connections()).toBe(1);
      },
    );

    it.each(["fin", "rst"] as const)(
      "a dropped connection (%s) takes all its streams, and only those",
      async (how) => {
        const calls: ServerCall[] = [];
        const server = await serve({ onCall: (call) => calls.push(call) });
        const transport = connect(server.address, { streamsPerConnection: 3 });
        const streams = Array.from({ length: 4 }, () => open(transport));
        await Promise.all(streams.map(({ heard }) => heard.opened));
        await expect.poll(() => calls.length).toBe(4);
        calls[0]!.dropConnection(how);
        for (const { heard } of streams.slice(0, 3)) {
          expect(await heard.ended).toEqual(
            failed({ phase: "configure", class: "connection-lost", origin: "network" }),
          );
        }
        expect(streams[3]!.heard.events.map((event) => event.kind)).toEqual(["open"]);
      },
    );

    it("says so first: what was begun ends well, what is new finds another connection", async () => {
      const calls: ServerCall[] = [];
      const server = await serve({ ...GOOD, onCall: (call) => calls.push(call) });
      const transport = connect(server.address);
      const begun = open(transport);
      await begun.heard.opened;
      await expect.poll(() => calls.length).toBe(1);
      calls[0]!.stream.session?.goaway(NGHTTP2_NO_ERROR);
      await expect
        .poll(async () => {
          expect((await session(transport)).outcome).toEqual({ ok: true });
          return server.connections();
        })
        .toBe(2);
      begun.stream.send(transport.encodeChunk(CHUNK));
      begun.stream.finish();
      expect(await begun.heard.ended).toEqual({ ok: true });
      expect(begun.heard.responses.map((response) => response.text)).toEqual(["hel", "hello"]);
    });

    it("is found again when it is back", async () => {
      const server = await serve(atFirstChunk((call) => call.dropConnection("fin")));
      const transport = connect(server.address);
      const { heard } = open(transport, {}, (stream) => void stream.send(transport.encodeChunk(CHUNK)));
      expect(await heard.ended).toEqual(failed({ class: "connection-lost" }));
      const again = open(transport);
      await again.heard.opened;
      expect(server.connections()).toBe(2);
    });

    it("silence after the audio ends at the flush limit", async () => {
      const server = await serve({});
      const startMs = realClock.nowMs();
      const { outcome } = await session(connect(server.address), { flushTimeoutMs: 120 });
      expect(outcome).toEqual(failed({ phase: "flush", class: "deadline", origin: "server" }));
      expect(realClock.nowMs() - startMs).toBeGreaterThanOrEqual(119);
    });
  });

  describe("a server that talks nonsense", () => {
    it.each<[string, (call: ServerCall) => void]>([
      ["a message that is none", (call) => call.send(Buffer.from([0x0a, 0xff]))],
      ["a frame that is none", (call) => call.sendRaw(Buffer.from("<html>hello</html>"))],
      ["a compressed frame", (call) => call.sendRaw(Buffer.from([1, 0, 0, 0, 1, 0]))],
      ["a web page", (call) => (call.stream.respond({ ":status": 404 }), call.stream.end("<html>"))],
      ["a status that does not exist", (call) => call.end(99)],
    ])("%s", async (_, act) => {
      const server = await serve(atFirstChunk(act));
      expect(await unfinished(server.address)).toEqual(
        failed({ class: "protocol-violation", origin: "server" }),
      );
    });

    it("an end without a status", async () => {
      const server = await serve({
        onHalfClose: (call) => {
          call.stream.respond({ ":status": 200, "content-type": "application/grpc" });
          call.stream.end();
        },
      });
      const { outcome } = await session(connect(server.address));
      expect(outcome).toEqual(failed({ phase: "flush", class: "protocol-violation", origin: "server" }));
    });
  });

  describe("no gRPC server at all", () => {
    const attempt = async (server: TestServer, spec: Partial<StreamSpec> = {}): Promise<Outcome> => {
      return open(connect(own(server).address), spec).heard.ended;
    };

    it("a dead port refuses at once, also the second time", async () => {
      const transport = connect(await deadAddress());
      for (let times = 0; times < 2; times++) {
        const startMs = realClock.nowMs();
        const { heard } = open(transport);
        expect(await heard.ended).toEqual(
          failed({ phase: "connect", class: "refused", code: "ECONNREFUSED" }),
        );
        expect(realClock.nowMs() - startMs).toBeLessThan(500);
      }
    });

    it("a name that does not exist", async () => {
      const { heard } = open(connect("nosuch.invalid:50051"));
      expect(await heard.ended).toEqual(failed({ phase: "resolve", class: "not-found" }));
    });

    it("an HTTP/1.1 server", async () => {
      expect(await attempt(await http1Server())).toEqual(
        failed({ phase: "connect", class: "protocol-violation" }),
      );
    });

    it("a server that talks first", async () => {
      const server = await tcpServer((socket) => void socket.end("220 mail.example.org ESMTP\r\n"));
      expect(await attempt(server)).toEqual(failed({ phase: "connect", class: "protocol-violation" }));
    });

    it("a server that hangs up", async () => {
      const server = await tcpServer((socket) => void socket.end());
      expect(await attempt(server)).toEqual(failed({ phase: "connect", class: "connection-lost" }));
    });

    it("a server that says nothing: the ready limit", async () => {
      const startMs = realClock.nowMs();
      const outcome = await attempt(await tcpServer(), { readyTimeoutMs: 120 });
      expect(outcome).toEqual(failed({ phase: "connect", class: "timeout", code: "READY_TIMEOUT" }));
      expect(realClock.nowMs() - startMs).toBeGreaterThanOrEqual(119);
    });
  });
});
