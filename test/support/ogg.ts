/** Ogg pages made by hand, also such as our own writer never makes. */

export interface PageOptions {
  serial?: number;
  granule?: number;
  /** Header type: 1 continues a packet, 2 first, 4 last. */
  flags?: number;
  /** The last packet goes on on the next page; its length here must be a multiple of 255. */
  goesOn?: boolean;
}

export function oggPage(packets: readonly Uint8Array[], options: PageOptions = {}): Buffer {
  const { serial = 7, granule = 0, flags = 0, goesOn = false } = options;
  const lacing = packets.flatMap(({ length }, i) => [
    ...Array<number>(Math.floor(length / 255)).fill(255),
    ...(goesOn && i === packets.length - 1 ? [] : [length % 255]),
  ]);
  const header = Buffer.alloc(27);
  header.write("OggS", "latin1");
  header.writeUInt8(flags, 5);
  header.writeBigInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt8(lacing.length, 26);
  const page = Buffer.concat([header, Uint8Array.from(lacing), ...packets]);
  page.writeUInt32LE(checksum(page), 22);
  return page;
}

/** Bit by bit: polynomial 0x04c11db7. */
function checksum(page: Buffer): number {
  let crc = 0;
  for (const byte of page) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  }
  return crc >>> 0;
}
