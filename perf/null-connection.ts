/**
 * One connection of the null server: as much of HTTP/2 and gRPC as it takes to drink audio streams and answer them, and
 * no more. Frames are read in place, header blocks are not decoded, and all answers to one read leave in one write, so
 * that the server costs a small part of what any client of it does.
 *
 * Not checked: the order of frames, paths and metadata, and the flow-control window of single streams (their few
 * responses never fill it; the window of the connection is kept).
 */
import type { Socket } from "node:net";
import { monotonicMs } from "./monotonic.ts";
import {
  DEFAULT_WINDOW_BYTES,
  FLAG,
  FRAME,
  FRAME_HEADER_BYTES,
  OK_TRAILERS,
  RESPONSE_HEADERS,
  SERVER_PREFACE,
  SETTINGS_ACK,
  frame,
  responseOf,
  windowUpdate,
} from "./null-responses.ts";
import { NullStream } from "./null-stream.ts";
import { SPOKEN_WORDS } from "./workload.ts";

const CLIENT_PREFACE_BYTES = 24;
/** SETTINGS_MAX_FRAME_SIZE is left at its default. */
const MAX_FRAME_BYTES: number = FRAME_HEADER_BYTES + 16_384;
/** Received bytes after which the connection's window is topped up: rarely, but long before 2 GiB are spent. */
const WINDOW_UPDATE_EVERY_BYTES: number = 2 ** 28;
const BYTES_PER_S = 32_000;
/** A response every half a second. An utterance lasts five: so long a gateway keeps audio that another recogniser might have to hear again. */
const ANSWER_EVERY_BYTES: number = BYTES_PER_S / 2;
const ANSWERS_OF_UTTERANCE: number = SPOKEN_WORDS.length;

/** Told of every session when its configuration arrives. */
export type OnSession = (session: NullStream) => void;

/** A response that waits for the client to open the connection's window. */
interface Answer {
  streamId: number;
  stream: NullStream;
  bytes: Buffer;
  /** The stream is over with it. */
  last: boolean;
  audioS: number;
}

/** Serves `socket` until it closes. */
export function serveConnection(socket: Socket, onSession: OnSession): void {
  const connection = new NullConnection(socket, onSession);
  socket.setNoDelay(true);
  socket.on("data", (bytes: Buffer) => {
    connection.read(bytes);
  });
  // A client that resets its connection ends its streams; the sessions keep what had arrived.
  socket.on("error", () => socket.destroy());
}

class NullConnection {
  readonly #socket: Socket;
  readonly #onSession: OnSession;
  readonly #streams = new Map<number, NullStream>();
  #prefaceLeft = CLIENT_PREFACE_BYTES;
  /** The front of a frame that the last read cut off. */
  readonly #cut: Buffer = Buffer.allocUnsafe(MAX_FRAME_BYTES);
  #cutBytes = 0;
  /** What the answers to this read amount to. */
  readonly #out: Buffer = Buffer.allocUnsafe(65_536);
  #outBytes = 0;
  #receivedBytes = 0;
  #sendWindowBytes = DEFAULT_WINDOW_BYTES;
  #waiting: Answer[] = [];
  /** Streams that have a response in `#out`, in its order. */
  readonly #answered: NullStream[] = [];
  #arrivedMs = 0;

  constructor(socket: Socket, onSession: OnSession) {
    this.#socket = socket;
    this.#onSession = onSession;
    this.#put(SERVER_PREFACE);
    this.#flush();
  }

