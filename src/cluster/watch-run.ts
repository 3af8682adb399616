/** A run in a cluster from its first pod to the end of its coordinator. */
import { defined } from "../base/defined.ts";
import { BenchError, EXIT } from "../base/errors.ts";
import { formatDuration } from "../base/duration.ts";
import type { Clock } from "../base/clock.ts";
import { pause } from "../base/clock.ts";
import { exitCode as exitCodeOf } from "../metrics/result/exit-code.ts";
import { parseRunResult } from "../metrics/result/read-result.ts";
import type { Interrupts } from "./interrupts.ts";
import type { ContainerEnd, Pod, Trouble } from "./pods.ts";
import { componentOf, endOf, isRunning, nameOf, podsIn, restartsOf, troubleOf } from "./pods.ts";
import type { RefusedPod } from "./refused-pod.ts";
import { createRefusedPod } from "./refused-pod.ts";
import { selectorOf } from "./release.ts";
import type { RunLog } from "./run-log.ts";
import { followRunLog } from "./run-log.ts";
import { firstLine, toolError } from "./tool-error.ts";
import type { Tools } from "./tools.ts";

export interface Watch {
  tools: Tools;
  clock: Clock;
  interrupts: Interrupts;
  release: string;
  /** How long the coordinator may take to begin, milliseconds. */
  startMs: number;
  /** Between two looks, milliseconds. */
  pollMs: number;
  /** The command that fetches the run folder out of a pod. */
  byHand(pod: string): string;
  /** A line about the pods. */
  tell(line: string): void;
  /** A line of the coordinator's own. */
  tellLog(line: string): void;
}

/** How the coordinator ended. */
export interface EndedRun extends Omit<ContainerEnd, "exitCode"> {
  /** Undefined where neither the cluster nor the log says. */
  exitCode: number | undefined;
  pod: string;
  /** When the API server made the pod: an instant in ISO 8601, to the second. */
  made?: string;
  /** The pod still holds the run folder. */
  isHolding: boolean;
  /** The text of `result.json`, where the log held it. */
  result?: string;
}

type End = Pick<EndedRun, "exitCode" | "reason" | "hasBegun">;

/** The run goes on, and can't be seen any more: its release must not be removed. */
export class LostRun extends BenchError {}

/** So long the API server may answer nothing. */
const MOST_FAILURES_MS = 60_000;
/** The log's last line may come after the end of its container. */
const LOG_LIMIT_MS = 5000;
/** Pods that can't be made show in events alone. */
const EVENTS_AFTER_MS = 3000;
/** Signal handling of `bench run`: it ends its sessions and writes what it has. The coordinator is its container's first process. */
const END_RUN = "process.kill(1,'SIGINT')";

/**
 * Follows the pods of a release until its coordinator has ended.
 *
 * @throws LostRun (exit 1) when a run that has begun can't be seen any more; BenchError (exit 1) with what keeps the run from beginning, or when its coordinator is gone; (exit 130) when it was
 * interrupted before there was anything to drain, or twice
 */
export async function watchRun(watch: Watch): Promise<EndedRun> {
  const { clock, interrupts, startMs, pollMs, tell } = watch;
  const sight = createSight(tell);
  const refusedPod = createRefusedPod(watch.tools, watch.release);
  const beganMs = clock.nowMs();
  let logs: RunLog[] = [];
  let coordinator: Pod | undefined;
  let answeredMs = beganMs;
  let told = 0;
  let hasBegun = false;
  const lost = ({ message }: Error): BenchError => {
    if (coordinator === undefined || !hasBegun) return new BenchError(message);
    return new LostRun(message, {
      hint: `The run goes on without this command, and holds its result for a while after its end. Fetch it with: ${watch.byHand(coordinator.metadata.name)}`,
    });
  };
  try {
    for (;;) {
      const pods = await listPods(watch);
      if (pods instanceof BenchError) throw lost(pods);
      if (pods !== undefined) {
        answeredMs = clock.nowMs();
        sight.see(pods);
        const found = pods.find((pod) => componentOf(pod) === "run");
        if (found === undefined && coordinator !== undefined) throw coordinatorGone(coordinator);
        coordinator = found ?? coordinator;
        const end = coordinator && (endOf(coordinator, "run") ?? endOfDeleted(coordinator, logs, sight));
        if (coordinator !== undefined && end !== undefined) return await ended(coordinator, end, logs, clock);
        hasBegun = coordinator !== undefined && isRunning(coordinator, "run");
        if (!hasBegun) await refuseTrouble(refusedPod, pods, clock.nowMs() - beganMs, startMs);
        else if (coordinator !== undefined && logs.at(-1)?.isFollowing() !== true) {
          const log = followRunLog(watch.tools, coordinator.metadata.name, logs.length === 0, watch.tellLog);
          void log.ended.then((why) => {
            if (why !== undefined) sight.once(`the coordinator's log can't be followed: ${why}`);
          });
          logs = [...logs, log];
        }
        if (interrupts.count() > told) {
          told = interrupts.count();
          if (told > 1 || !hasBegun || coordinator === undefined) throw interrupted();
          await drain(watch, coordinator);
        }
      } else if (clock.nowMs() - answeredMs > MOST_FAILURES_MS) {
        throw lost(new BenchError(`the API server has not answered for ${formatDuration(MOST_FAILURES_MS)}`));
      }
      if (interrupts.count() > Math.max(told, 1)) throw interrupted();
      await Promise.race([pause(clock, pollMs), interrupts.next()]);
    }
  } finally {
    for (const log of logs) log.stop();
  }
}

