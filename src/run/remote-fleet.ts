/** The workers of a run when they are on other machines. NATS's packages are loaded here, and only then. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { defined } from "../base/defined.ts";
import type { World } from "../base/process/world.ts";
import { hideSecrets } from "../base/text/redact.ts";
import type { RunnableScenario } from "../scenario/scenario.ts";
import type { Resolve } from "../scenario/target/find-route.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import { secretsOf } from "../scenario/target/target-secrets.ts";
import type { Fleet, FleetOptions } from "./nats/fleet.ts";
import type { RunInput } from "./run-input.ts";
import type { UnloadedAnswers } from "./unloaded.ts";

export interface RemoteFleetInput {
  input: RunInput;
  runId: string;
  /** With the target's defaults. */
  scenario: RunnableScenario;
  target: ResolvedTarget;
  resolve: Resolve;
  unloaded: UnloadedAnswers["answers"] | undefined;
  files: FleetOptions["files"];
  onFailure: FleetOptions["onFailure"];
  onProblem: FleetOptions["onProblem"];
}

/**
 * Undefined for a run on this machine.
 * @throws BenchError when the broker can't be used, has a run of this name, or does not take the dataset
 */
export async function openRemoteFleet(
  world: World,
  { input, runId, scenario, target, resolve, unloaded, files, onFailure, onProblem }: RemoteFleetInput,
): Promise<Fleet | undefined> {
  const { remote, seed, workers, traceRatio, dataset, planned } = input;
  if (remote === undefined) return undefined;
  const [{ connectBroker }, { openFleet }, { remoteJob, toolOf }, { shareDataset }] = await Promise.all([
    import("./nats/broker.ts"),
    import("./nats/fleet.ts"),
    import("./nats/remote-job.ts"),
    import("./nats/dataset-share.ts"),
  ]);
  const bus = await connectBroker(remote.broker, runId);
  try {
    const { sha256 } = dataset;
    const path = scenario.audio.dataset;
    const manifest = await shareDataset(bus, path, sha256, world.root);
    const job = await remoteJob(scenario, {
      ...{ tool: toolOf(world.root), runId, incarnation: randomBytes(8).toString("hex") },
      ...{ target: target.uri, metadata: Object.keys(target.metadata), host: hostname() },
      ...{
        resolve,
        seed,
        workers,
        streams: "streams" in planned ? planned.streams : Math.max(1, planned.expectedOpen),
      },
      dataset: { name: path === "default" ? path : dataset.name, sha256, manifest },
      ...defined({ traceRatio, unloaded }),
    });
    const fleet = await openFleet({
      bus,
      job,
      clock: world.clock,
      files,
      joinMs: remote.joinMs,
      onFailure,
      onProblem,
    });
    let ended: Promise<void> | undefined;
    const end = async (why: string): Promise<void> => {
      try {
        await fleet.end(hideSecrets(why, secretsOf(target)));
      } finally {
        await bus.close();
      }
    };
    return { ...fleet, end: (why) => (ended ??= end(why)) };
  } catch (error) {
    await bus.close();
    throw error;
  }
}
