/** Adds up what the transcripts of a run were worth, by stage and clip. */
import { randomStream } from "../../base/random.ts";
import type { RunMetric } from "../catalogue/metric.ts";
import { addAccuracy, type ClipAccuracy } from "../observation/accuracy.ts";
import type { Summary } from "../result/result.ts";
import { clipInterval } from "../stats/clip-bootstrap.ts";
import type { Snapshot } from "./snapshot.ts";

type Interval = Pick<Summary, "low" | "high" | "clips">;

export interface AccuracyTotals {
  add(accuracy: Snapshot["accuracy"]): void;
  /** Sorted by clip; over all stages without `stage`. */
  clips(stage?: string): readonly ClipAccuracy[];
  /** The interval of a metric of clips, and the number of clips that it rests on. */
  interval(metric: RunMetric, partsOf: NonNullable<RunMetric["ofClips"]>, stage?: string): Interval;
}

export function createAccuracyTotals(): AccuracyTotals {
  const byStage = new Map<string, Map<string, ClipAccuracy>>();
  // Both are asked for several times at the end of a run, and every second while it lasts.
  const clipsKnown = new Map<string | undefined, readonly ClipAccuracy[]>();
  const intervalsKnown = new Map<string, Interval>();

  function clips(stage?: string): readonly ClipAccuracy[] {
    const known = clipsKnown.get(stage);
    if (known !== undefined) return known;
    const merged = new Map<string, ClipAccuracy>();
    for (const [name, byClip] of byStage) {
      if (stage === undefined || name === stage)
        for (const clip of byClip.values()) addAccuracy(merged, clip);
    }
    const sorted = [...merged.values()].sort((a, b) => (a.clip < b.clip ? -1 : 1));
    clipsKnown.set(stage, sorted);
    return sorted;
  }

  return {
    add(accuracy) {
      for (const [stage, rows] of Object.entries(accuracy)) {
        const byClip = byStage.get(stage) ?? new Map<string, ClipAccuracy>();
        byStage.set(stage, byClip);
        for (const row of rows) addAccuracy(byClip, row);
        if (rows.length > 0) {
          clipsKnown.clear();
          intervalsKnown.clear();
        }
      }
    },
    clips,
    interval(metric, partsOf, stage) {
      const key = `${metric.name}@${stage ?? ""}`;
      const known = intervalsKnown.get(key);
      if (known !== undefined) return known;
      // Clips that the metric has nothing to say on make no sample.
      const speaking = clips(stage).filter((clip) => partsOf(clip).some((part) => part > 0));
      const heard = speaking.reduce(
        (sum, clip) => sum + partsOf(clip)[1] / Math.max(1, clip.sessions + clip.failed),
        0,
      );
      // One seed: the same data get the same interval, by whatever name.
      const found = clipInterval(speaking.map(partsOf), heard, randomStream(0, "clips"));
      const interval = { clips: speaking.length, ...found };
      intervalsKnown.set(key, interval);
      return interval;
    },
  };
}
