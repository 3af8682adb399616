/**
 * Callers that mean no good, in a process of their own: does what its parent names to a gateway on loopback, until it is told
 * to stop or its parent ends. Raw sockets, so that nothing here is politer than an attacker would be.
 */
import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setPriority } from "node:os";

const HEAD = "Host: 127.0.0.1\r\n";
const UPGRADE =
  `${HEAD}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
const REALTIME = "/v1/realtime?intent=transcription";
const START = JSON.stringify({ type: "start" });
const COMMIT = JSON.stringify({ type: "input_audio_buffer.commit" });

const TEXT = 0x1;
const BINARY = 0x2;
const PING = 0x9;

/** A client's frame, masked with zeros; `claimed` = the length its header tells. */
function frame(opcode: number, payload: Buffer | string, { final = true, claimed = -1 } = {}): Buffer {
  const body = Buffer.from(payload);
  const length = claimed < 0 ? body.length : claimed;
  const size = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const head = Buffer.alloc(2 + size + 4);
  head[0] = (final ? 0x80 : 0) | opcode;
  head[1] = 0x80 | (size === 0 ? length : size === 2 ? 126 : 127);
  if (size === 2) head.writeUInt16BE(length, 2);
  if (size === 8) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, body]);
}

/** The source of all connections. */
let localAddress = "127.0.0.1";
// What is measured is the gateway: they take what it leaves of the machine.
setPriority(19);

/** A socket that comes again as soon as it is closed, `pauseMs` later. */
function persistent(port: number, pauseMs: number, act: (socket: Socket) => void): void {
  const socket = connect({ port, host: "127.0.0.1", localAddress, allowHalfOpen: true });
  socket.on("error", () => undefined);
  socket.on("connect", () => act(socket));
  socket.on("end", () => setTimeout(() => socket.destroy(), 60_000).unref());
  socket.on("close", () => setTimeout(() => persistent(port, pauseMs, act), pauseMs));
}

function times(count: number, act: () => void): void {
  for (let i = 0; i < count; i++) act();
}

/** Upgrades, and then reads nothing at all. */
function deaf(port: number, path: string, then: (socket: Socket) => void, pauseMs = 200): void {
  persistent(port, pauseMs, (socket) => {
    socket.write(`GET ${path} HTTP/1.1\r\n${UPGRADE}\r\n`);
    socket.once("data", () => {
      socket.pause();
      then(socket);
    });
  });
}

/** Writes the same bytes again whenever the socket takes them. */
function pour(socket: Socket, bytes: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on("drain", more);
  more();
}

/** Each is bounded in sockets, and goes on until the process ends. */
const ATTACKS: Readonly<Record<string, (port: number) => void>> = {
  /** Connects and says nothing. */
  mute(port) {
    times(200, () => persistent(port, 50, () => undefined));
  },
  /** A request that never ends, a byte at a time. */
  slowloris(port) {
    times(100, () =>
      persistent(port, 50, (socket) => {
        socket.write(`GET /v1/stream HTTP/1.1\r\n${HEAD}X-Slow: `);
        const drip = setInterval(() => socket.write("a"), 100);
        socket.on("close", () => clearInterval(drip));
      }),
    );
  },
  /** Is refused, and never closes its side. */
  halfOpen(port) {
    times(100, () =>
      persistent(port, 50, (socket) => socket.write(`GET /nowhere HTTP/1.1\r\n${UPGRADE}\r\n`)),
    );
  },
  /** Sends audio as fast as it is taken and reads no result. */
  neverReading(port) {
    const audio = frame(BINARY, Buffer.alloc(3200));
    times(20, () =>
      deaf(port, "/v1/stream", (socket) => {
        socket.write(frame(TEXT, START));
        pour(socket, Buffer.concat(Array.from({ length: 20 }, () => audio)));
      }),
    );
  },
  /** Messages that are cheap to send and each get an answer. */
  messages(port) {
    const commits = Buffer.concat(Array.from({ length: 500 }, () => frame(TEXT, COMMIT)));
    times(10, () => deaf(port, REALTIME, (socket) => pour(socket, commits)));
  },
  /** The smallest pieces of audio. */
  crumbs(port) {
    const crumbs = Buffer.concat(Array.from({ length: 2000 }, () => frame(BINARY, Buffer.alloc(2))));
    times(10, () =>
      deaf(port, "/v1/stream", (socket) => {
        socket.write(frame(TEXT, START));
        pour(socket, crumbs);
      }),
    );
  },
  pings(port) {
    const pings = Buffer.concat(Array.from({ length: 500 }, () => frame(PING, Buffer.alloc(125))));
    times(10, () => deaf(port, "/v1/stream", (socket) => pour(socket, pings)));
  },
  /** Sessions opened and dropped as fast as it goes. */
  churn(port) {
    times(10, () =>
      persistent(port, 0, (socket) => {
        socket.write(`GET /v1/stream HTTP/1.1\r\n${UPGRADE}\r\n`);
        socket.once("data", () => {
          socket.write(frame(TEXT, START));
          socket.resetAndDestroy();
        });
      }),
    );
  },
  /** The largest frame there may be, all but its last byte; and one in very many fragments. */
  unfinished(port) {
    const almost = frame(BINARY, Buffer.alloc(1_048_575), { claimed: 1_048_576 });
    times(20, () => deaf(port, "/v1/stream", (socket) => socket.write(almost)));
    const first = frame(TEXT, "a", { final: false });
    const fragments = Buffer.concat(Array.from({ length: 2000 }, () => frame(0, "a", { final: false })));
    times(5, () =>
      deaf(port, "/v1/stream", (socket) => {
        socket.write(first);
        pour(socket, fragments);
      }),
    );
  },
  /** The largest JSON there may be, as deep as it can be or with as many keys. */
  hugeJson(port) {
    const deep = frame(TEXT, "[".repeat(1_048_576));
    const junk = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`k${i}`, i]));
    const update = { type: "transcription_session.update", session: { recognition_config: junk } };
    const wide = frame(TEXT, JSON.stringify(update));
    times(3, () => deaf(port, REALTIME, (socket) => socket.write(deep)));
    times(3, () => deaf(port, REALTIME, (socket) => pour(socket, wide)));
  },
  /** A body that is promised and comes a byte at a time. */
  slowBody(port) {
    times(50, () =>
      persistent(port, 50, (socket) => {
        socket.write(
          `POST /v1/realtime/transcription_sessions HTTP/1.1\r\n${HEAD}Content-Length: 60000\r\n\r\n{`,
        );
        const drip = setInterval(() => socket.write(" "), 100);
        socket.on("close", () => clearInterval(drip));
      }),
    );
  },
  /** No HTTP, and no frames. */
  noise(port) {
    times(5, () => persistent(port, 20, (socket) => socket.write(randomBytes(4096))));
    times(5, () => deaf(port, "/v1/stream", (socket) => socket.write(randomBytes(4096)), 20));
  },
};

process.on(
  "message",
  ({ attacks, port, from }: { attacks?: readonly string[]; port: number; from: string }) => {
    localAddress = from;
    for (const attack of attacks ?? Object.keys(ATTACKS)) ATTACKS[attack]?.(port);
  },
);
process.send?.("ready");
process.on("disconnect", () => process.exit());
