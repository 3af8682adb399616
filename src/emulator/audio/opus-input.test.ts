/** What an Opus decoder holds outside of JavaScript is given back, however its stream ends. */
import type { OpusDecoder } from "opus-decoder";
import { beforeEach, expect, it, vi } from "vitest";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { chunkEncoder } from "../../loadgen/audio/encoded-audio.ts";
import { AudioInput } from "./audio-input.ts";
import { decodeFile } from "../call/offline.ts";

const codecs = vi.hoisted(() => ({ made: 0, freed: 0 }));
vi.mock("opus-decoder", async (original) => {
  const real = await original<{ OpusDecoder: typeof OpusDecoder }>();
  class Counted extends real.OpusDecoder<16_000> {
    constructor(options: { channels: 1; sampleRate: 16_000 }) {
      super(options);
      codecs.made++;
      const { free } = this;
      this.free = () => {
        codecs.freed++;
        free();
      };
    }
  }
  return { ...real, OpusDecoder: Counted };
});
beforeEach(() => void Object.assign(codecs, { made: 0, freed: 0 }));

const encode = await chunkEncoder("OGGOPUS");
const opus = Buffer.concat(encode(new Int16Array(16_000).fill(100), 16_000, 1600));

function config(encoding: "OGGOPUS" | "ENCODING_UNSPECIFIED"): RecognitionConfig {
  const { requestSerialize, requestDeserialize } = rivaServices().asr.Recognize;
  return requestDeserialize(requestSerialize({ config: { encoding } })).config!;
}

it.each(["OGGOPUS", "ENCODING_UNSPECIFIED"] as const)(
  "of a whole file, announced as %s",
  async (encoding) => {
    const { samples, sampleRateHz } = await decodeFile(config(encoding), opus);
    expect((samples.length / sampleRateHz) * 1000).toBeCloseTo(1000, 0);
    expect(codecs).toEqual({ made: 1, freed: 1 });
  },
);

it("of a file that is broken", async () => {
  await expect(decodeFile(config("OGGOPUS"), Buffer.from("no Ogg at all"))).rejects.toThrow();
  expect(codecs).toEqual({ made: 1, freed: 1 });
});

it("of a stream that ends while its decoder is being loaded", async () => {
  const input = new AudioInput(config("OGGOPUS"));
  const { loading } = input;
  input.close();
  expect(codecs.freed).toBe(0);
  await loading;
  expect(codecs).toEqual({ made: 1, freed: 1 });
});
