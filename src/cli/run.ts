/** `bench run`: a scenario against a target, from plan to verdict. */
import { randomBytes } from "node:crypto";
import { availableParallelism, cpus, hostname } from "node:os";
import type { Argv, CommandModule } from "yargs";
import { loadDataset, selectClips } from "../base/dataset.ts";
import type { Dataset } from "../base/dataset.ts";
import type { ExitCode } from "../base/errors.ts";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import { conclude } from "../loadgen/conclude.ts";
import type { Coordinator, RunOutcome, RunStart } from "../loadgen/coordinator.ts";
import { createCoordinator } from "../loadgen/coordinator.ts";
import type { OpenPlanInput, PlanInput } from "../loadgen/plan-input.ts";
import { planInput } from "../loadgen/plan-input.ts";
import { makePlan } from "../loadgen/plan.ts";
import { plannedSessions } from "../loadgen/planned-sessions.ts";
import type { WorkerJob } from "../loadgen/protocol.ts";
import type { Rebuilt } from "../loadgen/rebuild.ts";
import { rebuildTotals } from "../loadgen/rebuild.ts";
import type { RunnableScenario } from "../loadgen/scenario.ts";
import { checkAgainstDataset, checkStages, formatScenario, loadScenario } from "../loadgen/scenario.ts";
import { traceOf } from "../loadgen/trace.ts";
import type { UntilCertified } from "../loadgen/until-certified.ts";
import { workerCount } from "../loadgen/worker-count.ts";
import { hlogHeader, hlogLines } from "../metrics/hlog.ts";
import type { RunManifest } from "../metrics/manifest.ts";
import type { RunResult } from "../metrics/result.ts";
import type { Slo } from "../metrics/slo.ts";
import { parseSlo } from "../metrics/slo.ts";
import type { Totals } from "../metrics/totals.ts";
import { createTotals } from "../metrics/totals.ts";
import { renderHtml } from "../report/html.ts";
import { renderTable } from "../report/table.ts";
import { gitCommit, packageVersion, tcpReachable } from "./machine.ts";
import type { OpenTarget } from "./open-target.ts";
import { labelOf, openTarget, targetFacts, withCounts } from "./open-target.ts";
import { preflight } from "./preflight.ts";
import { createProgressView } from "./progress.ts";
import type { RunFolder } from "./run-folder.ts";
import { createRunFolder, recordFiles } from "./run-folder.ts";
import { forecastLines, untilCertified, watchRun } from "./run-watch.ts";
import { launchWorker } from "./worker-process.ts";
import type { World } from "./world.ts";

interface RunArguments {
  scenario: string;
  target: string | undefined;
  out: string | undefined;
  seed: number;
  streams: number | undefined;
  rate: number | undefined;
  duration: string | undefined;
  warmup: string | undefined;
  chunk: string | undefined;
  workers: string;
  slo: string[] | undefined;
  untilCertified: string | undefined;
  budget: string;
  json: boolean;
  quiet: boolean;
}

export function runCommand(world: World): CommandModule {
  return {
    command: ["run", "$0"],
    describe: "Run a scenario, print the table, write the run folder, exit by verdict (the default command)",
    builder: options,
    handler: (args) => run(world, args as unknown as RunArguments),
  };
}

