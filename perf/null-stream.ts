/**
 * The gRPC messages of one stream, read from DATA payloads that may cut them anywhere. Audio is counted and stamped,
 * never copied; only the first message (the configuration, with the name of the session) is kept until it is whole.
 */

const PREFIX_BYTES = 5;
/** Wire type of strings and messages in protobuf. */
const LENGTH_DELIMITED = 2;
/** StreamingRecognizeRequest { id = 100 { value = 1 } }, as field numbers on the way to it. */
const REQUEST_ID: readonly number[] = [100, 1];
/** StreamingRecognizeRequest { streaming_config = 1 { config = 1 { model = 13 } } }. */
const MODEL: readonly number[] = [1, 1, 13];

export class NullStream {
  /**
   * From the first message: the model it asks for, else its request id; undefined until it has arrived, "" when it has
   * neither. A gateway passes the model on and gives a request id of its own.
   */
  sessionId: string | undefined;
  /** Audio received in whole messages. */
  audioBytes = 0;
  /** Words of it that finals have told. */
  wordsFinal = 0;
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
      this.sessionId = stringAt(this.#config, MODEL) ?? stringAt(this.#config, REQUEST_ID) ?? "";
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

/** The string at `path` in a protobuf message; undefined when it isn't there. */
function stringAt(message: Buffer, path: readonly number[]): string | undefined {
  const [wanted, ...further] = path;
  if (wanted === undefined) return message.toString("utf8");
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
    const number = varint();
    // Of the two wire types in use, a varint is its own value; what is length-delimited has bytes behind.
    if ((tag & 7) !== LENGTH_DELIMITED) continue;
    if (tag >>> 3 === wanted) return stringAt(message.subarray(at, at + number), further);
    at += number;
  }
  return undefined;
}
