import type { OpenDataset } from "../base/dataset/dataset.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";

/** How long asking each clip without load takes at the scenario's pace, milliseconds. */
export function unloadedMs(
  { audio }: RunnableScenario,
  { audioSeconds, clips }: Pick<OpenDataset, "audioSeconds" | "clips">,
): number {
  const { paddingBeforeMs, paddingAfterMs, pace } = audio;
  return (audioSeconds * 1000 + clips.length * (paddingBeforeMs + paddingAfterMs)) / pace;
}
