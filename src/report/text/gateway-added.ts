/** What a gateway adds, out of a comparison of the way through it with the direct one. Pure. */
import type { Comparison, ComparisonRow, Side } from "../../metrics/judge/comparison.ts";
import { signed } from "./gate-report.ts";

/** Figures that the gateway's part can be read from, in the order of a call. */
const FIGURES: readonly string[] = [
  ...["session_setup", "first_partial_from_onset", "response_latency", "final_from_speech_end"].flatMap(
    (name) => [`${name} p50`, `${name} p95`],
  ),
];

/**
 * Sentences for a comparison of which one side came in through the project's gateway and the other did not; none for any
 * other. The intervals are those of the pairs: the machine's moods are in them.
 */
export function gatewayNotes({ baseline, candidate, rows }: Comparison): string[] {
  if (baseline.gateway !== undefined && candidate.gateway === undefined)
    return ["the baseline came in through a gateway: give the direct target first to read what that adds"];
  if (candidate.gateway === undefined || baseline.gateway !== undefined) return [];
  const added = FIGURES.flatMap((name) => {
    const row = rows.find(({ figure }) => figure.name === name);
    return row?.difference === undefined ? [] : [`${name} ${differenceOf(row, row.difference)}`];
  });
  if (added.length === 0) return [];
  return [
    `the gateway adds (${candidate.gateway.dialect} dialect): ${added.join(", ")}`,
    ...sameServer(baseline, candidate.gateway.upstreams),
  ];
}

function differenceOf({ figure, interval }: ComparisonRow, difference: number): string {
  const text = signed(difference, figure);
  return interval === undefined
    ? text
    : `${text} (${signed(interval[0], figure)} to ${signed(interval[1], figure)})`;
}

/** A gateway tells the names of its upstreams, which may be their addresses when its configuration says so. */
function sameServer({ uri }: Side, upstreams: string): string[] {
  const address = uri.replace(/^\w+:\/\//, "");
  if (upstreams.split(", ").includes(address)) return [];
  return [
    `the gateway's upstreams are ${upstreams === "" ? "unknown" : upstreams}: what it adds is right only if they are ${address}`,
  ];
}
