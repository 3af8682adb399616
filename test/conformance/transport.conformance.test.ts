/**
 * The contract of `src/client/transport.ts`, held against every transport: what a stream tells and when. Real sockets
 * and real time, but short.
 */
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { deadAddress, tcpServer } from "../support/misbehaving-server.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import type { Peer } from "../support/peer.ts";
import { CHUNK, POLITE, conformingTransports, failed, harness } from "./harness.ts";

const certificates = makeCertificates();
const ofServer = { cert: pem(certificates, "server.crt"), key: pem(certificates, "server.key") };
const trust = { rootCa: pem(certificates, "ca.crt"), serverName: "localhost" };

describe.each(conformingTransports)("%s", (name) => {
  const { meet, own, connect, open, session } = harness(name);

  describe("a good server", () => {
    it("gets configuration, audio and half-close in this order, and is heard", async () => {
      const peers: Peer[] = [];
      const server = await meet({ ...POLITE, onConfig: (peer) => peers.push(peer) });
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
      expect(peers[0]!.config).toEqual({ language: "en-US", sampleRateHz: 16_000 });
      expect(peers[0]!.audio).toEqual(Array(3).fill(Buffer.from(CHUNK)));
    });

    it("sends metadata with the call", async () => {
      const peers: Peer[] = [];
      const server = await meet({ ...POLITE, onConfig: (peer) => peers.push(peer) });
      await session(connect(server.address, { metadata: { authorization: "Bearer k" } }));
      expect(peers[0]!.headers).toMatchObject({ authorization: "Bearer k" });
    });

    it("tells each call its own trace, and no other call of it", async () => {
      const peers: Peer[] = [];
      const server = await meet({ ...POLITE, onConfig: (peer) => peers.push(peer) });
      const transport = connect(server.address, { metadata: { authorization: "Bearer k" } });
      const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await session(transport, { traceparent });
      await session(transport);
      expect(peers.map(({ headers }) => headers["traceparent"])).toEqual([traceparent, undefined]);
      expect(peers.map(({ headers }) => headers["authorization"])).toEqual(["Bearer k", "Bearer k"]);
    });

    it("may be slow: answers are stamped when they come", async () => {
      const server = await meet({ onHalfClose: (peer) => setTimeout(() => peer.end("hello"), 150) });
      const startMs = realClock.nowMs();
      const { heard } = await session(connect(server.address));
      expect(heard.responses[0]!.atMs - startMs).toBeGreaterThanOrEqual(149);
    });

    it("may end without a final: that is for others to judge", async () => {
      const server = await meet({ onHalfClose: (peer) => peer.end() });
      expect(await session(connect(server.address))).toMatchObject({
        outcome: { ok: true },
        heard: { responses: [] },
      });
    });

    it("speaks TLS, when we trust it", async () => {
      const server = await meet(POLITE, { tls: ofServer });
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
      const server = await meet(POLITE, { tls: { ...ofServer, ca: trust.rootCa, requestCert: true } });
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
      const server = await meet({}, { deaf: true });
      const transport = connect(server.address);
      const chunk = transport.encodeChunk(new Uint8Array(256 * 1024));
      const { heard, stream } = open(transport);
      await heard.opened;
      let sent = 0;
      for (let refused = 0; refused < 2 && sent < 200; sent++) {
        if (!stream.send(chunk)) refused++;
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      expect(sent).toBeLessThan(200);
      expect(heard.acceptedMs.length).toBeLessThan(sent);
      stream.cancel("seen enough");
      expect(await heard.ended).toEqual(failed({ class: "cancelled" }));
    });
  });

  describe("a client that does not read", () => {
    it("leaves answers lying until it reads again, and they are stamped then", async () => {
      const server = await meet({ onChunk: POLITE.onChunk! });
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
      const server = await meet(POLITE);
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
      const server = await meet(POLITE);
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
      const server = await meet({});
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
      const server = await meet({ onConfig: (peer) => peer.onClose(() => (closed = true)) });
      const { heard, stream } = open(connect(server.address));
      await heard.opened;
      stream.cancel("gone");
      await expect.poll(() => closed).toBe(true);
    });

    it("close ends every stream as cancelled; the transport is of no more use", async () => {
      const server = await meet({});
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
      const server = await meet(POLITE);
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
