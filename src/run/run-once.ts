/**
 * One run against a target that is open: from its folder to its result. Prints nothing itself: what a person sees while
 * it lasts is a listener's work, and what becomes of the result its caller's.
 */
import { defined } from "../base/defined.ts";
import { cpus, hostname } from "node:os";
import { withoutReference } from "../base/dataset/dataset.ts";
import { messageOf } from "../base/errors.ts";
import { hideSecrets } from "../base/text/redact.ts";
import { conclude } from "../store/make-result.ts";
import { streamsPerConnection } from "../client/stream-limit.ts";
import { formatScenario } from "../scenario/scenario.ts";
import { chooseTransport } from "../loadgen/workers/transport-choice.ts";
import { quoteCalibration } from "../metrics/judge/calibration.ts";
import type { RunListener } from "../watch/listener.ts";
import { fanOut } from "../watch/listener.ts";
import type { RunManifest } from "../metrics/result/result.ts";
import type { RunResult } from "../metrics/result/result.ts";
import type { RunEvent } from "../metrics/result/run-event.ts";
import { referenceNote } from "../report/words/failure-notes.ts";
import { renderHtml } from "../report/html/html.ts";
import { readCalibration } from "../store/calibration-file.ts";
import { gitCommit, NODE_VERSION, packageVersion, PROCESS_ID } from "../base/process/machine.ts";
import type { OpenTarget } from "./open-target.ts";
import { targetFacts, withCounts } from "./open-target.ts";
import { preflight } from "./preflight.ts";
import {
  addressPart,
  findRoute,
  routeNotes,
  routeSeams,
  targetReachable,
} from "../scenario/target/find-route.ts";
import type { Resolve } from "../scenario/target/find-route.ts";
import type { RunFolder } from "../store/run-folder.ts";
import { createRunFolder } from "../store/run-folder.ts";
import type { RunInput } from "./run-input.ts";
import { ownStreams } from "./run-input.ts";
import { makeLoad } from "./run-load.ts";
import { accountForLost } from "./run-lost.ts";
import { createServerScrape, roundTripMs } from "./server-scrape.ts";
import { withServerSide } from "./server-share.ts";
import { readSessionDigest } from "../store/session-digest-file.ts";
import {
  metadataSha256,
  secretsOf,
  tellingNoSecrets,
  withoutSecrets,
} from "../scenario/target/target-secrets.ts";
import type { World } from "../base/process/world.ts";
import { newRunId } from "../base/run-id.ts";

export interface OneRun {
  input: RunInput;
  open: OpenTarget;
  /** The run folder; undefined = `results/<run id>`. */
  out: string | undefined;
  /** Which addresses of the target's name get sessions; default: all. */
  resolve?: Resolve | undefined;
  /** Made when the run has its name and its folder, and before any load; closed when it is over. */
  listeners(runId: string, folder: string): readonly RunListener[] | Promise<readonly RunListener[]>;
}

export interface FinishedRun {
  result: RunResult;
  /** Path of the run folder. */
  folder: string;
  /** What kept the run from going its way or its result from being written (a full disk), where something did. */
  problem?: { message: string; hint?: string | undefined };
}

/** @throws BenchError when the target can't be used, the folder can't be written, or the run can't begin */
export function runOnce(world: World, run: OneRun): Promise<FinishedRun> {
  return tellingNoSecrets(run.open.target, () => runInFolder(world, run));
}

