/** What a scenario plays of its dataset: the clips it selects, or long recordings made of them. Pure. */
import type { OpenDataset } from "../../base/dataset/dataset.ts";
import { selectClips } from "../../base/dataset/dataset.ts";
import { joinedDataset } from "../../base/dataset/long-form.ts";
import type { Scenario } from "../../scenario/scenario.ts";

/**
 * The clips that the plan refers to, not yet padded.
 * @throws BenchError (exit 2) for an unknown clip, when nothing is left, or when clips can't be joined
 */
export function playedClips(
  dataset: OpenDataset,
  { clips, longForm }: Pick<Scenario["audio"], "clips" | "longForm">,
  seed: number,
): OpenDataset {
  const selected = selectClips(dataset, clips);
  return longForm === undefined ? selected : joinedDataset(selected, longForm, seed);
}
