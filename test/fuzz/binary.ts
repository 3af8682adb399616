/** Grammars of binary formats. */
import fc from "fast-check";

/** Any 32-bit number, mostly those at an edge. */
export const edge32: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2, 7, 8, 15, 16, 17, 18, 40, 65_535, 65_536, 0x7f_ff_ff_ff, 0xff_ff_ff_ff),
  fc.nat({ max: 0xff_ff_ff_ff }),
);

export const edge16: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 6, 7, 8, 16, 24, 32, 64, 0xff_fe, 0xff_ff),
  fc.nat({ max: 0xff_ff }),
);

export function le32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function le16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

const id = (...names: string[]): fc.Arbitrary<Buffer> =>
  fc.constantFrom(...names).map((name) => Buffer.from(name, "latin1"));

const rate = fc.oneof(fc.constantFrom(8000, 16_000, 44_100, 48_000, 96_000), edge32);

const format = fc
  .record({
    tag: fc.oneof(fc.constantFrom(1, 3, 6, 7, 0xff_fe), edge16),
    channels: fc.oneof(fc.constant(1), edge16),
    rate,
    bits: edge16,
  })
  .map(({ tag, channels, rate: hz, bits }) =>
    Buffer.concat([
      le16(tag),
      le16(channels),
      le32(hz),
      le32(hz * 2 > 0xff_ff_ff_ff ? 0 : hz * 2),
      le16(2),
      le16(bits),
    ]),
  );

const good = fc
  .constantFrom(8000, 16_000, 48_000)
  .map((hz) => Buffer.concat([le16(1), le16(1), le32(hz), le32(hz * 2), le16(2), le16(16)]));

const samples = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));

/** A chunk whose declared size is mostly right. */
function chunk(name: fc.Arbitrary<Buffer>, body: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(name, body, fc.option(edge32, { freq: 6 }))
    .map(([head, bytes, size]) => Buffer.concat([head, le32(size ?? bytes.length), bytes]));
}

/** RIFF files with chunks in any order, and declared sizes that may lie. */
export const wav: fc.Arbitrary<Buffer> = fc
  .tuple(
    id("RIFF", "RIFF", "RIFF", "RIFX", "RF64", "riff"),
    edge32,
    id("WAVE", "WAVE", "WAVE", "AVI "),
    fc.array(
      fc.oneof(
        chunk(id("fmt "), fc.oneof(good, good, format, samples)),
        chunk(id("data"), samples),
        chunk(id("LIST", "fact", "bext", "ds64", "cue ", "smpl", "iXML", "cart", "junk"), samples),
      ),
      { maxLength: 5 },
    ),
  )
  .map(([riff, size, wave, chunks]) => Buffer.concat([riff, le32(size), wave, ...chunks]));

/** Bytes that arrive in pieces: a first byte says how long those are. */
export function withCut(bytes: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.nat({ max: 255 }), bytes)
    .map(([cut, whole]) => Buffer.concat([Buffer.from([cut]), whole]));
}

/** The pieces of what `withCut` made, or any other input. */
export function cutPieces(input: Buffer): Buffer[] {
  const pieceBytes = Math.max(1, input[0] ?? 1);
  const pieces: Buffer[] = [];
  for (let at = 1; at < input.length; at += pieceBytes) pieces.push(input.subarray(at, at + pieceBytes));
  return pieces;
}

/** Protocol Buffers: fields of any number and wire type, nested. */
export const protobuf: fc.Arbitrary<Buffer> = fc.letrec<{ message: Buffer; field: Buffer }>((tie) => ({
  message: fc.array(tie("field"), { maxLength: 6 }).map((fields) => Buffer.concat(fields)),
  field: fc.oneof(
    { depthSize: "small", withCrossShrink: false },
    fc
      .tuple(fc.nat({ max: 8 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
      .map(([n, value]) => Buffer.concat([varint(BigInt(n * 8)), varint(value)])),
    fc.tuple(fc.nat({ max: 8 }), fc.float()).map(([n, value]) => {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatLE(value);
      return Buffer.concat([varint(BigInt(n * 8 + 5)), bytes]);
    }),
    fc.tuple(fc.nat({ max: 8 }), fc.string()).map(([n, text]) => delimited(n, Buffer.from(text))),
    fc.tuple(fc.integer({ min: 1, max: 4 }), tie("message")).map(([n, message]) => delimited(n, message)),
    fc.uint8Array({ maxLength: 12 }).map((bytes) => Buffer.from(bytes)),
  ),
})).message;

function delimited(field: number, body: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(field * 8 + 2)), varint(BigInt(body.length)), body]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) {
      bytes.push(Number(left));
      return Buffer.from(bytes);
    }
    bytes.push(Number(left & 127n) | 128);
  }
}
