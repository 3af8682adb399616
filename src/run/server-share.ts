/** Puts what the server said into a result: its seconds into the timeline, its share into the slowest values. */
import { createAttributor } from "../metrics/judge/attribution.ts";
import { recordedSessions } from "../metrics/result/stored-sessions.ts";
import type { RunResult, TimelinePoint } from "../metrics/result/result.ts";
import type { ServerScrape } from "./server-scrape.ts";
import { recordFiles } from "../store/run-folder.ts";

/** The same result when the target was not asked or said nothing. */
export async function withServerSide(
  result: RunResult,
  scrape: Pick<ServerScrape, "points">,
  folder: string,
  roundTrip: number | undefined,
): Promise<RunResult> {
  const points = scrape.points();
  if (points.length === 0) return result;
  const timeline = result.timeline.map((point): TimelinePoint => {
    const said = points.findLast(({ atMs }) => atMs >= point.fromMs && atMs < point.toMs);
    return said === undefined ? point : { ...point, server: said.point };
  });
  const attributor = createAttributor(result.metrics, timeline, roundTrip);
  for await (const observation of recordedSessions(recordFiles(folder))) attributor.add(observation);
  return { ...result, timeline, attribution: attributor.end() };
}