function options(yargs: Argv): Argv {
  return yargs
    .option("scenario", {
      alias: "s",
      type: "string",
      default: "smoke",
      describe: "Name (see `bench scenarios`) or file",
    })
    .option("target", {
      alias: "t",
      type: "string",
      describe: "Name in targets/, file, or grpc://host:port; default: RIVA_HOST, else the emulator",
    })
    .option("out", { alias: "o", type: "string", describe: "Run folder [default: results/<run id>]" })
    .option("seed", { type: "number", default: 1, describe: "Decides clips and phases; one seed, one plan" })
    .option("streams", { type: "number", describe: "Concurrent callers instead of the scenario's" })
    .option("rate", { type: "number", describe: "Sessions a second instead of the scenario's" })
    .option("duration", { type: "string", describe: "Steady window instead of the scenario's (60, 90s, 2m)" })
    .option("warmup", { type: "string", describe: "Warm-up instead of the scenario's" })
    .option("chunk", { type: "string", describe: "Chunk length instead of the scenario's (20ms to 1s)" })
    .option("workers", {
      type: "string",
      default: "auto",
      describe:
        "Processes that make the load; auto: one for every 10,000 chunks a second, one core left free",
    })
    .option("slo", {
      type: "string",
      array: true,
      describe: 'Another SLO, such as "final_from_close p95 < 800ms"',
    })
    .option("until-certified", {
      type: "string",
      describe: "Lengthen the window until this percentile (p50 to p99.9) of the gated metrics is certified",
    })
    .option("budget", {
      type: "string",
      default: "30m",
      describe: "Longest window that --until-certified may make",
    })
    .option("json", { type: "boolean", default: false, describe: "Print result.json instead of the table" })
    .option("quiet", { alias: "q", type: "boolean", default: false, describe: "No progress" })
    .example("$0 --scenario concurrency-50", "fifty callers against the built-in emulator")
    .example("$0 --scenario concurrency-50 --target grpc://gpu-box:50051", "the same against a server")
    .example("$0 --scenario smoke --slo 'rtfx > 20' --out out/smoke", "another gate, a folder of your choice")
    .example(
      "$0 --scenario nvidia-table --streams 64 --target nim",
      "NVIDIA's own procedure, for its tables",
    );
}

async function run(world: World, args: RunArguments): Promise<void> {
  const { scenario, dataset, slos, planned, workers, until } = await readInput(world, args);
  const open = await openTarget(world, args.target);
  try {
    const found = await preflight(open.target, scenario, world.clock);
    const runId = newRunId(world, scenario.name);
    const folder = createRunFolder(args.out, runId, world.cwd);
    folder.write("scenario.yaml", formatScenario(scenario));
    const facts = {
      run: {
        id: runId,
        seed: args.seed,
        tool: `riva-bench ${packageVersion(world.root)}`,
        node: process.version,
        host: hostname(),
        cpus: cpus().length,
        ...gitPart(world.cwd),
      },
      target: targetFacts(open, found),
      dataset: {
        name: dataset.name,
        clips: dataset.clips.length,
        audioSeconds: dataset.audioSeconds,
        sha256: dataset.sha256,
      },
    };
    const onStart = ({ startedAtEpochMs, planHash }: RunStart): void => {
      const manifest: RunManifest = {
        schema: "riva-bench/manifest@1",
        ...facts,
        run: { ...facts.run, startedAt: new Date(startedAtEpochMs).toISOString(), planHash, workers },
        pid: process.pid,
      };
      folder.write("run.json", `${JSON.stringify(manifest, null, 2)}\n`);
    };
    const input = { scenario, dataset, slos, planned, workers, until, runId, folder, open, onStart };
    const { outcome, totals: live } = await load(world, args, input);
    const rebuilt = await accountForLost(input, args.seed, outcome);
    const result = conclude({
      ...facts,
      scenario,
      slos,
      outcome,
      totals: rebuilt?.totals ?? live,
      ...(rebuilt === undefined ? {} : { rebuilt }),
      reachableAtEnd: await tcpReachable(open.target.address, 2000),
      target: await withCounts(facts.target, open),
    });
    finish(world, args, folder, result, outcome);
  } finally {
    await open.close();
  }
}

interface RunInput {
  scenario: RunnableScenario;
  until: UntilCertified | undefined;
  dataset: Dataset;
  slos: readonly Slo[];
  planned: PlanInput | OpenPlanInput;
  /** How many processes make the load. */
  workers: number;
}

