/** Names of a run in a cluster. */
import { createHash } from "node:crypto";

/** Leaves room for `-workers-999` in a host name, and for `bench-`. */
const LONGEST = 42;
const HASH_LENGTH = 8;

/** The flag by which kubectl takes all objects of a release. */
export function selectorOf(release: string): string {
  return `--selector=app.kubernetes.io/instance=${release}`;
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
