/** What only gRPC has: its wire, its frames, connections shared by streams. For both carriers of it. */
import { describe, expect, it } from "vitest";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { transportsFor } from "../../src/client/transports.ts";
import { answer } from "../support/grpc-peer.ts";
import type { ServerCall } from "../support/misbehaving-server.ts";
import { CHUNK, GOOD, failed, harness } from "./harness.ts";

const { requestDeserialize } = rivaServices().asr.StreamingRecognize;

describe.each(transportsFor("riva-grpc"))("%s", (name) => {
  const { serve, connect, open, session } = harness(name);

  describe("on the wire", () => {
    it("are configuration with request id, then audio", async () => {
      const calls: ServerCall[] = [];
      const server = await serve({ ...GOOD, onCall: (call) => calls.push(call) });
      await session(connect(server.address), {}, 2);
      const [config, ...audio] = calls[0]!.messages.map((message) => requestDeserialize(message));
      expect(config).toMatchObject({
        id: { value: "run/steady/1" },
        streaming_config: {
          interim_results: true,
          config: { language_code: "en-US", sample_rate_hertz: 16_000 },
        },
      });
      expect(audio.map((message) => message.audio_content)).toEqual(Array(2).fill(Buffer.from(CHUNK)));
    });

    it("may be empty answers: they are told", async () => {
      const server = await serve({
        onHalfClose: (call) => {
          call.send(Buffer.alloc(0));
          call.end(0);
        },
      });
      const { heard } = await session(connect(server.address));
      expect(heard.responses).toMatchObject([{ final: false, text: "" }]);
    });

    it("may be answers cut anywhere, and several at once", async () => {
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
  });
});
