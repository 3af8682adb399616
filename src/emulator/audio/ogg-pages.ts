/** Ogg (RFC 3533) as it comes in: the pages of the first logical stream, with the packets that end on them. */
import { broken } from "./audio-format.ts";

const HEADER_BYTES = 27;
const CONTINUED = 0x01;
const FIRST = 0x02;
const LAST = 0x04;
/** Room for comments with a picture; audio packets are a hundredth of it. */
const MOST_PACKET_BYTES = 1_048_576;

export interface OggPage {
  /** The packets that end on this page. */
  packets: readonly Buffer[];
  /** Where the audio has come to at the end of the last of them; undefined when none ends here. */
  granule: number | undefined;
  /** No more pages follow. */
  last: boolean;
}

/** Checksums of single bytes: polynomial 0x04c11db7, not reflected. */
const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
  return crc;
});

export class OggReader {
  #held: Buffer = Buffer.alloc(0);
  #serial: number | undefined;
  /** The packet that goes on on the next page. */
  #begun: Buffer[] = [];

  /**
   * The pages that `bytes` complete.
   * @throws Rejection for what is no Ogg stream, or damaged
   */
  push(bytes: Buffer): OggPage[] {
    this.#held = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const pages: OggPage[] = [];
    for (let size = pageBytes(this.#held); size !== undefined; size = pageBytes(this.#held)) {
      const page = this.#read(this.#held.subarray(0, size));
      if (page) pages.push(page);
      this.#held = this.#held.subarray(size);
    }
    return pages;
  }

  /** What a whole page holds; undefined when it belongs to another stream. */
  #read(page: Buffer): OggPage | undefined {
    if (checksum(page) !== page.readUInt32LE(22)) throw broken("OGGOPUS", "a page's checksum is wrong");
    const flags = page.readUInt8(5);
    const serial = page.readUInt32LE(14);
    if (this.#serial === undefined && (flags & FIRST) === 0)
      throw broken("OGGOPUS", "the first page is missing");
    this.#serial ??= serial;
    if (serial !== this.#serial) return undefined;
    if (((flags & CONTINUED) !== 0) !== this.#begun.length > 0) throw broken("OGGOPUS", "a page is missing");
    const packets = this.#packets(page);
    const granule = packets.length > 0 ? Number(page.readBigInt64LE(6)) : undefined;
    return { packets, granule, last: (flags & LAST) !== 0 };
  }

  #packets(page: Buffer): Buffer[] {
    const packets: Buffer[] = [];
    const segments = page.readUInt8(26);
    let from = HEADER_BYTES + segments;
    let to = from;
    for (let segment = 0; segment < segments; segment++) {
      const length = page.readUInt8(HEADER_BYTES + segment);
      to += length;
      // A packet ends with a segment that is not full.
      if (length === 255) continue;
      packets.push(Buffer.concat([...this.#begun, page.subarray(from, to)]));
      this.#begun = [];
      from = to;
    }
    if (to > from) this.#begun.push(page.subarray(from, to));
    if (this.#begun.reduce((sum, { length }) => sum + length, 0) > MOST_PACKET_BYTES)
      throw broken("OGGOPUS", "a packet has no end");
    return packets;
  }
}

/** Size of the page at the front of `bytes`; undefined when it is not all there. */
function pageBytes(bytes: Buffer): number | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  if (bytes.toString("latin1", 0, 4) !== "OggS" || bytes.readUInt8(4) !== 0)
    throw broken("OGGOPUS", "a page does not begin where one must");
  const bodyAt = HEADER_BYTES + bytes.readUInt8(26);
  if (bytes.length < bodyAt) return undefined;
  const size = bytes.subarray(HEADER_BYTES, bodyAt).reduce((sum, length) => sum + length, bodyAt);
  return bytes.length < size ? undefined : size;
}

/** Checksum of a page, whose own field counts as zeros. */
function checksum(page: Buffer): number {
  let sum = 0;
  for (let at = 0; at < page.length; at++) {
    const byte = at >= 22 && at < 26 ? 0 : (page[at] as number);
    sum = (sum << 8) ^ (CRC_TABLE[(sum >>> 24) ^ byte] as number);
  }
  return sum >>> 0;
}
