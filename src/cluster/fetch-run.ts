/** Gets the folder of a run that has ended out of its pod. */
import { messageOf } from "../base/errors.ts";
import { inNamespace } from "./install.ts";
import { firstLine } from "./tool-error.ts";
import type { ClusterPlace, Tools } from "./tools.ts";
import { unpackRun } from "./unpack-run.ts";

/** Name of the pod's container that holds the folder. */
const HOLDER = ["--container=results", "--", "node", "/app/deploy/hold-results.mjs"] as const;
/** Its exit code when there is no folder. */
const NO_FOLDER = 3;
/** A connection through the API server may break. */
const ATTEMPTS = 3;

/** Whether the folder is here, was never made, or why it can't be had. */
export type Fetched = "fetched" | "never began" | { why: string };

/**
 * Fetches the run folder.
 * @param folder its place on this machine, which is free
 */
export async function fetchRun(tools: Tools, pod: string, folder: string): Promise<Fetched> {
  let why = "";
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const stream = tools.follow(["exec", pod, ...HOLDER, "send"]);
    const unpacked = await unpackRun(stream.stdout, folder).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
    if (unpacked === undefined) return "fetched";
    stream.stop();
    const { code, stderr } = await stream.ended;
    if (code === NO_FOLDER) return "never began";
    why = code === 0 || stderr.trim() === "" ? unpacked : firstLine(stderr);
  }
  return { why };
}

/** The command that fetches the run folder while the pod is there. */
export function fetchByHand(place: ClusterPlace, pod: string): string {
  return `kubectl exec${inNamespace(place)} ${[pod, ...HOLDER, "send"].join(" ")} >run.tar.gz`;
}

/** Lets the pod go, which waits for its folder to be fetched. */
export async function releasePod(tools: Tools, pod: string): Promise<void> {
  await tools.kubectl(["exec", pod, ...HOLDER, "release"]);
}
