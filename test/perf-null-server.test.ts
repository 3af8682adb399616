import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from "node:http2";
import { connect as connectHttp2 } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { connect, createServer } from "node:net";
import { once } from "node:events";
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { credentials, makeClientConstructor, status } from "@grpc/grpc-js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { monotonicMs } from "../perf/monotonic.ts";
import { serveConnection } from "../perf/null-connection.ts";
import type { NullStream } from "../perf/null-stream.ts";
import type {
  Partially,
  StreamingRecognizeRequest,
  StreamingRecognizeResponse,
} from "../src/base/riva-proto.ts";
import { rivaServices } from "../src/base/riva-proto.ts";

type Call = ClientDuplexStream<Partially<StreamingRecognizeRequest>, StreamingRecognizeResponse>;

let server: Server;
let port: number;
let sessions: NullStream[];

beforeEach(async () => {
  sessions = [];
  server = createServer((socket) => serveConnection(socket, (session) => sessions.push(session)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.close();
});

test("a grpc-js client gets an interim per 500 ms, a final and status OK; the server knows id and arrivals", async () => {
  const { StreamingRecognize } = rivaServices().asr;
  const client = new (makeClientConstructor({ StreamingRecognize }, "Riva"))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  const call = (client["StreamingRecognize"] as unknown as () => Call).call(client);
  const responses: StreamingRecognizeResponse[] = [];
  call.on("data", (response: StreamingRecognizeResponse) => responses.push(response));
  const startedMs = monotonicMs();
  call.write({
    streaming_config: { config: { language_code: "en-US" }, interim_results: true },
    id: { value: "run/7" },
  });
  for (let i = 0; i < 12; i++) call.write({ audio_content: Buffer.alloc(3200, i) });
  call.end();
  const [end] = (await once(call, "status")) as [{ code: number }];
  client.close();

  expect(end.code).toBe(status.OK);
  const results = responses.map(({ results: [result] }) => [result?.is_final, result?.audio_processed]);
  expect(results).toEqual([
    [false, 0.5],
    [false, 1],
    [true, expect.closeTo(1.2, 5)],
  ]);
  expect(responses[2]?.results[0]?.alternatives[0]?.transcript).toBe("the null");
  expect(sessions.map((session) => session.sessionId)).toEqual(["run/7"]);
  const arrivals = [...(sessions[0]?.arrivalsMs() ?? [])];
  expect(arrivals).toHaveLength(12);
  expect(arrivals[0]).toBeGreaterThan(startedMs);
  expect(arrivals.at(-1)).toBeLessThan(monotonicMs());
  expect(arrivals).toEqual([...arrivals].sort((a, b) => a - b));
});

test("a model that is asked for names the session, before the request id", async () => {
  const { StreamingRecognize } = rivaServices().asr;
  const client = new (makeClientConstructor({ StreamingRecognize }, "Riva"))(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
  );
  const call = (client["StreamingRecognize"] as unknown as () => Call).call(client);
  call.resume();
  call.write({
    streaming_config: {
      config: { encoding: "LINEAR_PCM", sample_rate_hertz: 16_000, language_code: "en-US", model: "run/8" },
      interim_results: true,
    },
    id: { value: "run/7" },
  });
  call.end();
  await once(call, "status");
  client.close();
  expect(sessions.map((session) => session.sessionId)).toEqual(["run/8"]);
});

test("ping is answered, padding and message cuts are understood", async () => {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const [, rtt] = await new Promise<[Error | null, number]>((resolve) => {
    session.on("connect", () => session.ping((error, ms) => resolve([error, ms])));
  });
  expect(rtt).toBeGreaterThan(0);

  const stream = open(session);
  // One gRPC message in three writes, then two messages in one.
  const config = message(CONFIG);
  stream.write(config.subarray(0, 3));
  await once(stream, "response");
  stream.write(config.subarray(3, 8));
  stream.write(Buffer.concat([config.subarray(8), audioMessage(200), audioMessage(3200)]));
  stream.end(audioMessage(10));
  expect(await Promise.all([messagesOf(stream), statusOf(stream)])).toEqual([1, "0"]);
  expect(sessions[0]?.audioBytes).toBe(200 + 3200 + 10);
  expect(sessions[0]?.arrivalsMs()).toHaveLength(3);
  session.close();
});

test("frames cut anywhere by the socket are put together", async () => {
  const frames = Buffer.concat([
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    http2Frame(4, 0, 0, Buffer.alloc(0)),
    http2Frame(1, 0x4, 1, Buffer.from([0x83])),
    http2Frame(0, 0, 1, message(CONFIG)),
    // PADDED: one byte of length before, two of padding behind.
    http2Frame(0, 0x8, 1, Buffer.concat([Buffer.from([2]), audioMessage(300), Buffer.alloc(2)])),
    http2Frame(0, 0x1, 1, audioMessage(16_000)),
  ]);
  for (const piece of [1, 7, 10, 4096]) {
    const socket = connect(port, "127.0.0.1");
    socket.setNoDelay(true);
    await once(socket, "connect");
    const received: Buffer[] = [];
    socket.on("data", (bytes: Buffer) => received.push(bytes));
    // A write each: on loopback most arrive alone.
    for (let at = 0, size = 0; at < frames.length; at += size) {
      // Small pieces for what is first; the long audio frame in fewer.
      size = at < 600 ? piece : 1000 + piece;
      const bytes = frames.subarray(at, at + size);
      await new Promise((resolve) => socket.write(bytes, resolve));
    }
    const session = await poll(() => (sessions[0]?.audioBytes === 16_300 ? sessions.shift() : undefined));
    expect(session.sessionId).toBe("id");
    await poll(() => (Buffer.concat(received).includes("grpc-status") ? true : undefined));
    socket.destroy();
  }
});

test("responses wait while the client's connection window is full, and none is lost", async () => {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  const streams = Array.from({ length: 4 }, () => open(session).pause());
  const ended = streams.map(statusOf);
  const isEnded = streams.map(() => false);
  ended.forEach((end, i) => void end.then(() => (isEnded[i] = true)));
  const halfSecond = audioMessage(16_000);
  for (const stream of streams) {
    stream.write(message(CONFIG));
    for (let i = 0; i < 600; i++) stream.write(halfSecond);
    stream.end();
  }
  // 4 x 600 responses of over 50 bytes are twice the window of 65,535.
  await poll(() =>
    sessions.length === 4 && sessions.every((s) => s.audioBytes === 9_600_000) ? true : undefined,
  );
  expect(isEnded).toContain(false);
  expect(await Promise.all(streams.map(messagesOf))).toEqual([601, 601, 601, 601]);
  expect(await Promise.all(ended)).toEqual(["0", "0", "0", "0"]);
  session.close();
});

/** StreamingRecognizeRequest { streaming_config { interim_results: true }, id { value: "id" } }. */
const CONFIG: Buffer = Buffer.from([0x0a, 2, 0x10, 1, 0xa2, 0x06, 4, 0x0a, 2, 0x69, 0x64]);

function message(payload: Buffer): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(payload.length, 1);
  return Buffer.concat([prefix, payload]);
}

function audioMessage(bytes: number): Buffer {
  const length = bytes < 128 ? [bytes] : [(bytes & 0x7f) | 0x80, bytes >> 7];
  const longLength =
    bytes < 16_384 ? length : [(bytes & 0x7f) | 0x80, ((bytes >> 7) & 0x7f) | 0x80, bytes >> 14];
  return message(Buffer.concat([Buffer.from([0x12, ...longLength]), Buffer.alloc(bytes)]));
}

function http2Frame(type: number, flags: number, streamId: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(9);
  header.writeUIntBE(payload.length, 0, 3);
  header.writeUInt8(type, 3);
  header.writeUInt8(flags, 4);
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, payload]);
}

function open(session: ClientHttp2Session): ClientHttp2Stream {
  return session.request(
    {
      ":method": "POST",
      ":path": "/nvidia.riva.asr.RivaSpeechRecognition/StreamingRecognize",
      te: "trailers",
    },
    { endStream: false },
  );
}

/** The gRPC status of the trailers. */
async function statusOf(stream: ClientHttp2Stream): Promise<unknown> {
  const [headers] = (await once(stream, "trailers")) as [IncomingHttpHeaders];
  return headers["grpc-status"];
}

/** Number of gRPC messages up to the end of the stream. */
async function messagesOf(stream: ClientHttp2Stream): Promise<number> {
  const chunks: Buffer[] = [];
  stream.on("data", (bytes: Buffer) => chunks.push(bytes));
  stream.resume();
  await once(stream, "end");
  const body = Buffer.concat(chunks);
  let messages = 0;
  for (let at = 0; at < body.length; at += 5 + body.readUInt32BE(at + 1)) messages++;
  return messages;
}

async function poll<T>(check: () => T | undefined): Promise<T> {
  for (;;) {
    const value = check();
    if (value !== undefined) return value;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