/** All that can be wrong with the input is found here, before anything is started or written. */
async function readInput(world: World, args: RunArguments): Promise<RunInput> {
  if (!Number.isSafeInteger(args.seed)) throw BenchError.usage(`--seed ${args.seed}: must be a whole number`);
  const { streams, rate, duration, warmup, chunk, slo } = args;
  const overrides = {
    ...(streams === undefined ? {} : { streams }),
    ...(rate === undefined ? {} : { rate }),
    ...(duration === undefined ? {} : { duration }),
    ...(warmup === undefined ? {} : { warmup }),
    ...(chunk === undefined ? {} : { chunk }),
    ...(slo === undefined ? {} : { slo }),
  };
  const read = await loadScenario(args.scenario, { root: world.root, cwd: world.cwd, overrides });
  const slos = read.slo.map((text) => parseSlo(text));
  const dataset = await loadDataset(read.audio.dataset, { root: world.root });
  const until = untilCertified(args.untilCertified, args.budget, read.load);
  const scenario = checkAgainstDataset(read, dataset);
  const selected = selectClips(dataset, read.audio.clips);
  checkStages(slos, scenario);
  // Finds what is wrong with the plan (a trace, a load without bounds) before anything is started.
  const planned = planInput(scenario, selected, await traceOf(scenario.load));
  const workers = workerCount(args.workers, planned, availableParallelism());
  return { scenario, dataset: selected, slos, planned, workers, until };
}

interface LoadInput extends RunInput {
  runId: string;
  folder: RunFolder;
  open: OpenTarget;
  onStart(start: RunStart): void;
}

/** The timed part: workers make the load, progress is shown, Ctrl-C is heard. */
async function load(
  world: World,
  args: RunArguments,
  { scenario, dataset, slos, planned, workers, until, runId, folder, open, onStart }: LoadInput,
): Promise<{ outcome: RunOutcome; totals: Totals }> {
  const { target, emulator } = open;
  const totals = createTotals({
    window: { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs },
    slos,
  });
  const job: Omit<WorkerJob, "shard"> = {
    runId,
    scenario: withTargetDefaults(scenario, target),
    target: { address: target.address, metadata: target.metadata, ...tlsPart(target.tls) },
    datasetPath: scenario.audio.dataset,
    seed: args.seed,
    ...recordFiles(folder.path),
  };
  if (!args.quiet) {
    const many = workers === 1 ? "" : `, ${workers} workers`;
    world.stderr.write(`${scenario.name} against ${labelOf(target)}, run ${runId}${many}\n`);
    world.stderr.write(forecastLines(scenario, slos, planned, dataset, until));
  }
  const view = createProgressView(world.stderr, args.quiet);
  const coordinator = createCoordinator({
    jobs: Array.from({ length: workers }, (_, index) => ({ ...job, shard: { index, of: workers } })),
    launch: launchWorker,
    totals,
    clock: world.clock,
    onStart,
    onEvent: (event) => {
      folder.event(event);
      if (event.lost === undefined) return;
      view.end();
      world.stderr.write(`${event.message}\n`);
    },
    onSnapshot: (snapshot) => folder.append("histograms.hlog", hlogLines(snapshot)),
    onProgress: ({ atMs, open: openNow }) => {
      const counts = (["warmup", "steady", "drain"] as const).map((phase) => totals.counts(phase));
      view.show({
        elapsedMs: atMs,
        warmupMs: scenario.warmupMs,
        steadyMs: watch.windowEndMs() - scenario.warmupMs,
        open: openNow,
        done: counts.reduce((sum, { completed }) => sum + completed, 0),
        failed: counts.reduce((sum, { failed }) => sum + failed, 0),
        latest: totals.latest(),
      });
      watch.look(atMs);
    },
  });
  const watch = watchRun({
    scenario,
    slos,
    until,
    totals,
    extend: (windowEndMs) => coordinator.extend(windowEndMs),
    onCollapse(atMs, message) {
      folder.event({ atMs, type: "collapse", message });
      if (args.quiet) return;
      view.end();
      world.stderr.write(`collapse: ${message}\n`);
    },
  });
  emulator?.onStall((gapMs, atEpochMs) => coordinator.noteStall("emulator", gapMs, atEpochMs));
  const unhear = hearInterrupts(world, coordinator, () => view.end());
  try {
    folder.append("histograms.hlog", hlogHeader(world.clock.epochMs()));
    return { outcome: await coordinator.run(), totals };
  } finally {
    unhear();
    view.end();
  }
}

/**
 * The last snapshots of a lost worker never came, and what it had under way nobody ended: then the records are the
 * truth. On a full disk they are not complete, so the snapshots stand.
 */
