import { expect, it } from "vitest";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { readyClip } from "./audio-plan.ts";
import { chunkEncoder } from "./encoded-audio.ts";

const [clip] = (await loadDataset("default")).clips;

it("takes a clip's samples wherever in a file they lie, and nothing else of it", async () => {
  const wire = {
    encoding: "LINEAR_PCM" as const,
    encoder: await chunkEncoder("LINEAR_PCM"),
    frame: (audio: Uint8Array) => audio,
  };
  // As after a header of an odd length.
  const pcm = Buffer.concat([Buffer.alloc(45, 1), clip!.pcm]).subarray(45);
  const { chunks } = readyClip({ ...clip!, pcm }, 100, wire);
  const sent = Buffer.concat(chunks);
  expect(sent.equals(Buffer.from(clip!.pcm))).toBe(true);
});
