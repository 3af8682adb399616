import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FrameReader, frameMessage } from "./riva-h2-frames.ts";

const read = (pieces: readonly Uint8Array[]): Buffer[] => {
  const messages: Buffer[] = [];
  const reader = new FrameReader();
  for (const piece of pieces) {
    reader.add(Buffer.from(piece));
    for (let message = reader.next(); message !== undefined; message = reader.next()) messages.push(message);
  }
  return messages;
};

it("a frame is a zero byte, the length, the message", () => {
  expect([...frameMessage(Uint8Array.of(7, 8))]).toEqual([0, 0, 0, 0, 2, 7, 8]);
  expect([...frameMessage(new Uint8Array(0x10203)).subarray(0, 5)]).toEqual([0, 0, 1, 2, 3]);
});

it("messages come out as they went in, wherever the bytes are cut", () => {
  const messages = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  const cuts = fc.array(fc.nat(300), { maxLength: 30 });
  fc.assert(
    fc.property(messages, cuts, (sent, at) => {
      const bytes = Buffer.concat(sent.map(frameMessage));
      const edges = [0, ...at.filter((edge) => edge < bytes.length).sort((a, b) => a - b), bytes.length];
      const pieces = edges.slice(1).map((edge, k) => bytes.subarray(edges[k], edge));
      expect(read(pieces).map((message) => [...message])).toEqual(sent.map((message) => [...message]));
    }),
  );
});

it("a message comes out with the piece that completes it", () => {
  const bytes = frameMessage(Uint8Array.of(1, 2, 3));
  expect(read([bytes.subarray(0, 7)])).toEqual([]);
  expect(read([bytes.subarray(0, 7), bytes.subarray(7)])).toHaveLength(1);
});

describe("what is no frame is refused as soon as it shows", () => {
  it.each([
    ["a web page", Buffer.from("<html>")],
    ["a compressed message", Buffer.from([1, 0, 0, 0, 1])],
    ["a length beyond all messages", Buffer.from([0, 0x7f, 0, 0, 0])],
  ])("%s", (_, bytes) => {
    expect(() => read([bytes])).toThrow();
    expect(() => read([bytes.subarray(0, 1), bytes.subarray(1)])).toThrow();
  });
});
