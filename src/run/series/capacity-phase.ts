/** The same streams with their chunks at one instant instead of spread: how much of a capacity hangs on that? */
import type { Search } from "../../metrics/judge/capacity-search.ts";
import type { PhaseSensitivity } from "../../report/text/capacity.ts";
import { probeInput, type ProbeSettings } from "./capacity-probes.ts";
import { seriesRun } from "./series-runs.ts";
import type { World } from "../../base/process/world.ts";

/** One more run at the level that passes; undefined when there is none, or no time left for it. */
export async function phaseSensitivity(
  world: World,
  settings: ProbeSettings,
  { interval: [streams], probes }: Search,
  secondsLeft: number,
): Promise<PhaseSensitivity | undefined> {
  const own = probes.filter((probe) => probe.streams === streams && probe.verdict !== "void");
  const needed = Math.max(0, ...own.filter(({ kind }) => kind === "short").map(({ seconds }) => seconds));
  const spreadMs = own.at(-1)?.figures["final_from_speech_end p95"];
  if (streams < 2 || needed === 0 || needed > secondsLeft || spreadMs === undefined) return undefined;
  if (!settings.quiet) world.stderr.write(`the same ${streams} streams in lock-step\n`);
  const input = await probeInput(world, settings, streams, "short", "aligned");
  const { series, target, resolve, fleet } = settings;
  const name = `aligned-${streams}`;
  const { result } = await seriesRun(world, {
    ...{ series, name, input, target, resolve, fleet },
    ...{ quiet: true, once: true },
  });
  const alignedMs = result.metrics["final_from_speech_end"]?.p95;
  if (result.verdict === "void" || alignedMs === undefined) return undefined;
  return {
    streams,
    spreadP95Ms: spreadMs,
    alignedP95Ms: alignedMs,
    alignedGoodput: result.metrics["goodput"]?.value ?? 0,
  };
}
