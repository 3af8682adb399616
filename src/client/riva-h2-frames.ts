/**
 * gRPC's own framing inside an HTTP/2 stream, as in
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: each message is preceded by a byte that says whether it
 * is compressed and four bytes with its length. Messages and DATA frames share no boundaries.
 */
import { MAX_MESSAGE_BYTES } from "./grpc-endpoint.ts";

const PREFIX_BYTES = 5;

/** A message with its prefix, uncompressed. The message is copied. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafeSlow(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Takes received bytes apart into messages, however they are cut. */
export class FrameReader {
  readonly #onMessage: (message: Buffer) => void;
  /** The front of a message of which more is to come, in the pieces in which it came. */
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  /** Bytes that the pieces must amount to before it is worth looking at them again. */
  #wantedBytes = 0;

  /** @param onMessage Gets each message, without its prefix, within the `read` that completed it. */
  constructor(onMessage: (message: Buffer) => void) {
    this.#onMessage = onMessage;
  }

  /** @throws Error when this is no frame that we could have been sent; the reader is of no more use. */
  read(received: Buffer): void {
    let bytes = received;
    if (this.#pieceBytes > 0) {
      this.#keep(received);
      if (this.#pieceBytes < this.#wantedBytes) return;
      bytes = Buffer.concat(this.#pieces, this.#pieceBytes);
      this.#pieces = [];
      this.#pieceBytes = 0;
    }
    let at = 0;
    let end = frameEnd(bytes, at);
    while (end <= bytes.length) {
      this.#onMessage(bytes.subarray(at + PREFIX_BYTES, end));
      at = end;
      end = frameEnd(bytes, at);
    }
    if (at === bytes.length) return;
    this.#keep(bytes.subarray(at));
    this.#wantedBytes = end - at;
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
  }
}

/** Where the frame that begins at `at` ends; with less than a prefix there, where the prefix does. */
function frameEnd(bytes: Buffer, at: number): number {
  if (bytes.length - at < PREFIX_BYTES) return at + PREFIX_BYTES;
  if (bytes[at] !== 0) throw new Error("compressed without our consent, or no gRPC frame");
  const messageBytes = bytes.readUInt32BE(at + 1);
  if (messageBytes > MAX_MESSAGE_BYTES) throw new Error(`a frame of ${messageBytes} bytes`);
  return at + PREFIX_BYTES + messageBytes;
}
