/** Names of a run in a cluster. */
import { createHash, randomBytes } from "node:crypto";
import type { World } from "../base/process/world.ts";

/** Leaves room for `-workers-999` in a host name, and for `bench-`. */
const LONGEST = 42;
const HASH_LENGTH = 8;

/** As those of local runs: sorts by time, names the scenario, does not collide. */
export function clusterRunId({ clock }: Pick<World, "clock">, scenario: string): string {
  const [stamp = ""] = new Date(clock.epochMs()).toISOString().split(".");
  return `${stamp.replaceAll(":", "-")}-${scenario.slice(0, 100)}-${randomBytes(2).toString("hex")}`;
}

/** The Helm release of a run: `bench-` and its id as Kubernetes takes it, with a hash where it had to be cut. */
export function releaseOf(runId: string): string {
  const plain = runId
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (plain.length <= LONGEST && plain !== "") return `bench-${plain}`;
  const hash = createHash("sha256").update(runId).digest("hex").slice(0, HASH_LENGTH);
  return ["bench", plain.slice(0, LONGEST - HASH_LENGTH - 1).replace(/-$/, ""), hash]
    .filter((part) => part !== "")
    .join("-");
}
