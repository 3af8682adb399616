/** The timed part of a run: workers make the load, listeners see it, Ctrl-C is heard. */
import { defined } from "../base/defined.ts";
import { streamsPerConnection } from "../client/stream-limit.ts";
import { BenchError } from "../base/errors.ts";
import type { Coordinator, RunOutcome, RunStart } from "../loadgen/workers/coordinator.ts";
import { createCoordinator, LOCAL_TIMING } from "../loadgen/workers/coordinator.ts";
import { shareOfLoad } from "../loadgen/plan/plan.ts";
import type { Share } from "../loadgen/plan/share.ts";
import { shareOf, sharesByWeight, splitShare } from "../loadgen/plan/share.ts";
import type { WorkerJob } from "../loadgen/workers/protocol.ts";
import { isUnpaced } from "../scenario/load/load.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import { createHlog, hlogHeader } from "../metrics/record/hlog.ts";
import type { RunListener } from "../watch/listener.ts";
import type { RunEvent } from "../metrics/result/run-event.ts";
import type { Totals } from "../metrics/record/totals.ts";
import { createTotals } from "../metrics/record/totals.ts";
import type { RemoteWorkerFacts, RemoteWorkers } from "../metrics/result/remote-workers.ts";
import type { Resolve } from "../scenario/target/find-route.ts";
import type { OpenTarget } from "./open-target.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { recordFiles } from "../store/run-folder.ts";
import type { RunInput } from "./run-input.ts";
import { partOf } from "./run-input.ts";
import { watchRun } from "./run-watch.ts";
import type { ServerFacts } from "./stored-answers.ts";
import { storedAnswers } from "./stored-answers.ts";
import type { UnloadedAnswers } from "./unloaded.ts";
import { askUnloaded } from "./unloaded.ts";
import { unloadedMs } from "./unloaded-time.ts";
import { launchWorker } from "./worker-process.ts";
import { workerTarget } from "./worker-target.ts";
import type { World } from "../base/process/world.ts";
import { openRemoteFleet } from "./remote-fleet.ts";
import { untilNearStart } from "./shards/wait-for-start.ts";

export interface LoadInput {
  input: RunInput;
  runId: string;
  open: OpenTarget;
  server: ServerFacts;
  folder: RunFolder;
  listener: Required<Pick<RunListener, "onSnapshot" | "onTick" | "onWorker" | "onLoadEnd">>;
  /** Once, just before the workers are told to start; what it throws ends the run. */
  onStart(start: RunStart): void;
  onEvent(event: RunEvent): void;
  /** Streams that the target takes on one connection, where it sets a limit. */
  streamLimit: number | undefined;
  /** Which addresses of the target's name get sessions. */
  resolve: Resolve;
}

export interface MadeLoad {
  outcome: RunOutcome;
  totals: Totals;
  /** Present when the workers were on other machines. */
  remote?: RemoteWorkers;
  /** The share that a worker had to carry, by its number. */
  shareOfWorker(worker: number): Share;
}

/** @throws BenchError when a worker can't begin, or the run was interrupted before it began */
export async function makeLoad(
  world: World,
  { input, runId, open, server, folder, listener, onStart, onEvent, streamLimit, resolve }: LoadInput,
): Promise<MadeLoad> {
  const { target, emulator } = open;
  const { scenario, slos, workers, until, seed, traceRatio } = input;
  const part = partOf(input);
  if (input.shard !== undefined) await untilNearStart(world, input.shard.startAtEpochMs);
  const totals = createTotals({
    window: { startMs: scenario.warmupMs, endMs: scenario.warmupMs + scenario.steadyMs },
    slos,
  });
  const asked = withTargetDefaults(scenario, target, streamLimit);
  const unloaded = await unloadedAnswers(world, { input, server, target, scenario: asked, onEvent });
  const job: Omit<WorkerJob, "share" | "worker" | "writesClips"> = {
    runId,
    scenario: asked,
    ...defined({ unloaded }),
    target: workerTarget(scenario.transport, target),
    datasetPath: scenario.audio.dataset,
    seed,
    ...defined({ traceRatio }),
    ...recordFiles(folder.path),
    processes: workers,
  };
  const fleet = await openRemoteFleet(world, {
    ...{ input, runId, scenario: asked, target, resolve, unloaded },
    files: recordFiles(folder.path),
    onFailure: (error) => coordinator.fail(error),
    onProblem: (problem) => coordinator.noteProblem(problem),
  });
  const timing = fleet?.timing ?? LOCAL_TIMING;
  const hlog = createHlog((lines) => folder.append("histograms.hlog", lines));
  const coordinator = createCoordinator({
    jobs: splitShare(shareOf(part), workers).map((share, index) => ({
      ...{ ...job, share, writesClips: index === 0 },
      worker: part.index + part.of * index + 1,
    })),
    launch: fleet?.launch ?? (() => launchWorker(scenario.transport)),
    timing,
    ...defined({ startAtEpochMs: input.shard?.startAtEpochMs }),
    totals,
    clock: world.clock,
    onStart,
    onEvent,
    onHealth: (report) =>
      listener.onWorker({ ...report, ...(fleet && { remote: () => fleet.worker(report.worker) }) }),
    onSnapshot(snapshot) {
      hlog.add(snapshot);
      listener.onSnapshot(snapshot);
    },
    onProgress({ atMs, open }) {
      listener.onTick({ atMs, open, windowEndMs: watch.windowEndMs(), totals });
      watch.look(atMs);
    },
  });
  const watch = watchRun({
    scenario,
    // One part can't tell what is certain to fail in the whole.
    slos: input.shard === undefined ? slos : [],
    until,
    extendLeadMs: timing.extendLeadMs,
    totals,
    extend: (windowEndMs) => coordinator.extend(windowEndMs),
    endEarly: (why) => coordinator.endEarly(why),
    onCollapse: (atMs, message) => onEvent({ atMs, type: "collapse", message: `collapse: ${message}` }),
  });
  emulator?.onStall((gapMs, atMachineMs) => coordinator.noteStall("emulator", gapMs, atMachineMs));
  const forgetInterrupts = hearInterrupts(world, coordinator);
  let why = "the run was called off";
  try {
    folder.append("histograms.hlog", hlogHeader(world.clock.epochMs()));
    const outcome = await coordinator.run();
    why = "the run is over";
    await fleet?.end(why);
    const remote = fleet?.workers();
    const shares = remote === undefined ? undefined : sharesByWeight(remote.workers.map(weightOf));
    const shareOfWorker = (worker: number): Share => {
      const share =
        shares === undefined ? shareOf({ index: worker - 1, of: part.of * workers }) : shares[worker - 1];
      if (share === undefined) throw new Error(`there is no worker ${worker}`);
      return share;
    };
    const lost = outcome.lost.filter(({ windowOver }) => !windowOver);
    const lostShare = shareOfLoad(
      input.planned,
      lost.map(({ worker }) => shareOfWorker(worker)),
    );
    const missedSnapshots = fleet?.missedSnapshots();
    return {
      outcome: {
        ...outcome,
        lostShare: lost.length === 0 ? 0 : lostShare / shareOfLoad(input.planned, [shareOf(part)]),
        ...defined({ missedSnapshots }),
      },
      totals,
      ...defined({ remote }),
      shareOfWorker,
    };
  } catch (error) {
    if (error instanceof BenchError) why = error.message;
    throw error;
  } finally {
    forgetInterrupts();
    hlog.end();
    listener.onLoadEnd();
    await fleet?.end(why);
  }
}

