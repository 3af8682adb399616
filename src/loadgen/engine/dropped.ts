/** Whose fault it is when sessions of an open load found no place. Pure. */
import type { Counts } from "../../metrics/observation/counts.ts";
import type { Check } from "../../metrics/result/result.ts";
import { meanExtraMs } from "../../scenario/conditions.ts";
import { loadShape } from "../../scenario/load/load-shape.ts";
import { isClosed } from "../../scenario/load/load.ts";
import { peakLevel } from "../../scenario/load/level.ts";
import { AROUND_AUDIO_MS } from "../plan/plan-input.ts";
import type { Scenario } from "../../scenario/scenario.ts";

/** This share of the sessions may be dropped. */
const DROPPED_ALLOWED = 0.01;
/** Standard deviations that the number of open sessions is given above its mean. */
const DEVIATIONS = 4;

/**
 * True when `maxOpen` gives room for all that a server which keeps up has open, so that drops mean that the server held
 * its sessions too long. Sessions that come at random and last S on average are open in a Poisson number of mean
 * lambda S, whose variance is its mean.
 *
 * @param dataset the clips that are played; a trace has no rate, so nothing is known of it
 */
export function hasRoom(
  { load, audio, warmupMs, conditions }: Scenario,
  dataset: { clips: number; audioSeconds: number },
): boolean {
  if (isClosed(load) || load.maxOpen === "auto") return true;
  if (load.model === "trace") return false;
  const audioMs =
    (dataset.audioSeconds * 1000) / dataset.clips + audio.paddingBeforeMs + audio.paddingAfterMs;
  const sessionMs = audioMs / audio.pace + AROUND_AUDIO_MS + meanExtraMs(conditions);
  const open = (peakLevel(loadShape(load, warmupMs).segments) * sessionMs) / 1000;
  return load.maxOpen >= open + DEVIATIONS * Math.sqrt(open);
}

/** The target's part: dropping more than a little fails a run, whatever the latencies of the rest. */
export function droppedCheck({ scheduled, dropped }: Counts): Check {
  const check = { name: "dropped", observed: scheduled === 0 ? 0 : dropped / scheduled, limit: "<= 1%" };
  if (check.observed <= DROPPED_ALLOWED) return { ...check, verdict: "pass" };
  const advice = `${dropped} session(s) found no place, because the target held the others too long: it does not carry this rate`;
  return { ...check, verdict: "fail", advice };
}
