/** The realtime dialect of a NIM: its events by value, and what each way of failing is called. */
import type { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import type { Outcome } from "../../src/base/outcome.ts";
import { deadAddress, tcpServer } from "../support/misbehaving-server.ts";
import type { Peer, PeerScript } from "../support/peer.ts";
import { realtimePeer as raw, realtimeServer } from "../support/realtime-server.ts";
import type { ClientEvent, RealtimePeer, RealtimeServerOptions } from "../support/realtime-server.ts";
import { CHUNK, POLITE, failed, harness } from "./harness.ts";

const { own, connect, open, session, unfinished } = harness("nim-realtime");

const serve = async (script: PeerScript, options?: RealtimeServerOptions): Promise<string> =>
  own(await realtimeServer(script, options)).address;

const atFirstChunk = (act: (peer: RealtimePeer) => void): PeerScript => ({
  onChunk: (peer, index) => {
    if (index === 0) act(raw(peer));
  },
});

describe("on the wire", () => {
  it("are the events of the dialect, in its order", async () => {
    const events: ClientEvent[] = [];
    const address = await serve(POLITE, { onEvent: (event) => events.push(event) });
    const recognition = {
      ...{ language: "de-DE", interim: true, model: "m", punctuation: true, wordTimeOffsets: true },
      ...{ verbatim: true, profanityFilter: true, maxAlternatives: 3 },
      boosting: [{ phrases: ["Riva"], boost: 20 }],
      ...{ diarization: { maxSpeakers: 4 }, endpointing: { stopHistoryMs: 800 } },
      customConfiguration: { "neural_vad.onset": "0.85" },
    };
    await session(connect(address), { recognition, sampleRateHz: 8000 }, 2);
    expect(events.map(({ type }) => type.replace(/.*[.]/, ""))).toEqual([
      "update",
      ...["append", "commit", "append", "commit"],
      "done",
    ]);
    expect(events[1]!.audio).toBe(Buffer.from(CHUNK).toString("base64"));
    expect(events[0]!.session).toMatchObject({
      // The server's own defaults go back to it, its secret does not.
      ...{ id: "sess_1", modalities: ["text"] },
      input_audio_format: "pcm16",
      input_audio_params: { sample_rate_hz: 8000, num_channels: 1 },
      input_audio_transcription: { language: "de-DE", model: "m", prompt: "" },
      recognition_config: {
        max_alternatives: 3,
        enable_automatic_punctuation: true,
        enable_word_time_offsets: true,
        enable_profanity_filter: true,
        enable_verbatim_transcripts: true,
        custom_configuration: "",
      },
      word_boosting: { enable_word_boosting: true, word_boosting_list: [{ phrases: ["Riva"], boost: 20 }] },
      speaker_diarization: { enable_speaker_diarization: true, max_speaker_count: 4 },
      endpointing_config: { start_history: 0, start_threshold: 0, stop_history: 800 },
      custom_configuration: { "neural_vad.onset": "0.85" },
    });
    expect(events[0]!.session).not.toHaveProperty("client_secret");
  });

  it("words come with their times", async () => {
    const words = [{ word: "hello", start_time: 80, end_time: 400, confidence: 0.9, speaker_tag: 0 }];
    const type = "conversation.item.input_audio_transcription.completed";
    const event = { type, transcript: "hello", is_last_result: true, words_info: { words } };
    const { heard } = await session(connect(await serve({ onHalfClose: (peer) => raw(peer).emit(event) })));
    expect(heard.responses[0]!.words).toEqual([{ word: "hello", startMs: 80, endMs: 400 }]);
  });

  it.each([
    ["the whole text", "good morning to you", [" to you"]],
    ["only what is new", " to you", [" to you"]],
    ["nothing new", "good morning", [""]],
  ])("the last result may hold %s: finals join to the text of the session", async (_, last, expected) => {
    const address = await serve({
      onChunk: (peer, index) => peer.say(["good", " morning"][index]!, true),
      onHalfClose: (peer) => peer.end(last),
    });
    const { heard } = await session(connect(address), {}, 2);
    expect(heard.responses.map((response) => response.text)).toEqual(["good", " morning", ...expected]);
  });

  it("other codings of audio are refused: the dialect has no name for them", async () => {
    const { heard } = open(connect(await serve(POLITE)), { encoding: "MULAW" });
    expect(await heard.ended).toEqual(failed({ phase: "configure", class: "bad-config" }));
  });
});

describe("who we are", () => {
  it("a key makes sessions; the WebSocket takes the secret of the session, and no key", async () => {
    const peers: Peer[] = [];
    const address = await serve({ ...POLITE, onConfig: (peer) => peers.push(peer) }, { mintKey: "k" });
    const transport = connect(address, { metadata: { Authorization: "Bearer k", tenant: "blue" } });
    expect((await session(transport)).outcome).toEqual({ ok: true });
    expect(peers[0]!.headers).toMatchObject({
      ...{ tenant: "blue", "sec-websocket-protocol": "realtime,realtime-token.ek_secret" },
    });
    expect(peers[0]!.headers).not.toHaveProperty("authorization");
  });

  it.each([undefined, { authorization: "Bearer wrong" }])("without the right key: %o", async (metadata) => {
    const { heard } = open(connect(await serve(POLITE, { mintKey: "k" }), { ...(metadata && { metadata }) }));
    expect(await heard.ended).toEqual(
      failed({ phase: "auth", class: "unauthenticated", message: "HTTP 401: Invalid API key" }),
    );
  });

  it("an upgrade may be forbidden all the same", async () => {
    const forbid = (socket: Socket): void => {
      socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    };
    const { heard } = open(connect(await serve(POLITE, { onUpgrade: forbid })));
    expect(await heard.ended).toEqual(failed({ phase: "auth", class: "permission", code: "HTTP_403" }));
  });
});

describe("a server that answers with an error", () => {
  it("before any audio: the model it does not have", async () => {
    const address = await serve({
      silent: true,
      onConfig: (peer) =>
        peer.refuse("Error: Unavailable model requested given these parameters: language_code=xx; "),
    });
    expect(await unfinished(address)).toEqual(
      failed({ phase: "configure", class: "bad-config", origin: "client-config" }),
    );
  });

  it("within the audio", async () => {
    const address = await serve(
      atFirstChunk((peer) => {
        peer.say("hel", false);
        peer.refuse("boom");
      }),
    );
    expect(await unfinished(address)).toEqual(
      failed({ phase: "streaming", class: "internal", origin: "server", message: "boom" }),
    );
  });

  it("by a mock: placeholder words are no answer", async () => {
    const type = "conversation.item.input_audio_transcription.delta";
    const address = await serve(atFirstChunk((peer) => peer.emit({ type, delta: "mock-1", mock: true })));
    expect(await unfinished(address)).toEqual(failed({ class: "internal", code: "MOCK" }));
  });

  it("of a slot given away", async () => {
    const address = await serve(
      atFirstChunk((peer) =>
        peer.refuse("inference request for sequence 1 to model 'm' must specify the START flag"),
      ),
    );
    expect(await unfinished(address)).toEqual(failed({ phase: "first-chunk", class: "start-flag" }));
  });

  it("after the audio", async () => {
    const address = await serve({ onHalfClose: (peer) => peer.refuse("too late") });
    expect((await session(connect(address))).outcome).toEqual(
      failed({ phase: "flush", message: "too late" }),
    );
  });

  it.each([
    [503, "unavailable", "server"],
    [429, "resource-exhausted", "server"],
    [404, "not-found", "client-config"],
  ] as const)("to the session's POST: %i", async (status, class_, origin) => {
    const { heard } = open(
      connect(
        await serve(POLITE, { onPost: (response) => response.writeHead(status).end('{"detail":"no"}') }),
      ),
    );
    expect(await heard.ended).toEqual(
      failed({ phase: "connect", class: class_, origin, message: `HTTP ${status}: no` }),
    );
  });
});

describe("a server that goes away", () => {
  it.each(["fin", "rst"] as const)("a dropped connection (%s) is this session's alone", async (how) => {
    let first = true;
    const address = await serve({
      ...POLITE,
      onChunk: (peer) => {
        if (first) peer.dropConnection(how);
        first = false;
      },
    });
    const transport = connect(address);
    const dropped = open(transport, {}, (stream) => void stream.send(transport.encodeChunk(CHUNK)));
    expect(await dropped.heard.ended).toEqual(
      failed({ phase: "first-chunk", class: "connection-lost", origin: "network" }),
    );
    expect((await session(transport)).outcome).toEqual({ ok: true });
  });

  it.each([
    [1000, "protocol-violation"],
    [1001, "unavailable"],
    [1008, "permission"],
    [1011, "internal"],
    [1012, "unavailable"],
    [1013, "resource-exhausted"],
    [4000, "other"],
  ] as const)("a close with code %i before the audio is through", async (code, class_) => {
    const address = await serve(atFirstChunk((peer) => peer.webSocket.close(code, "bye")));
    expect(await unfinished(address)).toEqual(
      failed({ phase: "first-chunk", class: class_, code: `WS_${code}` }),
    );
  });

  it("a bad close instead of the last result", async () => {
    const address = await serve({ onHalfClose: (peer) => raw(peer).webSocket.close(1011, "out of memory") });
    const { outcome } = await session(connect(address));
    expect(outcome).toEqual(failed({ phase: "flush", class: "internal", origin: "server" }));
  });

  it("silence after the audio ends at the flush limit", async () => {
    const { outcome } = await session(connect(await serve({})), { flushTimeoutMs: 120 });
    expect(outcome).toEqual(failed({ phase: "flush", class: "deadline", code: "FLUSH_TIMEOUT" }));
  });

  it.each<[string, PeerScript, RealtimeServerOptions]>([
    ["to the configuration", { silent: true }, {}],
    ["to the upgrade", {}, { onUpgrade: () => undefined }],
    ["to the session's POST", {}, { onPost: () => undefined }],
  ])("silence %s ends at the ready limit", async (_, script, options) => {
    const { heard } = open(connect(await serve(script, options)), { readyTimeoutMs: 150 });
    expect(await heard.ended).toEqual(failed({ phase: "connect", class: "timeout", code: "READY_TIMEOUT" }));
  });
});

describe("a server that talks nonsense", () => {
  it.each<[string, (peer: RealtimePeer) => void]>([
    ["no JSON", (peer) => peer.webSocket.send("<html>")],
    ["no event", (peer) => peer.webSocket.send("[]")],
    ["a binary message", (peer) => peer.webSocket.send(Buffer.from([1, 2, 3]))],
    ["no WebSocket frame", (peer) => void peer.socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff]))],
  ])("%s", async (_, act) => {
    const address = await serve(atFirstChunk(act));
    expect(await unfinished(address)).toEqual(failed({ class: "protocol-violation", origin: "server" }));
  });

  it("a session that is none", async () => {
    const { heard } = open(connect(await serve(POLITE, { onPost: (response) => response.end("hello") })));
    expect(await heard.ended).toEqual(failed({ phase: "connect", class: "protocol-violation" }));
  });

  it("events that we don't know are none of our business", async () => {
    const address = await serve({
      ...POLITE,
      onOpen: (peer) => raw(peer).emit({ type: "rate_limits.updated" }),
    });
    expect((await session(connect(address))).outcome).toEqual({ ok: true });
  });
});

