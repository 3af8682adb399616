/** Ogg pages of one logical stream (RFC 3533). No kept package writes them, and they are small. */

const FIRST_PAGE = 0x02;
const LAST_PAGE = 0x04;
const HEADER_BYTES = 27;
/** A page's table of segment lengths holds no more. */
const MOST_SEGMENTS = 255;

/** Checksums of single bytes: polynomial 0x04c11db7, not reflected, no final inversion. */
const CRC_TABLE: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x80000000 ? 0x04c11db7 : 0);
  return crc >>> 0;
});

export class OggStream {
  readonly #serial: number;
  #pages = 0;

  constructor(serial = 1) {
    this.#serial = serial;
  }

  /**
   * One page of whole packets.
   * @param granule where the audio has come to at its end
   * @throws Error when the packets don't fit into one page
   */
  page(packets: readonly Uint8Array[], granule: number, last = false): Uint8Array {
    const lacing = packets.flatMap(({ length }) => [
      ...Array<number>(Math.floor(length / 255)).fill(255),
      length % 255,
    ]);
    if (lacing.length > MOST_SEGMENTS) throw new Error("too much audio for one Ogg page");
    const header = Buffer.alloc(HEADER_BYTES);
    header.write("OggS", "latin1");
    header.writeUInt8((this.#pages === 0 ? FIRST_PAGE : 0) | (last ? LAST_PAGE : 0), 5);
    header.writeBigInt64LE(BigInt(Math.round(granule)), 6);
    header.writeUInt32LE(this.#serial, 14);
    header.writeUInt32LE(this.#pages++, 18);
    header.writeUInt8(lacing.length, 26);
    const page = Buffer.concat([header, Uint8Array.from(lacing), ...packets]);
    page.writeUInt32LE(crc(page), 22);
    return page;
  }
}

function crc(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = ((sum << 8) ^ (CRC_TABLE[(sum >>> 24) ^ byte] ?? 0)) >>> 0;
  return sum;
}
