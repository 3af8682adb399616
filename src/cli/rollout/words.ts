/** A rollout in words. */
import { printable } from "../../base/text/printable.ts";
import type { Ended, Step } from "../../rollout/ports.ts";
import { shortImage } from "../../rollout/release.ts";
import type { RolloutState } from "../../rollout/state.ts";

/** One line for a step that is over. */
export function stepLine({ name, slot, ok, tookMs, detail, run }: Step): string {
  const seconds = `${(tookMs / 1000).toFixed(1)} s`;
  const where = run === undefined ? "" : ` (${run})`;
  return `  ${name.padEnd(8)} ${slot.padEnd(8)} ${ok ? "ok  " : "FAIL"} ${seconds.padStart(8)}  ${detail}${where}`;
}

/** The end of a change. */
export function inWords(
  { outcome, to, detail, exitCode, returnedAfterMs }: Ended,
  state: RolloutState,
): string {
  const { current } = state;
  const serves =
    current === undefined ? "nothing serves" : `${shortImage(current.image)} serves in ${current.slot}`;
  const before = current === undefined ? "" : " as before";
  const lines = {
    serves: `${serves}\n`,
    recovered: `${detail}\n`,
    refused: `REFUSED ${shortImage(to)}: ${detail}\n${serves}${before}`,
    interrupted: `INTERRUPTED before ${shortImage(to)} had the traffic for good\n${serves}${before}`,
  };
  const after =
    returnedAfterMs === undefined ? "" : `, put right in ${(returnedAfterMs / 1000).toFixed(1)} s`;
  return exitCode === 0 ? printed(lines[outcome]) : printed(`${lines[outcome]}${after}\n`);
}

/** `bench rollout status`. */
export function statusText({ current, earlier, idle, change }: RolloutState): string {
  const lines = [
    current === undefined
      ? "serves    nothing: no rollout has been made"
      : `serves    ${current.image} in ${current.slot} since ${current.at}`,
    ...earlier.map((image, index) => `${index === 0 ? "previous " : "earlier  "} ${image}`),
    ...(idle === undefined ? [] : [`idle      ${idle.image} in ${idle.slot}: runs without traffic`]),
    ...(change === undefined
      ? []
      : [
          `unfinished ${change.kind} of ${change.to.image} to ${change.to.slot}, by ${change.by} at ${change.at}, in "${change.step}": ` +
            "it is at work, or was killed; then the next deploy or back puts it right",
        ]),
  ];
  return printed(`${lines.join("\n")}\n`);
}

/** Lines of ours that hold texts of others. */
function printed(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
