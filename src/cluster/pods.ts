/** Pods of a run as the API server describes them, and what keeps them from running. */
import { isRecord } from "../base/record.ts";

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: object;
  terminated?: { exitCode: number; reason?: string; message?: string };
}

interface ContainerStatus {
  name: string;
  image?: string;
  restartCount?: number;
  state?: ContainerState;
}

export interface Pod {
  metadata: {
    name: string;
    uid?: string;
    creationTimestamp?: string;
    /** It was deleted or evicted, and has that long to end. */
    deletionTimestamp?: string;
    ownerReferences?: readonly { uid: string }[];
    labels?: Readonly<Record<string, string>>;
  };
  spec?: { nodeName?: string };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
    initContainerStatuses?: readonly ContainerStatus[];
    containerStatuses?: readonly ContainerStatus[];
  };
}

/** The reason that keeps a pod from running. */
export interface Trouble {
  /** It does not pass by itself. */
  isFatal: boolean;
  message: string;
  hint: string;
}

/** How a container ended. */
export interface ContainerEnd {
  exitCode: number;
  /** Such as OOMKilled. */
  reason: string;
  /** False when its pod failed before it. */
  hasBegun: boolean;
}

/** The items of a list in JSON; none in what is no list. */
export function podsIn(text: string): Pod[] {
  const list: unknown = JSON.parse(text);
  const items: unknown = isRecord(list) ? list["items"] : undefined;
  return Array.isArray(items) ? (items as Pod[]) : [];
}

/** `worker`, `run`, `nats` or `emulator`. */
export function componentOf(pod: Pod): string {
  return pod.metadata.labels?.["app.kubernetes.io/component"] ?? "";
}

/** A pod for people: "worker 3 (pod x-workers-2-abcde on node-7)". */
export function nameOf(pod: Pod): string {
  const { name, labels } = pod.metadata;
  const index = labels?.["batch.kubernetes.io/job-completion-index"];
  const component = componentOf(pod);
  const who =
    component === "worker" && index !== undefined
      ? `worker ${Number(index) + 1}`
      : component === "run"
        ? "the coordinator"
        : component === "nats"
          ? "the broker"
          : `the ${component}`;
  const node = pod.spec?.nodeName;
  return `${who} (pod ${name}${node === undefined ? "" : ` on ${node}`})`;
}

function containerOf(pod: Pod, name: string): ContainerStatus | undefined {
  const { containerStatuses = [], initContainerStatuses = [] } = pod.status ?? {};
  return [...containerStatuses, ...initContainerStatuses].find((status) => status.name === name);
}

/** @param container one that does the pod's work, or a sidecar of it */
export function isRunning(pod: Pod, container: string): boolean {
  return containerOf(pod, container)?.state?.running !== undefined;
}

/** How a container of the pod ended, a pod that was evicted or deleted from its node with it; undefined as long as it has not. */
export function endOf(pod: Pod, container: string): ContainerEnd | undefined {
  const ended = containerOf(pod, container)?.state?.terminated;
  const why = pod.status?.reason;
  if (ended !== undefined)
    return { exitCode: ended.exitCode, reason: why ?? ended.reason ?? "", hasBegun: true };
  if (pod.status?.phase !== "Failed") return undefined;
  const init = pod.status.initContainerStatuses?.find(
    ({ state }) => (state?.terminated?.exitCode ?? 0) !== 0,
  );
  const first = init?.state?.terminated;
  return {
    exitCode: first?.exitCode ?? 1,
    reason: why ?? (init === undefined ? "Failed" : `its container ${init.name} failed`),
    hasBegun: false,
  };
}

/** How often containers of the pod were started again. */
export function restartsOf(pod: Pod): number {
  return (pod.status?.containerStatuses ?? []).reduce((sum, { restartCount = 0 }) => sum + restartCount, 0);
}

const IMAGE =
  /^(?:ImagePullBackOff|ErrImagePull|InvalidImageName|ErrImageNeverPull|ImageInspectError|RegistryUnavailable)$/;
/** The first time it may be the registry that is busy. */
const TRANSIENT = /^(?:ErrImagePull|RegistryUnavailable)$/;
const START =
  /^(?:CreateContainerConfigError|CreateContainerError|RunContainerError|StartError|CrashLoopBackOff)$/;

/** The reason that keeps the pod from running; undefined where nothing does. */
export function troubleOf(pod: Pod): Trouble | undefined {
  const described = `kubectl describe pod ${pod.metadata.name}`;
  const statuses = [...(pod.status?.initContainerStatuses ?? []), ...(pod.status?.containerStatuses ?? [])];
  for (const { name, image = "its image", state } of statuses) {
    const { reason = "", message } = state?.waiting ?? {};
    const detail = message === undefined ? "" : `: ${message.replaceAll(/\s+/g, " ").slice(0, 300)}`;
    if (IMAGE.test(reason)) {
      return {
        isFatal: !TRANSIENT.test(reason),
        message: `${nameOf(pod)} can't pull ${image} (${reason})`,
        hint: `Is it pushed, is its name right (--image), and may the nodes pull it (image.pullSecrets)? See ${described}.`,
      };
    }
    if (START.test(reason)) {
      return {
        isFatal: true,
        message: `${nameOf(pod)} can't start its container ${name} (${reason})${detail}`,
        hint: `Does the Secret, ConfigMap or claim exist that --values names? See ${described}.`,
      };
    }
  }
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status, reason }) => type === "PodScheduled" && status === "False" && reason === "Unschedulable",
  );
  if (unscheduled === undefined) return undefined;
  return {
    isFatal: false,
    message: `${nameOf(pod)} finds no node: ${unscheduled.message ?? "no reason given"}`,
    hint: `Use fewer --workers, smaller resources in --values, or more nodes. See ${described}.`,
  };
}
