/** Holds a stored run to other SLOs than its own: from its session records, so that violations are counted exactly. */
import { existsSync } from "node:fs";
import { BenchError } from "../base/errors.ts";
import { rebuildTotals } from "./rebuild.ts";
import { judgeSlo } from "../metrics/judge/gate.ts";
import type { Check, RunResult } from "../metrics/result/result.ts";
import { meantOtherwise, overallVerdict } from "../metrics/result/result.ts";
import type { Slo } from "../metrics/judge/slo.ts";
import { recordFiles } from "./run-folder.ts";
import type { StoredRun } from "./stored-run.ts";

/**
 * The result with the verdicts of `slos` in place of those of its scenario. Validity stands, and so do the built-in
 * checks of the target. goodput follows the new SLOs.
 *
 * @throws BenchError (exit 2) when the records that a new SLO needs are not there
 */
export async function rejudge({ folder, result }: StoredRun, slos: readonly Slo[]): Promise<RunResult> {
  const { shard } = result.run;
  if (shard !== undefined)
    throw BenchError.usage(
      `${folder} is shard ${shard.index} of ${shard.count} of a run: no SLO can be judged by it alone`,
      "Put the shards together with `bench merge`, and judge what comes out.",
    );
  const own = ownSlos(result);
  const builtIn = result.slos.filter(({ name }) => !own.has(name));
  const known = slos.map(({ source, metric }) =>
    meantOtherwise(result, metric) ? undefined : result.slos.find(({ name }) => name === source),
  );
  // The records may be gone (an archive of results) while the question is one that was answered when they were there.
  const checks = known.every((check) => check !== undefined)
    ? known
    : await fromRecords(folder, result, slos);
  const judged = [...checks, ...builtIn];
  return { ...result, slos: judged, verdict: overallVerdict(result.validity, judged, result.run) };
}

async function fromRecords(folder: string, result: RunResult, slos: readonly Slo[]): Promise<Check[]> {
  const files = recordFiles(folder);
  if (!existsSync(files.sessionsFile) || !existsSync(files.clipsFile)) {
    throw BenchError.usage(
      `${folder} holds no session records: only the run's own SLOs can be told from result.json`,
      "Keep sessions.ndjson, starts.ndjson and clips.ndjson with it, or leave --slo out.",
    );
  }
  const { warmupMs, steadyMs } = result.window;
  const window = { startMs: warmupMs, endMs: warmupMs + steadyMs };
  const { totals } = await rebuildTotals({ ...files, window, slos, lost: [] });
  return slos.map((slo, index) => {
    if (slo.stage !== undefined && !totals.stages().includes(slo.stage)) {
      const stages = totals.stages().join(", ");
      throw BenchError.usage(
        `SLO "${slo.source}": the run has no stage "${slo.stage}"`,
        `It has ${stages || "none"}.`,
      );
    }
    return judgeSlo(slo, totals.summaries(slo.stage)[slo.metric], totals.tally(index));
  });
}

/** What the scenario asked for, as written. */
export function ownSlos({ scenario }: RunResult): ReadonlySet<string> {
  const slo: unknown = (scenario as { slo?: unknown } | null)?.slo;
  return new Set(Array.isArray(slo) ? slo.filter((text): text is string => typeof text === "string") : []);
}
