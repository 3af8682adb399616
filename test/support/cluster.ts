/** The cluster of test/cluster: the one that `scripts/local-cluster.sh` starts, or the user's own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";

const SCRIPT = join(PACKAGE_ROOT, "scripts/local-cluster.sh");
const MAIN = join(PACKAGE_ROOT, "dist/cli/main.js");

/** With `BENCH_CLUSTER_IMAGE` the cluster is that of KUBECONFIG, and its nodes can pull that image. */
const ownImage = process.env["BENCH_CLUSTER_IMAGE"];

/** It is the one that the script starts. */
export const isLocal = ownImage === undefined;

let isOurs = false;

/** Brings it up, which takes ten minutes the first time. @throws Error that says what is missing */
export function startCluster(): void {
  if (!isLocal) return;
  execFileSync(SCRIPT, ["up"], { stdio: ["ignore", "inherit", "inherit"] });
  isOurs = true;
}

/** Ends what `startCluster` has brought up, and nothing else. */
export function stopCluster(): void {
  if (isOurs) execFileSync(SCRIPT, ["down"], { stdio: "ignore" });
}

/** The image of `bench` in the cluster. */
export const clusterImage: string = ownImage ?? "docker.io/library/riva-bench:0.1.0";

/** A program beside the cluster: program and arguments. */
export function besideTool(tool: "kubectl" | "helm", ...args: string[]): [program: string, args: string[]] {
  return isLocal ? [SCRIPT, ["exec", tool, ...args]] : [tool, args];
}

/** A command line of `bench` that runs beside the cluster: program and arguments. */
export function besideCluster(args: readonly string[]): [program: string, args: string[]] {
  const image = ownImage === undefined || args.includes("--image") ? [] : [`--image=${ownImage}`];
  const bench = [process.execPath, MAIN, ...args, ...image];
  return isLocal ? [SCRIPT, ["exec", ...bench]] : [process.execPath, bench.slice(1)];
}

/** What kubectl or helm prints. @throws Error when it fails */
export function clusterTool(tool: "kubectl" | "helm", ...args: string[]): string {
  const [program, all] = besideTool(tool, ...args);
  return execFileSync(program, all, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Gives `input` to kubectl and returns what it prints. @throws Error when it fails */
export function feedKubectl(input: string, ...args: string[]): string {
  const [program, before] = isLocal ? [SCRIPT, ["exec", "kubectl"]] : ["kubectl", []];
  return execFileSync(program, [...before, ...args], {
    input,
    encoding: "utf8",
    stdio: ["pipe", "pipe", "pipe"],
  });
}

/** Asks for the eviction of a pod, as `kubectl drain` does. @throws Error with the API server's words when it is refused */
export function evict(pod: string): void {
  const namespace = clusterTool("kubectl", "get", "pod", pod, "--output=jsonpath={.metadata.namespace}");
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod, namespace } };
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`;
  feedKubectl(JSON.stringify(eviction), "create", `--raw=${path}`, "--filename=-");
}

/** Kills a container as the kernel does; in a cluster of others its pod is taken away at once. */
export function killContainer(pod: string, container: string): void {
  if (isLocal) execFileSync(SCRIPT, ["kill", pod, container]);
  else clusterTool("kubectl", "delete", "pod", pod, "--grace-period=0", "--force");
}