describe("no such server at all", () => {
  const attempt = (address: string, readyTimeoutMs = 1000): Promise<Outcome> =>
    open(connect(address), { readyTimeoutMs }).heard.ended;

  it("a dead port", async () => {
    expect(await attempt(await deadAddress())).toEqual(
      failed({ phase: "connect", class: "refused", code: "ECONNREFUSED" }),
    );
  });

  it("a name that does not exist", async () => {
    expect(await attempt("nosuch.invalid:9000")).toEqual(failed({ phase: "resolve", class: "not-found" }));
  });

  it("a server that talks first, and one that hangs up", async () => {
    const mail = own(await tcpServer((socket) => void socket.end("220 mail.example.org ESMTP\r\n")));
    expect(await attempt(mail.address)).toEqual(failed({ phase: "connect", class: "protocol-violation" }));
    const shy = own(await tcpServer((socket) => void socket.end()));
    expect(await attempt(shy.address)).toEqual(failed({ phase: "connect", class: "connection-lost" }));
  });

  it("a server that says nothing: the ready limit", async () => {
    const startMs = realClock.nowMs();
    const silent = own(await tcpServer());
    expect(await attempt(silent.address, 120)).toEqual(failed({ class: "timeout", code: "READY_TIMEOUT" }));
    expect(realClock.nowMs() - startMs).toBeGreaterThanOrEqual(119);
  });
});
