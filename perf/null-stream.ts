/**
 * The gRPC messages of one stream, read from DATA payloads that may cut them anywhere. Audio is counted and stamped,
 * never copied; only the first message (the configuration, with the request id that names the session) is kept until it
 * is whole.
 */

const PREFIX_BYTES = 5;
/** Tag of StreamingRecognizeRequest.id: field 100, length-delimited. */
const REQUEST_ID_TAG: number = (100 << 3) | 2;

export class NullStream {
  /** From the first message; undefined until it has arrived, "" when it names none. */
  sessionId: string | undefined;
  /** Audio received in whole messages. */
  audioBytes = 0;
  /** When each response left, machine time. */
  readonly answersMs: number[] = [];
  #arrivalsMs = new Float64Array(256);
  #arrivals = 0;
  #prefixBytes = 0;
  #messageBytes = 0;
  #leftBytes = 0;
  #config = Buffer.alloc(0);

  /** Arrival instant of each audio message so far, machine time. */
  arrivalsMs(): Float64Array {
    return this.#arrivalsMs.slice(0, this.#arrivals);
  }

  /** Reads `bytes[from, to)`, which arrived at `arrivedMs`. */
  read(bytes: Buffer, from: number, to: number, arrivedMs: number): void {
    let at = from;
    while (at < to) {
      if (this.#prefixBytes < PREFIX_BYTES) {
        // A byte that says whether the message is compressed, then its length in four bytes.
        if (this.#prefixBytes > 0) this.#messageBytes = this.#messageBytes * 256 + bytes.readUInt8(at);
        at++;
        this.#prefixBytes++;
        this.#leftBytes = this.#messageBytes;
      } else {
        const taken = Math.min(this.#leftBytes, to - at);
        if (this.sessionId === undefined) {
          this.#config = Buffer.concat([this.#config, bytes.subarray(at, at + taken)]);
        }
        at += taken;
        this.#leftBytes -= taken;
      }
      if (this.#prefixBytes === PREFIX_BYTES && this.#leftBytes === 0) this.#onMessage(arrivedMs);
    }
  }

  #onMessage(arrivedMs: number): void {
    if (this.sessionId === undefined) {
      this.sessionId = requestIdOf(this.#config);
    } else {
      if (this.#arrivals === this.#arrivalsMs.length) {
        const larger = new Float64Array(this.#arrivals * 2);
        larger.set(this.#arrivalsMs);
        this.#arrivalsMs = larger;
      }
      this.#arrivalsMs[this.#arrivals++] = arrivedMs;
      this.audioBytes += audioBytesOf(this.#messageBytes);
    }
    this.#prefixBytes = 0;
    this.#messageBytes = 0;
  }
}

/** Length of the audio in a message that holds `audio_content` alone: all but its tag and its length as a varint. */
function audioBytesOf(messageBytes: number): number {
  let lengthBytes = 1;
  while (messageBytes - 1 - lengthBytes >= 2 ** (7 * lengthBytes)) lengthBytes++;
  return Math.max(0, messageBytes - 1 - lengthBytes);
}

/** RequestId.value (field 1) of field 100 of a StreamingRecognizeRequest, all of whose fields are length-delimited. */
function requestIdOf(message: Buffer): string {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; at < message.length; shift += 7) {
      const byte = message.readUInt8(at++);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  while (at < message.length) {
    const tag = varint();
    const end = varint() + at;
    if (tag === REQUEST_ID_TAG) {
      at++;
      const valueEnd = varint() + at;
      return message.toString("utf8", at, valueEnd);
    }
    at = end;
  }
  return "";
}
