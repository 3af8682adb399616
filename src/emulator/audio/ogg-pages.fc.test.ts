import fc from "fast-check";
import { expect, it } from "vitest";
import { OggStream } from "../../loadgen/audio/ogg-stream.ts";
import { oggPage } from "../../../test/support/ogg.ts";
import { OggReader } from "./ogg-pages.ts";
import { Rejection } from "../call/rejection.ts";

const packet = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.constantFrom(0, 255, 510, 1275).map((length) => new Uint8Array(length).fill(length)),
);
const content = fc.array(fc.array(packet, { minLength: 1, maxLength: 12 }), { minLength: 1, maxLength: 6 });

/** `bytes` in pieces, cut at these places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((to, i) => bytes.subarray(places[i], to));
}

it("gives back what our own writer wrote, however it is cut", () => {
  fc.assert(
    fc.property(content, fc.array(fc.nat(), { maxLength: 20 }), (written, cuts) => {
      const writer = new OggStream();
      const pages = written.map((packets, i) => writer.page(packets, i * 960, i === written.length - 1));
      const reader = new OggReader();
      const read = pieces(Buffer.concat(pages), cuts).flatMap((piece) => reader.push(piece));
      expect(read).toEqual(
        written.map((packets, i) => ({
          packets: packets.map((bytes) => Buffer.from(bytes)),
          granule: i * 960,
          last: i === written.length - 1,
        })),
      );
    }),
  );
});

it("never does anything with damaged pages but refuse them", () => {
  fc.assert(
    fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), (written, place, change) => {
      const writer = new OggStream();
      const bytes = Buffer.concat(written.map((packets, i) => writer.page(packets, i)));
      const at = place % bytes.length;
      bytes.writeUInt8(bytes.readUInt8(at) ^ change, at);
      try {
        // Where the damage makes a page look longer, the rest of it is still waited for.
        expect(new OggReader().push(bytes).length).toBeLessThan(written.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Rejection);
      }
    }),
  );
});

it("puts a packet together that goes over pages, and passes over other streams", () => {
  const long = Buffer.alloc(255 * 300 + 10, "speech");
  const reader = new OggReader();
  const pages = [
    oggPage([Buffer.from("head")], { flags: 2 }),
    oggPage([Buffer.from("other")], { flags: 2, serial: 8 }),
    oggPage([long.subarray(0, 255 * 200)], { goesOn: true, granule: -1 }),
    oggPage([Buffer.from("other")], { serial: 8 }),
    oggPage([long.subarray(255 * 200), Buffer.from("tail")], { flags: 5, granule: 99 }),
  ].flatMap((page) => reader.push(page));
  expect(pages.map(({ packets }) => packets.map(({ length }) => length))).toEqual([
    [4],
    [],
    [long.length, 4],
  ]);
  expect(pages[2]?.packets[0]?.equals(long)).toBe(true);
  expect(pages.map(({ granule }) => granule)).toEqual([0, undefined, 99]);
});

it.each([
  ["no first page", [oggPage([])], "the first page is missing"],
  [
    "a continuation of nothing",
    [oggPage([Buffer.from("head")], { flags: 2 }), oggPage([Buffer.from("rest")], { flags: 1 })],
    "a page is missing",
  ],
  [
    "no continuation",
    [oggPage([Buffer.alloc(255)], { flags: 2, goesOn: true }), oggPage([Buffer.from("next")])],
    "a page is missing",
  ],
  ["something else between pages", [oggPage([], { flags: 2 }), Buffer.alloc(27)], "where one must"],
] as const)("refuses %s", (_, pages, why) => {
  const reader = new OggReader();
  expect(() => pages.forEach((page) => reader.push(page))).toThrow(why);
});

it("refuses a packet without end", () => {
  const reader = new OggReader();
  reader.push(oggPage([Buffer.from("head")], { flags: 2 }));
  const more = (flags: number): Buffer => oggPage([Buffer.alloc(255 * 255)], { flags, goesOn: true });
  reader.push(more(0));
  expect(() => {
    for (let i = 0; i < 20; i++) reader.push(more(1));
  }).toThrow("a packet has no end");
});