async function accountForLost(
  { folder, scenario, slos, planned, workers }: LoadInput,
  seed: number,
  { lost, problems, summaries, extendedToMs }: RunOutcome,
): Promise<Rebuilt | undefined> {
  if (lost.length === 0 || problems.length > 0) return undefined;
  const ends = summaries.flatMap((summary) => (summary === undefined ? [] : [summary.windowEndMs]));
  const { warmupMs, steadyMs } = scenario;
  const endMs = extendedToMs ?? warmupMs + steadyMs;
  const plan = makePlan({ ...planned, steadyMs: endMs - warmupMs }, seed);
  return rebuildTotals({
    ...recordFiles(folder.path),
    window: { startMs: warmupMs, endMs },
    slos,
    lost,
    planned: (worker) => plannedSessions(plan, worker, workers),
    ...(ends.length === 0 ? {} : { plannedUntilMs: Math.max(...ends) }),
  });
}

/** Ctrl-C once: drain and write a partial result. Twice: end now, still write. */
function hearInterrupts(world: World, coordinator: Coordinator, clear: () => void): () => void {
  let times = 0;
  return world.onInterrupt(() => {
    clear();
    if (times++ === 0) {
      world.stderr.write(
        "stopping: sessions of the window are followed to their end; once more to stop now\n",
      );
      coordinator.stop();
    } else {
      world.stderr.write("stopping now\n");
      coordinator.abort();
    }
  });
}

/** Writes the result, prints it, sets the exit code. What can't be written is still printed. */
function finish(
  world: World,
  args: RunArguments,
  folder: RunFolder,
  result: RunResult,
  outcome: RunOutcome,
): void {
  let problem = outcome.problems[0];
  try {
    folder.write("result.json", `${JSON.stringify(result, null, 2)}\n`);
    folder.write("report.html", renderHtml(result));
  } catch (error) {
    problem ??= { message: messageOf(error) };
  }
  const color = world.stdout.isTTY && world.env["NO_COLOR"] === undefined;
  world.stdout.write(
    args.json ? `${JSON.stringify(result)}\n` : renderTable(result, { color, folder: folder.path }),
  );
  if (problem !== undefined) throw new BenchError(problem.message, { hint: problem.hint });
  world.setExitCode(exitCode(result));
}

function exitCode(result: RunResult): ExitCode {
  if (result.run.interrupted) return EXIT.interrupted;
  switch (result.verdict) {
    case "pass":
      return EXIT.passed;
    case "fail":
      return EXIT.sloFailed;
    case "inconclusive":
      return EXIT.inconclusive;
    case "void":
      return EXIT.runVoid;
  }
}

function withTargetDefaults(scenario: RunnableScenario, target: OpenTarget["target"]): RunnableScenario {
  const { model, language } = target;
  return {
    ...scenario,
    recognition: {
      ...scenario.recognition,
      ...(model === undefined || scenario.recognition.model !== undefined ? {} : { model }),
      ...(language === undefined ? {} : { language }),
    },
  };
}

function tlsPart(tls: OpenTarget["target"]["tls"]): Pick<WorkerJob["target"], "tls"> {
  if (tls === undefined) return {};
  const text = (pem: Buffer | undefined, key: string): object =>
    pem === undefined ? {} : { [key]: pem.toString("utf8") };
  return {
    tls: {
      ...text(tls.rootCa, "rootCa"),
      ...text(tls.clientCert, "clientCert"),
      ...text(tls.clientKey, "clientKey"),
      ...(tls.serverName === undefined ? {} : { serverName: tls.serverName }),
    },
  };
}

function gitPart(cwd: string): { git?: string } {
  const git = gitCommit(cwd);
  return git === undefined ? {} : { git };
}

/** Sorts by time, names the scenario, and does not collide. */
function newRunId(world: World, scenario: string): string {
  const stamp = new Date(world.clock.epochMs()).toISOString().slice(0, 19).replaceAll(":", "-");
  return `${stamp}-${scenario}-${randomBytes(2).toString("hex")}`;
}
