/**
 * The contract of `src/client/transport.ts`, held against every transport: what a stream tells and when. Real sockets
 * and real time, but short.
 */
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { transportNames } from "../../src/client/transports.ts";
import { deadAddress, tcpServer } from "../support/misbehaving-server.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import type { ServerCall } from "../support/misbehaving-server.ts";
import { CHUNK, GOOD, answer, failed, harness } from "./harness.ts";

const certificates = makeCertificates();
const ofServer = { cert: pem(certificates, "server.crt"), key: pem(certificates, "server.key") };
const trust = { rootCa: pem(certificates, "ca.crt"), serverName: "localhost" };
const { requestDeserialize } = rivaServices().asr.StreamingRecognize;

describe.each(transportNames)("%s", (name) => {
  const { serve, own, connect, open, session } = harness(name);

  describe("a good server", () => {
    it("gets configuration, audio and half-close in this order, and is heard", async () => {
      const calls: ServerCall[] = [];
      const server = await serve({ ...GOOD, onCall: (call) => calls.push(call) });
      const { heard, outcome } = await session(connect(server.address), {}, 3);
      expect(outcome).toEqual({ ok: true });
      expect(heard.events.map((event) => event.kind).filter((kind) => kind !== "response")).toEqual([
        "open",
        "accepted",
        "accepted",
        "accepted",
        "end",
      ]);
      expect(heard.responses.map((response) => response.text)).toEqual(["hel", "hel", "hel", "hello"]);
      expect(heard.responses.at(-1)).toMatchObject({ final: true, audioProcessedS: 0.5 });
      const [config, ...audio] = calls[0]!.messages.map((message) => requestDeserialize(message));
      expect(config).toMatchObject({
        id: { value: "run/steady/1" },
        streaming_config: {
          interim_results: true,
          config: { language_code: "en-US", sample_rate_hertz: 16_000 },
        },
      });
      expect(audio.map((message) => message.audio_content)).toEqual(Array(3).fill(Buffer.from(CHUNK)));
    });

    it("sends metadata with the call", async () => {
      const calls: ServerCall[] = [];
      const server = await serve({ ...GOOD, onCall: (call) => calls.push(call) });
      await session(connect(server.address, { metadata: { authorization: "Bearer k" } }));
      expect(calls[0]!.headers).toMatchObject({ authorization: "Bearer k" });
    });

    it("tells each call its own trace, and no other call of it", async () => {
      const calls: ServerCall[] = [];
      const server = await serve({ ...GOOD, onCall: (call) => calls.push(call) });
      const transport = connect(server.address, { metadata: { authorization: "Bearer k" } });
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await session(transport, { traceparent });
      await session(transport);
      expect(calls.map(({ headers }) => headers["traceparent"])).toEqual([traceparent, undefined]);
      expect(calls.map(({ headers }) => headers["authorization"])).toEqual(["Bearer k", "Bearer k"]);
    });

    it("may be slow: answers are stamped when they come", async () => {
      const server = await serve({
        onHalfClose: (call) => {
          setTimeout(() => {
            GOOD.onHalfClose?.(call);
          }, 150);
        },
      });
      const startMs = realClock.nowMs();
      const { heard } = await session(connect(server.address));
      expect(heard.responses[0]!.atMs - startMs).toBeGreaterThanOrEqual(149);
    });

    it("may end without a final: that is for others to judge", async () => {
      const server = await serve({ onHalfClose: (call) => call.end(0) });
      expect(await session(connect(server.address))).toMatchObject({
        outcome: { ok: true },
        heard: { responses: [] },
      });
    });

    it("may send empty answers: they are told", async () => {
      const server = await serve({
        onHalfClose: (call) => {
          call.send(Buffer.alloc(0));
          call.end(0);
        },
      });
      const { heard } = await session(connect(server.address));
      expect(heard.responses).toMatchObject([{ final: false, text: "" }]);
    });

    it("may cut its answers anywhere, and send several at once", async () => {
      const framed = (text: string): Buffer => {
        const message = answer(text, false);
        return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
      };
      const server = await serve({
        onHalfClose: (call) => {
          const bytes = Buffer.concat(["one", "two", "three"].map(framed));
          const pieces = [bytes.subarray(0, 3), bytes.subarray(3, 9), bytes.subarray(9)];
          pieces.forEach((piece, k) => setTimeout(() => call.sendRaw(piece), 20 * k));
          setTimeout(() => call.end(0), 60);
        },
      });
      const { heard, outcome } = await session(connect(server.address));
      expect(outcome).toEqual({ ok: true });
      expect(heard.responses.map((response) => response.text)).toEqual(["one", "two", "three"]);
    });

    it("speaks TLS, when we trust it", async () => {
      const server = await serve(GOOD, { tls: ofServer });
      expect((await session(connect(server.address, { tls: trust }))).outcome).toEqual({ ok: true });
      const distrusted = await session(connect(server.address, { tls: { serverName: "localhost" } }));
      expect(distrusted.outcome).toEqual(
        failed({
          phase: "tls",
          class: "certificate",
          origin: "client-config",
          code: "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        }),
      );
      const plainText = await session(connect(server.address));
      expect(plainText.outcome).toEqual(failed({ phase: "connect", class: "connection-lost" }));
    });

    it("may want to know who we are", async () => {
      const server = await serve(GOOD, { tls: { ...ofServer, ca: trust.rootCa, requestCert: true } });
      const [clientCert, clientKey] = [pem(certificates, "client.crt"), pem(certificates, "client.key")];
      const known = connect(server.address, { tls: { ...trust, clientCert, clientKey } });
      expect((await session(known)).outcome).toEqual({ ok: true });
      const stranger = await session(connect(server.address, { tls: trust }));
      expect(stranger.outcome).toEqual(
        failed({ phase: "tls", class: "certificate", origin: "client-config" }),
      );
    });
  });

  describe("back-pressure", () => {
    it("a server that does not read is seen: chunks are not accepted, send says so", async () => {
      // The client may send 65,535 bytes a stream before the server has to read.
      const server = await serve({}, { deaf: true });
      const transport = connect(server.address);
      const chunk = transport.encodeChunk(new Uint8Array(20_000));
      const { heard, stream } = open(transport);
      await heard.opened;
      const room: boolean[] = [];
      for (let k = 0; k < 6; k++) {
        room.push(stream.send(chunk));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect(room).toEqual([true, true, true, true, false, false]);
      expect(heard.acceptedMs).toHaveLength(3);
      stream.cancel("seen enough");
      expect(await heard.ended).toEqual(failed({ class: "cancelled" }));
    });

    it("a server that reads late is seen: chunks are accepted late", async () => {
      const server = await serve({
        onCall: (call) => {
          call.stream.pause();
          setTimeout(() => call.stream.resume(), 200);
        },
        onHalfClose: (call) => call.end(0),
      });
      const transport = connect(server.address);
      const chunk = transport.encodeChunk(new Uint8Array(20_000));
      const { heard } = open(transport, {}, (stream) => {
        for (let k = 0; k < 8; k++) stream.send(chunk);
        stream.finish();
      });
      expect(await heard.ended).toEqual({ ok: true });
      const [openedMs, accepted] = [await heard.opened, heard.acceptedMs];
      expect(accepted).toHaveLength(8);
      expect(accepted[0]! - openedMs).toBeLessThan(100);
      expect(accepted.at(-1)! - openedMs).toBeGreaterThan(150);
    });
  });

  describe("a client that does not read", () => {
    it("leaves answers lying until it reads again, and they are stamped then", async () => {
      const server = await serve({ onMessage: GOOD.onMessage! });
      const transport = connect(server.address);
      const { heard, stream } = open(transport);
      await heard.opened;
      stream.setReading(false);
      stream.send(transport.encodeChunk(CHUNK));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(heard.responses).toEqual([]);
      const againMs = realClock.nowMs();
      stream.setReading(true);
      await expect.poll(() => heard.responses.length).toBe(1);
      expect(heard.responses[0]!.atMs).toBeGreaterThanOrEqual(againMs);
      stream.cancel("seen enough");
      await heard.ended;
    });

    it("reads again when it has said all it had to say: no answer is lost", async () => {
      const server = await serve(GOOD);
      const transport = connect(server.address);
      const { heard, stream } = open(transport);
      await heard.opened;
      stream.setReading(false);
      for (let k = 0; k < 40; k++) stream.send(transport.encodeChunk(CHUNK));
      await new Promise((resolve) => setTimeout(resolve, 50));
      stream.finish();
      expect(await heard.ended).toEqual({ ok: true });
      expect(heard.responses).toHaveLength(41);
      expect(heard.responses.at(-1)).toMatchObject({ text: "hello", final: true });
    });

    it("can be given up", async () => {
      const server = await serve(GOOD);
      const transport = connect(server.address);
      const { heard, stream } = open(transport);
      await heard.opened;
      stream.setReading(false);
      stream.send(transport.encodeChunk(CHUNK));
      stream.cancel("gone");
      expect(await heard.ended).toEqual(failed({ class: "cancelled" }));
    });
  });

  describe("giving up", () => {
    it("cancel ends the stream soon, in any phase, once", async () => {
      const server = await serve({});
      const transport = connect(server.address);
      const early = open(transport);
      early.stream.cancel("changed my mind");
      expect(await early.heard.ended).toEqual(
        failed({ phase: "connect", class: "cancelled", origin: "generator", message: "changed my mind" }),
      );
      const late = open(transport);
      await late.heard.opened;
      late.stream.send(transport.encodeChunk(CHUNK));
      late.stream.finish();
      late.stream.cancel("that will do");
      late.stream.cancel("again");
      expect(await late.heard.ended).toEqual(
        failed({ phase: "flush", class: "cancelled", message: "that will do" }),
      );
    });

    it("the server notices a cancelled stream", async () => {
      let closed = false;
      const server = await serve({ onCall: (call) => call.stream.on("close", () => (closed = true)) });
      const { heard, stream } = open(connect(server.address));
      await heard.opened;
      stream.cancel("gone");
      await expect.poll(() => closed).toBe(true);
    });

    it("close ends every stream as cancelled; the transport is of no more use", async () => {
      const server = await serve({});
      const transport = connect(server.address);
      const streams = [open(transport), open(transport)];
      await streams[0]!.heard.opened;
      await transport.close();
      for (const { heard } of streams)
        expect(heard.events.at(-1)).toMatchObject({ kind: "end", outcome: failed({ class: "cancelled" }) });
      const { heard } = open(transport);
      expect(await heard.ended).toEqual(failed({ class: "cancelled", origin: "generator" }));
      await transport.close();
    });

    it("after the end send, finish and cancel do nothing", async () => {
      const server = await serve(GOOD);
      const transport = connect(server.address);
      const { heard, stream } = open(transport, {}, (opened) => opened.finish());
      await heard.ended;
      stream.send(transport.encodeChunk(CHUNK));
      stream.finish();
      stream.cancel("too late");
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(heard.events.at(-1)).toMatchObject({ kind: "end", outcome: { ok: true } });
    });
  });

  describe("connections", () => {
    it("carry at most the streams they are allowed, and are used evenly", async () => {
      const ports: (number | undefined)[] = [];
      const server = await serve({ onCall: (call) => ports.push(call.stream.session?.socket.remotePort) });
      const transport = connect(server.address, { streamsPerConnection: 2 });
      expect(await transport.warmUp(5, 1000)).toMatchObject({ connections: 3 });
      expect(server.connections()).toBe(3);
      const streams = Array.from({ length: 8 }, () => open(transport));
      await Promise.all(streams.map(({ heard }) => heard.opened));
      await expect.poll(() => ports.length).toBe(8);
      expect(server.connections()).toBe(4);
      const counts = [...new Set(ports)].map((port) => ports.filter((other) => other === port).length);
      expect(counts).toEqual([2, 2, 2, 2]);
    });

    it("are given back", async () => {
      const server = await serve(GOOD);
      const transport = connect(server.address, { streamsPerConnection: 1 });
      for (let times = 0; times < 3; times++)
        expect((await session(transport)).outcome).toEqual({ ok: true });
      expect(server.connections()).toBe(1);
    });

    it("warm-up says quickly why the target can't be used", async () => {
      await expect(connect(await deadAddress()).warmUp(100, 1000)).rejects.toMatchObject({
        exitCode: 7,
        message: expect.stringMatching(/ECONNREFUSED/) as unknown,
        hint: expect.stringMatching(/port/) as unknown,
      });
      const silent = own(await tcpServer());
      await expect(connect(silent.address).warmUp(1, 100)).rejects.toMatchObject({
        exitCode: 7,
        message: expect.stringMatching(/100 ms/) as unknown,
      });
    });
  });
});
