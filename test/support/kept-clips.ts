import type { ReadyClip } from "../../src/loadgen/audio/audio-plan.ts";
import type { ClipSupply } from "../../src/loadgen/audio/clip-supply.ts";

/** Clips that are there for the whole run. */
export function keptClips(clips: readonly ReadyClip[]): Pick<ClipSupply, "take"> {
  return {
    take(index) {
      const clip = clips[index];
      if (clip === undefined) throw new Error(`no clip ${index}`);
      return clip;
    },
  };
}
