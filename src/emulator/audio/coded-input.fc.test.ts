import fc from "fast-check";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { rivaServices } from "../../base/riva-proto.ts";
import { chunkEncoder } from "../../loadgen/audio/encoded-audio.ts";
import { AudioInput } from "./audio-input.ts";
import { Rejection } from "../call/rejection.ts";

const samples = Int16Array.from({ length: 8000 }, (_, i) =>
  Math.round(6000 * Math.sin(i * (0.05 + i * 1e-6))),
);

async function streamOf(encoding: "FLAC" | "OGGOPUS"): Promise<Buffer> {
  return Buffer.concat((await chunkEncoder(encoding))(samples, 16_000, 1600));
}

async function inputFor(encoding: "FLAC" | "OGGOPUS"): Promise<AudioInput> {
  const { requestSerialize, requestDeserialize } = rivaServices().asr.Recognize;
  const input = new AudioInput(requestDeserialize(requestSerialize({ config: { encoding } })).config!);
  await input.loading;
  return input;
}

/** Pushes `bytes`, cut at these places. */
function push(input: AudioInput, bytes: Buffer, cuts: readonly number[]): number[] {
  const places = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
  return places.slice(1).flatMap((to, i) => [...input.push(bytes.subarray(places[i], to))]);
}

// opus-decoder tells the console of each broken packet.
beforeEach(() => void vi.spyOn(console, "error").mockImplementation(() => undefined));
afterEach(() => vi.restoreAllMocks());

const cutPlaces = fc.array(fc.nat(), { maxLength: 30 });

it.each(["FLAC", "OGGOPUS"] as const)("%s gives the same samples however it is cut", async (encoding) => {
  const bytes = await streamOf(encoding);
  const whole = push(await inputFor(encoding), bytes, []);
  expect(whole).toHaveLength(samples.length);
  const property = fc.asyncProperty(cutPlaces, async (cuts) => {
    expect(push(await inputFor(encoding), bytes, cuts)).toEqual(whole);
  });
  await fc.assert(property, { numRuns: 30 });
});

it.each(["FLAC", "OGGOPUS"] as const)(
  "%s with anything changed, lost or put in is heard or refused, and hurts no other stream",
  async (encoding) => {
    const bytes = await streamOf(encoding);
    const whole = push(await inputFor(encoding), bytes, []);
    const splice = fc.record({
      at: fc.nat(),
      lost: fc.nat({ max: 300 }),
      put: fc.uint8Array({ maxLength: 300 }),
    });
    const property = fc.asyncProperty(splice, cutPlaces, async ({ at, lost, put }, cuts) => {
      const place = at % bytes.length;
      const damaged = Buffer.concat([bytes.subarray(0, place), put, bytes.subarray(place + lost)]);
      const input = await inputFor(encoding);
      try {
        expect(push(input, damaged, cuts).length).toBeLessThanOrEqual(whole.length);
      } catch (error) {
        expect(error).toBeInstanceOf(Rejection);
      }
    });
    await fc.assert(property, { numRuns: 60 });
    expect(push(await inputFor(encoding), bytes, [])).toEqual(whole);
  },
);