  /** Takes what one read of the socket gave; everything in it arrived now. */
  read(bytes: Buffer): void {
    this.#arrivedMs = monotonicMs();
    let at = Math.min(this.#prefaceLeft, bytes.length);
    this.#prefaceLeft -= at;
    at = this.#completeCutFrame(bytes, at);
    for (;;) {
      const frameBytes = frameSize(bytes, at, bytes.length);
      if (frameBytes > MAX_FRAME_BYTES) {
        this.#socket.destroy();
        return;
      }
      if (at + frameBytes > bytes.length) break;
      this.#onFrame(bytes, at, at + frameBytes);
      at += frameBytes;
    }
    this.#cutBytes += bytes.copy(this.#cut, this.#cutBytes, at);
    this.#flush();
  }

  /** Adds to the frame begun by an earlier read and handles it when it is whole; returns where the next one starts. */
  #completeCutFrame(bytes: Buffer, from: number): number {
    let at = from;
    while (this.#cutBytes > 0 && at < bytes.length) {
      const wantedBytes = Math.min(frameSize(this.#cut, 0, this.#cutBytes), MAX_FRAME_BYTES);
      const taken = bytes.copy(this.#cut, this.#cutBytes, at, at + wantedBytes - this.#cutBytes);
      at += taken;
      this.#cutBytes += taken;
      // The header alone may have been completed, and only now tells the true size.
      if (this.#cutBytes === frameSize(this.#cut, 0, this.#cutBytes)) {
        this.#onFrame(this.#cut, 0, this.#cutBytes);
        this.#cutBytes = 0;
      }
    }
    return at;
  }

  #onFrame(bytes: Buffer, start: number, end: number): void {
    const flags = bytes.readUInt8(start + 4);
    const streamId = bytes.readUInt32BE(start + 5);
    const payload = start + FRAME_HEADER_BYTES;
    switch (bytes[start + 3]) {
      case FRAME.data:
        this.#onData(bytes, payload, end, streamId, flags);
        break;
      case FRAME.headers:
        this.#streams.set(streamId, new NullStream());
        this.#putFor(RESPONSE_HEADERS, streamId);
        if (flags & FLAG.endStream) this.#end(streamId);
        break;
      case FRAME.rstStream:
        this.#streams.delete(streamId);
        break;
      case FRAME.settings:
        if (!(flags & FLAG.ack)) this.#put(SETTINGS_ACK);
        break;
      case FRAME.ping:
        if (!(flags & FLAG.ack)) this.#put(frame(FRAME.ping, FLAG.ack, bytes.subarray(payload, end)));
        break;
      case FRAME.windowUpdate:
        if (streamId === 0) this.#onWindowUpdate(bytes.readUInt32BE(payload));
        break;
    }
  }

  #onData(bytes: Buffer, payload: number, end: number, streamId: number, flags: number): void {
    this.#receivedBytes += end - payload;
    if (this.#receivedBytes >= WINDOW_UPDATE_EVERY_BYTES) {
      this.#put(windowUpdate(this.#receivedBytes));
      this.#receivedBytes = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    const padded = (flags & FLAG.padded) !== 0;
    const from = padded ? payload + 1 : payload;
    const to = padded ? end - bytes.readUInt8(payload) : end;

    const known = stream.sessionId;
    const answers = Math.floor(stream.audioBytes / ANSWER_EVERY_BYTES);
    stream.read(bytes, from, to, this.#arrivedMs);
    if (known === undefined && stream.sessionId !== undefined) this.#onSession(stream);
    for (
      let next = (answers + 1) * ANSWER_EVERY_BYTES;
      next <= stream.audioBytes;
      next += ANSWER_EVERY_BYTES
    ) {
      this.#answer(streamId, stream, { final: endsUtterance(streamId, next), last: false }, next);
    }
    if (flags & FLAG.endStream) this.#end(streamId);
  }

  #end(streamId: number): void {
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) this.#answer(streamId, stream, { final: true, last: true }, stream.audioBytes);
    this.#streams.delete(streamId);
  }

  #answer(
    streamId: number,
    stream: NullStream,
    { final, last }: { final: boolean; last: boolean },
    audioBytes: number,
  ): void {
    const heard = Math.floor(audioBytes / ANSWER_EVERY_BYTES);
    const from = stream.wordsFinal;
    const bytes = responseOf(from % SPOKEN_WORDS.length, heard - from, final);
    if (final) stream.wordsFinal = heard;
    this.#waiting.push({ streamId, stream, bytes, last, audioS: audioBytes / BYTES_PER_S });
    this.#sendWaiting();
  }

  #onWindowUpdate(incrementBytes: number): void {
    this.#sendWindowBytes += incrementBytes;
    this.#sendWaiting();
  }

  #sendWaiting(): void {
    let sent = 0;
    for (const answer of this.#waiting) {
      const { bytes } = answer;
      if (this.#sendWindowBytes < bytes.length - FRAME_HEADER_BYTES) break;
      this.#sendWindowBytes -= bytes.length - FRAME_HEADER_BYTES;
      bytes.writeFloatLE(answer.audioS, bytes.length - 4);
      this.#putFor(bytes, answer.streamId);
      this.#answered.push(answer.stream);
      if (answer.last) this.#putFor(OK_TRAILERS, answer.streamId);
      sent++;
    }
    this.#waiting.splice(0, sent);
  }

  #putFor(bytes: Buffer, streamId: number): void {
    bytes.writeUInt32BE(streamId, 5);
    this.#put(bytes);
  }

  #put(bytes: Buffer): void {
    if (this.#outBytes + bytes.length > this.#out.length) this.#flush();
    this.#outBytes += bytes.copy(this.#out, this.#outBytes);
  }

  #flush(): void {
    const nowMs = this.#answered.length > 0 ? monotonicMs() : 0;
    for (const stream of this.#answered) stream.answersMs.push(nowMs);
    this.#answered.length = 0;
    // The socket may keep what it is given, so it gets a copy.
    if (this.#outBytes > 0) this.#socket.write(Buffer.from(this.#out.subarray(0, this.#outBytes)));
    this.#outBytes = 0;
  }
}

/** Utterances of different streams end at different times. Ids of a client's streams are odd. */
function endsUtterance(streamId: number, audioBytes: number): boolean {
  return (audioBytes / ANSWER_EVERY_BYTES + (streamId - 1) / 2) % ANSWERS_OF_UTTERANCE === 0;
}

/** Size of the frame that starts at `at`, header included; while its header is not whole, the size of a header. */
function frameSize(bytes: Buffer, at: number, end: number): number {
  return end - at < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + bytes.readUIntBE(at, 3);
}
