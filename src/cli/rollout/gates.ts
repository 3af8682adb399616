/** The gates of a rollout: what `bench check` finds, and what `bench run` with `bench gate` makes of the version under load. */
import { join } from "node:path";
import { defined } from "../../base/defined.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import { BenchError } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import { DEFAULT_MARGINS, figuresOf } from "../../metrics/judge/figure.ts";
import { judgeRuns } from "../../metrics/judge/run-gate.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { gateSentence } from "../../report/text/gate-report.ts";
import { observedText } from "../../report/words/wording.ts";
import type { StepNote } from "../../rollout/ports.ts";
import type { RolloutFile } from "../../rollout/rollout-file.ts";
import { readInput } from "../../run/run-input.ts";
import { newRunId } from "../../base/run-id.ts";
import { runScenario } from "../../run/run-scenario.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import { findArchivedRuns } from "../../store/archived-runs.ts";
import { ownSlos } from "../../store/rejudge.ts";
import { runSteps } from "../check/check-steps.ts";
import type { ExitCode } from "../../base/errors.ts";
import { GATE_EXITS } from "../gate-exits.ts";

/** The smoke gate of a rollout's file. */
type Smoke = NonNullable<RolloutFile["smoke"]>;

/** `bench check` as a gate: one look at the server behind `target`. */
export async function probeTarget(world: World, target: string): Promise<StepNote & { ok: boolean }> {
  const found = await resolveTarget({ flag: target, env: world.env, cwd: world.cwd, root: world.root });
  const language = found.language ?? "en-US";
  const context = {
    target: found,
    clock: world.clock,
    clip: await shortestClip(world),
    language,
    resolve: "all",
  };
  const findings = await runSteps(
    { ...context, resolve: "all", ...defined({ model: found.model }) },
    () => undefined,
  );
  const failed = findings.find(({ ok }) => !ok);
  if (failed === undefined) return { ok: true, detail: `${findings.length} checks passed` };
  return { ok: false, detail: `${failed.name}: ${failed.detail}` };
}

async function shortestClip({ root }: World): Promise<Clip> {
  const { clips } = await loadDataset("default", { root });
  return clips.reduce((shortest, each) => (each.audioMs < shortest.audioMs ? each : shortest));
}

/** @throws BenchError (exit 2) for a scenario or a baseline that can't be used, before anything is touched */
export async function checkSmoke(world: World, smoke: Smoke): Promise<void> {
  const { slos, scenario } = await readInput(world, { ...flagsOf(smoke), seed: 1, workers: "auto" });
  if (slos.length === 0)
    throw BenchError.usage(
      `smoke: scenario ${scenario.name} has no SLO: it would refuse nothing`,
      'Add some to the rollout\'s file, such as slo: ["error_ratio < 1%", "final_from_close p95 < 2s"].',
    );
  if (smoke.baseline !== undefined) await findArchivedRuns(smoke.baseline, world.cwd);
}

/** `bench run` and `bench gate` as a gate. @throws BenchError when the run can't be made or written */
export async function smokeTarget(
  world: World,
  { smoke, target, folder, signal }: { smoke: Smoke; target: string; folder: string; signal: AbortSignal },
): Promise<StepNote & { exitCode: ExitCode }> {
  const out = join(folder, newRunId(world.clock, "smoke"));
  const { cwd, env } = world;
  const { result, problem } = await runScenario({ ...flagsOf(smoke), target, out, cwd, env, signal });
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  const baseline =
    smoke.baseline === undefined ? undefined : await findArchivedRuns(smoke.baseline, world.cwd);
  const report = judgeRuns(
    [result],
    baseline?.map((run) => run.result),
    figuresOf([...ownSlos(result)]),
    DEFAULT_MARGINS,
  );
  const worse = (report.regression?.rows ?? []).filter(({ verdict }) => verdict !== "pass");
  const found = [
    ...brokenChecks(result),
    ...worse.map(({ figure }) => `${figure.name} against the baseline`),
  ];
  const advice =
    report.verdict === "void"
      ? ["not the version's fault: deploy it again when this machine has less to do"]
      : [];
  const detail = [gateSentence(report), ...found, ...advice].join("; ");
  return { detail, run: out, exitCode: GATE_EXITS[report.verdict] };
}

function flagsOf({ scenario, slo }: Smoke): { scenario: string; slo?: string[] } {
  return { scenario, ...(slo !== undefined && { slo }) };
}

function brokenChecks({ slos, validity }: RunResult): string[] {
  const broken = [...validity.checks.filter(({ verdict }) => verdict === "fail"), ...slos].filter(
    ({ verdict }) => verdict !== "pass",
  );
  return broken.map((check) => `${check.name}: ${observedText(check)}`);
}
