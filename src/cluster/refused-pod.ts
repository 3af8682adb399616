/** Pods that the cluster refuses to make: they show in events of their owners alone. */
import { isRecord } from "../base/record.ts";
import type { Pod } from "./pods.ts";
import { selectorOf } from "./release.ts";
import type { Tools } from "./tools.ts";

/** A Job or StatefulSet. */
interface Owner {
  uid: string;
  /** Pods that it is to have. */
  wanted: number;
}

/** Why the cluster makes no pod of one of the release's owners, given the pods that there are; undefined where it does not say. */
export type RefusedPod = (pods: readonly Pod[]) => Promise<string | undefined>;

/**
 * Looks for pods that the cluster refuses to make (quota, policies), for a release that is installed. Events of other objects than its
 * Jobs and its StatefulSet do not count, be they older ones of the same name, and none does when no pod of their owner is missing.
 */
export function createRefusedPod(tools: Tools, release: string): RefusedPod {
  let owners: readonly Owner[] = [];
  return async (pods) => {
    // They stay as helm has made them.
    if (owners.length === 0)
      owners = (await list(tools, ["jobs.batch,statefulsets.apps", selectorOf(release)])).flatMap(
        (item) => ownerOf(item) ?? [],
      );
    const lacking = owners
      .filter(({ uid, wanted }) => pods.filter((pod) => isOwnedBy(pod, uid)).length < wanted)
      .map(({ uid }) => uid);
    if (lacking.length === 0) return undefined;
    for (const event of await list(tools, ["events", "--field-selector=reason=FailedCreate,type=Warning"])) {
      const { involvedObject: about, message } = event;
      const uid = isRecord(about) ? about["uid"] : undefined;
      if (typeof uid === "string" && lacking.includes(uid) && typeof message === "string") return message;
    }
    return undefined;
  };
}

/** The items that `kubectl get` shows; none when it fails. */
async function list(tools: Tools, what: readonly string[]): Promise<Record<string, unknown>[]> {
  const done = await tools.kubectl(["get", ...what, "--output=json", "--request-timeout=15s"]);
  if (done.code !== 0) return [];
  const found: unknown = JSON.parse(done.stdout);
  const items: unknown = isRecord(found) ? found["items"] : undefined;
  return Array.isArray(items) ? items.filter(isRecord) : [];
}

function ownerOf({ metadata, spec }: Record<string, unknown>): Owner | undefined {
  const uid = isRecord(metadata) ? metadata["uid"] : undefined;
  if (typeof uid !== "string") return undefined;
  const count = isRecord(spec) ? (spec["parallelism"] ?? spec["replicas"]) : undefined;
  return { uid, wanted: typeof count === "number" ? count : 1 };
}

function isOwnedBy({ metadata }: Pod, owner: string): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === owner) === true;
}