async function runInFolder(
  world: World,
  { input: asked, open: opened, out, resolve = "all", listeners }: OneRun,
): Promise<FinishedRun> {
  const { slos, dataset, workers, seed, remote: elsewhere } = asked;
  const routed = await findRoute(opened.target, resolve, routeSeams(world.clock));
  const open = { ...opened, target: { ...opened.target, route: routed.route } };
  const transport = chooseTransport(asked.scenario, ownStreams(asked), workers, open.target.kind);
  const scenario = { ...asked.scenario, transport };
  const input = { ...asked, scenario };
  const found = await preflight(open.target, scenario, world.clock);
  const runId = elsewhere?.runId ?? newRunId(world.clock, scenario.name);
  const folder = createRunFolder(out, runId, world.cwd);
  folder.write("scenario.yaml", formatScenario(scenario));
  const unreferenced = withoutReference(dataset);
  const facts = {
    run: {
      id: runId,
      seed,
      ...machineFacts(world),
      ...calibrationPart(world, input),
      ...shardPart(input, open.target),
    },
    target: targetFacts(open, found),
    dataset: {
      name: dataset.name,
      clips: dataset.clips.length,
      ...(unreferenced === 0 ? {} : { withoutReference: unreferenced }),
      audioSeconds: dataset.audioSeconds,
      sha256: dataset.sha256,
    },
  };
  const secrets = secretsOf(open.target);
  const onEvent = (told: RunEvent): void => {
    const event = withoutSecrets(told, secrets);
    folder.event(event);
    listener.onEvent(event);
  };
  const listener = fanOut(await listeners(runId, folder.path), (name, message) =>
    onEvent({ atMs: 0, type: "listener", message: `${name} failed and is left out: ${message}` }),
  );
  const scrape = createServerScrape(open.target.scrape ?? [], world.clock, (message) =>
    onEvent({ atMs: 0, type: "listener", message: `server metrics: ${message}` }),
  );
  for (const message of routeNotes(open.target, routed)) onEvent({ atMs: 0, type: "route", message });
  const crowded = streamLimitNote(input, found.streamLimit);
  if (crowded !== undefined) onEvent({ atMs: 0, type: "stream-limit", message: crowded });
  const unjudged = referenceNote(facts.dataset);
  if (unjudged !== undefined) onEvent({ atMs: 0, type: "no-reference", message: unjudged });
  let forgetInterrupts = (): void => undefined;
  try {
    const roundTrip = open.target.scrape && (await roundTripMs(open.target, world.clock));
    const { outcome, totals, remote, shareOfWorker } = await makeLoad(world, {
      ...{ input, runId, open, server: facts.target, folder, listener, onEvent },
      ...{ streamLimit: found.streamLimit, resolve },
      onStart({ startedAtEpochMs, planHash }) {
        const startedAt = new Date(startedAtEpochMs).toISOString();
        const manifest: RunManifest = {
          schema: "riva-bench/manifest@1",
          ...facts,
          run: { ...facts.run, startedAt, planHash, workers },
          pid: PROCESS_ID,
        };
        folder.write("run.json", `${JSON.stringify(manifest, null, 2)}\n`);
        // From here on something would be lost: who interrupts after the load waits for the result, which is seconds away.
        forgetInterrupts = world.onInterrupt(() => undefined);
        listener.onStart(manifest);
        scrape.start(startedAtEpochMs);
      },
    });
    scrape.stop();
    const rebuilt = await accountForLost(input, folder.path, outcome, shareOfWorker);
    const final = rebuilt?.totals ?? totals;
    const concluded = conclude({
      ...facts,
      run: { ...facts.run, ...defined({ remote }) },
      scenario,
      slos,
      outcome,
      totals: final,
      ...defined({ rebuilt }),
      reachableAtEnd: await targetReachable(open.target, world.clock, 2000),
      target: {
        ...(await withCounts(facts.target, open)),
        ...addressPart(routed, outcome.sessionsByAddress),
      },
    });
    const result = await withServerSide(
      withHiddenSecrets(concluded, secrets),
      scrape,
      folder.path,
      roundTrip,
    );
    const unwritten = await storeResult(folder, result);
    const problem = outcome.problems[0] ?? unwritten;
    await listener.onEnd(result, folder.path, final);
    return { result, folder: folder.path, ...(problem === undefined ? {} : { problem }) };
  } finally {
    forgetInterrupts();
    scrape.stop();
    await listener.close();
    folder.discardUnlessBegun();
  }
}

/** A server may repeat what it was told. */
function withHiddenSecrets(result: RunResult, secrets: readonly string[]): RunResult {
  for (const { worst } of result.accuracy ?? []) {
    if (worst !== undefined) worst.answer = hideSecrets(worst.answer, secrets);
  }
  return result;
}

/** Writes the result; what can't be written is a problem, not an end: it can still be printed. */
export async function storeResult(folder: RunFolder, result: RunResult): Promise<FinishedRun["problem"]> {
  try {
    folder.write("result.json", `${JSON.stringify(result, null, 2)}\n`);
    folder.write("report.html", renderHtml(result, await readSessionDigest(folder.path, result)));
    return undefined;
  } catch (error) {
    return { message: messageOf(error) };
  }
}

/** Said where the server takes fewer streams a connection than the scenario would put on one. */
function streamLimitNote(input: RunInput, limit: number | undefined): string | undefined {
  const { scenario, workers } = input;
  const streams = Math.ceil(streamsHere(input) / workers);
  const wanted = scenario.connections.streamsPerConnection;
  if (limit === undefined || limit >= Math.min(wanted, streams)) return undefined;
  const connections = workers * Math.ceil(streams / streamsPerConnection(wanted, limit));
  return (
    `the server takes ${limit} streams a connection (HTTP/2 MAX_CONCURRENT_STREAMS), the scenario would put ` +
    `${Math.min(wanted, streams)} on one: about ${connections} connections are used, since streams beyond the limit would ` +
    `wait inside this client and look like latency of the server. Write connections: { streamsPerConnection: ${limit} } ` +
    "or raise the limit of the server or proxy."
  );
}

/** What this machine's calibration, where it has one, says of such a load. */
function calibrationPart(world: World, input: RunInput): Pick<RunResult["run"], "calibration"> {
  const calibration = readCalibration(world);
  if (calibration === undefined) return {};
  const { chunkMs, pace } = input.planned;
  const { transport } = input.scenario;
  const quote = quoteCalibration(calibration, { streams: streamsHere(input), chunkMs, pace, transport });
  return quote === undefined ? {} : { calibration: quote };
}

/** Which part of the run it is, where it is one. */
function shardPart({ shard }: RunInput, target: OpenTarget["target"]): Pick<RunResult["run"], "shard"> {
  if (shard === undefined) return {};
  const { part, startAtEpochMs } = shard;
  return {
    shard: {
      ...{ index: part.index + 1, count: part.of, startAt: new Date(startAtEpochMs).toISOString() },
      metadataSha256: metadataSha256(target),
    },
  };
}

function streamsHere(input: RunInput): number {
  const own = ownStreams(input);
  return "streams" in own ? own.streams : own.expectedOpen;
}

function machineFacts({
  root,
  cwd,
}: World): Pick<RunResult["run"], "tool" | "node" | "host" | "cpus"> & { git?: string } {
  const git = gitCommit(cwd);
  return {
    tool: `riva-bench ${packageVersion(root)}`,
    node: NODE_VERSION,
    host: hostname(),
    cpus: cpus().length,
    ...defined({ git }),
  };
}