function interrupted(): BenchError {
  return new BenchError("interrupted", { exitCode: EXIT.interrupted, hint: "Nothing was fetched." });
}

function coordinatorGone(pod: Pod): BenchError {
  return new BenchError(`${nameOf(pod)} is gone, and the run with it`, {
    hint: "Somebody deleted it, or its node went. With results.existingClaim in --values the records stay: `bench report` reads them.",
  });
}

/** The pods; undefined when the API server gave no answer, an error when it refuses one. */
async function listPods({ tools, release }: Watch): Promise<Pod[] | BenchError | undefined> {
  const what = ["get", "pods", selectorOf(release), "--output=json", "--request-timeout=15s"];
  const done = await tools.kubectl(what);
  if (done.code === 0) return podsIn(done.stdout);
  if (/is forbidden/.test(done.stderr)) return toolError("the pods can't be listed", done);
  return undefined;
}

/** Tells of the pods what is new. */
interface Sight {
  see(pods: readonly Pod[]): void;
  /** Tells a line that was not told before. */
  once(line: string): void;
}

function createSight(tell: (line: string) => void): Sight {
  const said = new Set<string>();
  const restarts = new Map<string, number>();
  let phases = "";
  let brokerUid: string | undefined;
  const once = (line: string): void => {
    if (said.has(line)) return;
    said.add(line);
    tell(line);
  };
  return {
    once,
    see(pods) {
      const counts = new Map<string, number>();
      for (const pod of pods) {
        const phase = (pod.status?.phase ?? "Pending").toLowerCase();
        counts.set(phase, (counts.get(phase) ?? 0) + 1);
        const component = componentOf(pod);
        const trouble = troubleOf(pod);
        if (trouble !== undefined) once(trouble.message);
        const { uid = "", name } = pod.metadata;
        const end = component === "worker" ? endOf(pod, "worker") : undefined;
        if (end !== undefined && end.exitCode !== 0)
          once(
            `${nameOf(pod)} ended with exit code ${end.exitCode}${end.reason === "" ? "" : ` (${end.reason})`}`,
          );
        const count = restartsOf(pod);
        if (count > (restarts.get(uid) ?? 0)) tell(`${nameOf(pod)} was started again`);
        restarts.set(uid, count);
        if (component === "nats") {
          if (brokerUid !== undefined && brokerUid !== uid)
            tell(`the broker's pod was replaced by a new one, ${name}`);
          brokerUid = uid;
        }
      }
      const now = [...counts]
        .map(([phase, count]) => `${count} ${phase}`)
        .sort()
        .join(", ");
      if (now !== phases && now !== "") tell(`pods: ${now}`);
      phases = now;
    },
  };
}

/** @throws BenchError for what does not pass by itself, or has lasted too long */
async function refuseTrouble(
  refusedPod: RefusedPod,
  pods: readonly Pod[],
  sinceMs: number,
  startMs: number,
): Promise<void> {
  const troubles = pods.flatMap((pod) => troubleOf(pod) ?? []);
  const fatal = troubles.find(({ isFatal }) => isFatal) ?? (sinceMs > startMs ? troubles[0] : undefined);
  if (fatal !== undefined) throw errorOf(fatal);
  if (sinceMs > startMs) {
    throw new BenchError(`the coordinator did not begin within ${formatDuration(startMs)}`, {
      hint: `Look at kubectl get events, or give it longer with --join-timeout.`,
    });
  }
  if (sinceMs > EVENTS_AFTER_MS) {
    const refused = await refusedPod(pods);
    if (refused !== undefined) throw toolError("pods can't be made", { stderr: refused });
  }
}

function errorOf({ message, hint }: Trouble): BenchError {
  return new BenchError(message, { hint });
}

/** Lets the coordinator end: it takes in what its workers have and writes a partial result. */
async function drain({ tools, tell }: Watch, pod: Pod): Promise<void> {
  tell("draining: the coordinator ends and writes what it has; interrupt again to remove everything at once");
  const { name } = pod.metadata;
  const done = await tools.kubectl(["exec", name, "--container=run", "--", "node", "-e", END_RUN]);
  if (done.code === 0) return;
  tell(
    `the coordinator can't be told by exec (${firstLine(done.stderr)}): its pod is deleted, which lets it drain, too`,
  );
  await tools.kubectl(["delete", "pod", name, "--wait=false"]);
}

/** A pod that is being deleted shows none of its containers as ended until all of them are, and one holds the run folder. */
function endOfDeleted(pod: Pod, logs: readonly RunLog[], { once }: Pick<Sight, "once">): End | undefined {
  if (pod.metadata.deletionTimestamp === undefined) return undefined;
  once(`${nameOf(pod)} is being deleted: it ends and writes what it has`);
  const isOver = logs.length > 1 && logs.slice(-2).every((log) => log.isOver());
  return isOver ? { exitCode: undefined, reason: "its pod was deleted", hasBegun: true } : undefined;
}

async function ended(pod: Pod, end: End, logs: readonly RunLog[], clock: Clock): Promise<EndedRun> {
  await Promise.race([pause(clock, LOG_LIMIT_MS), Promise.all(logs.map((log) => log.ended))]);
  const result = logs.map((log) => log.result()).find((text) => text !== undefined);
  const { name, creationTimestamp: made } = pod.metadata;
  const exitCode =
    end.exitCode ??
    (result === undefined ? undefined : exitCodeOf(parseRunResult(result, "the coordinator's log")));
  return { ...end, exitCode, pod: name, isHolding: isRunning(pod, "results"), ...defined({ result, made }) };
}
