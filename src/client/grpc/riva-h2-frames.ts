/**
 * gRPC's own framing inside an HTTP/2 stream, as in
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md: each message is preceded by a byte that says whether it
 * is compressed and four bytes with its length. Messages and DATA frames share no boundaries.
 */
import { MAX_MESSAGE_BYTES } from "./grpc-endpoint.ts";

const PREFIX_BYTES = 5;

const NOTHING: Buffer = Buffer.alloc(0);

/** A message with its prefix, uncompressed. The message is copied. */
export function frameMessage(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, PREFIX_BYTES);
  return framed;
}

/** Takes received bytes apart into messages, however they are cut. */
export class FrameReader {
  /** What is being read, from `#at` on. */
  #bytes: Buffer = NOTHING;
  #at = 0;
  /** What came after it, kept apart until it completes a message: a long one is not copied with each of its pieces. */
  #later: Buffer[] = [];
  #laterBytes = 0;

  add(received: Buffer): void {
    if (this.#bytes.length === 0) {
      this.#bytes = received;
    } else {
      this.#later.push(received);
      this.#laterBytes += received.length;
    }
  }

  /**
   * The next message that is whole, without its prefix; undefined when there is none.
   *
   * @throws Error when what comes is no frame that we could have been sent; the reader is of no more use.
   */
  next(): Buffer | undefined {
    const here = this.#bytes.length - this.#at;
    const wanted = frameBytes(this.#bytes, this.#at);
    if (here < wanted) {
      if (this.#laterBytes === 0 || here + this.#laterBytes < wanted) return undefined;
      this.#join();
      return this.next();
    }
    const start = this.#at + PREFIX_BYTES;
    this.#at += wanted;
    const message = this.#bytes.subarray(start, this.#at);
    // Node reads many streams into one buffer: an idle stream must not hold on to it.
    if (this.#at === this.#bytes.length) [this.#bytes, this.#at] = [NOTHING, 0];
    return message;
  }

  #join(): void {
    this.#bytes = Buffer.concat([this.#bytes.subarray(this.#at), ...this.#later]);
    this.#at = 0;
    this.#later = [];
    this.#laterBytes = 0;
  }
}

/** Size of the frame that begins at `at`; of its prefix, when there is not even that. */
function frameBytes(bytes: Buffer, at: number): number {
  if (bytes.length - at < PREFIX_BYTES) return PREFIX_BYTES;
  if (bytes[at] !== 0) throw new Error("compressed without our consent, or no gRPC frame");
  const messageBytes = bytes.readUInt32BE(at + 1);
  if (messageBytes > MAX_MESSAGE_BYTES) throw new Error(`a frame of ${messageBytes} bytes`);
  return PREFIX_BYTES + messageBytes;
}