/** The plan was dealt by all weights before the run began. */
function weightOf({ index, weight }: RemoteWorkerFacts): number {
  if (weight === undefined) throw new Error(`worker ${index + 1} has no weight`);
  return weight;
}

/**
 * Ctrl-C once, or nobody who reads any more: drain and write a partial result. Ctrl-C twice: end now, still write. A terminal that is
 * closed tells so in several ways at once, which means no more than once.
 */
function hearInterrupts(world: World, coordinator: Coordinator): () => void {
  let stopping = false;
  return world.onInterrupt((why) => {
    if (!stopping) coordinator.stop();
    else if (why === "SIGINT" || why === "SIGTERM") coordinator.abort();
    stopping = true;
  });
}

/** The target's answers without load, where the scenario compares answers under load with them. */
async function unloadedAnswers(
  world: World,
  {
    input: { dataset, scenario: asked, seed },
    server,
    target,
    scenario,
    onEvent,
  }: Pick<LoadInput, "input" | "server" | "onEvent"> & {
    target: OpenTarget["target"];
    scenario: RunnableScenario;
  },
): Promise<UnloadedAnswers["answers"] | undefined> {
  if (scenario.scoring.parity === "off") return undefined;
  const tell = (message: string): void => onEvent({ atMs: 0, type: "unloaded", message });
  const { parity } = scenario.scoring;
  if (typeof parity !== "string") {
    const { answers, missing } = await storedAnswers({
      ...{ run: parity.run, target, server, scenario: asked, dataset, seed },
    });
    tell(
      `answers without load to ${answers.length} of ${dataset.clips.length} clips come from ${parity.run}`,
    );
    if (missing.length > 0)
      tell(`clips without a stored answer are left out of transcript_parity: ${namesOf(missing)}`);
    return answers;
  }
  const lasts = isUnpaced(scenario.load)
    ? ""
    : `, about ${(unloadedMs(scenario, dataset) / 60_000).toFixed(1)} min`;
  tell(`each of ${dataset.clips.length} clips is asked once without load first${lasts} (scoring.parity)`);
  const interrupt = new AbortController();
  const forgetInterrupts = world.onInterrupt(() => interrupt.abort());
  try {
    const { answers, failed } = await askUnloaded({
      ...{ clock: world.clock, target, scenario, dataset },
      signal: interrupt.signal,
    });
    if (failed > 0)
      tell(
        `${failed} of ${dataset.clips.length} clips failed without load: transcript_parity leaves them out`,
      );
    return answers;
  } finally {
    forgetInterrupts();
  }
}

const CLIPS_NAMED = 10;

function namesOf(clips: readonly string[]): string {
  const more = clips.length - CLIPS_NAMED;
  return `${clips.slice(0, CLIPS_NAMED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** As the target wants it; the scenario that is stored stays the one that was asked for. */
function withTargetDefaults(
  scenario: RunnableScenario,
  target: OpenTarget["target"],
  streamLimit: number | undefined,
): RunnableScenario {
  const { model, language } = target;
  return {
    ...scenario,
    connections: {
      streamsPerConnection: streamsPerConnection(scenario.connections.streamsPerConnection, streamLimit),
    },
    recognition: {
      ...scenario.recognition,
      ...(model === undefined || scenario.recognition.model !== undefined ? {} : { model }),
      ...defined({ language }),
    },
  };
}
