import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Clock } from "../base/clock.ts";
import { realClock } from "../base/clock.ts";
import type { FakeCluster, Plot, Scene } from "../../test/support/fake-cluster.ts";
import { fakeCluster, pod } from "../../test/support/fake-cluster.ts";
import { PASSED } from "../../test/support/sample-result.ts";
import type { ClusterRequest, ClusterRun } from "./cluster-run.ts";
import { runInCluster } from "./cluster-run.ts";

interface Played {
  cluster: FakeCluster;
  told: string[];
  log: string[];
  ended: Promise<ClusterRun>;
}

/** A clock on which a second lasts a hundredth of one. */
const HURRIED: Clock = {
  ...realClock,
  nowMs: () => realClock.nowMs() * 100,
  wakeAt: (atMs, wake) => realClock.wakeAt(atMs / 100, wake),
};

function play(plot: Plot, more: Partial<ClusterRequest> = {}, clock = realClock): Played {
  const cluster = fakeCluster(plot);
  const told: string[] = [];
  const log: string[] = [];
  const ended = runInCluster(
    { ...cluster.world, clock },
    {
      ...{ runId: "night", values: { workers: { count: 2 } }, keep: false, startMs: 60_000, pollMs: 10 },
      tell: (line) => told.push(line),
      tellLog: (line) => log.push(line),
      ...more,
    },
  );
  return { cluster, told, log, ended };
}

/** Resolves when a line of that kind was told. */
async function until(lines: () => readonly string[], pattern: RegExp): Promise<void> {
  while (!lines().some((line) => pattern.test(line))) await new Promise((resolve) => setTimeout(resolve, 10));
}

const PENDING = { pods: [pod("nats", "ContainerCreating"), pod("run", "PodInitializing")] };
const RUNNING = {
  pods: [pod("nats", "running"), pod("run", "running"), pod("worker", "running", { index: 0 })],
};
const UNTIL_TOLD = { ...RUNNING, untilTold: true };
const ended = (code: number, reason?: string) => ({
  pods: [pod("nats", "running"), pod("run", reason === undefined ? [code] : [code, reason])],
});
const RESULT_LINE = JSON.stringify(PASSED);

test("a run that passes: installed, followed, fetched, removed, exit code 0", async () => {
  const {
    cluster,
    told,
    log,
    ended: run,
  } = play({
    scenes: [PENDING, PENDING, RUNNING, RUNNING, ended(0)],
    log: ["concurrency-50 against the target", RESULT_LINE],
  });
  const { exitCode, folder = "", result, problem } = await run;
  expect([exitCode, problem, result?.run.id]).toEqual([0, undefined, "night"]);
  expect(folder).toBe(join(cluster.world.cwd, "results/night"));
  expect(readdirSync(folder).sort()).toEqual(["result.json", "sessions.ndjson"]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, "result.json")).mode & 0o777).toBe(0o600);
  // The table is printed here: the log's result is for a folder that can't be fetched.
  expect(log).toEqual(["concurrency-50 against the target"]);
  expect(told).toEqual([
    "run night: release bench-night is installed",
    "pods: 2 pending",
    "pods: 3 running",
    "pods: 2 running",
  ]);
  const lines = cluster.lines();
  expect(lines.filter((line) => line.startsWith("helm"))).toEqual([
    expect.stringMatching(/^helm install bench-night \S+\/deploy\/chart\/riva-bench --values=-$/),
    "helm uninstall bench-night",
  ]);
  expect(JSON.parse(cluster.calls().find(({ args }) => args[0] === "install")?.input ?? "")).toEqual({
    workers: { count: 2 },
  });
  expect(lines.at(-2)).toMatch(/^kubectl exec bench-night-run-0 .* release$/);
  expect(lines.filter((line) => line.startsWith("kubectl logs"))).toHaveLength(1);
  expect(lines.some((line) => line.startsWith("kubectl delete"))).toBe(false);
});

test("namespace, context and a file of values go to both tools", async () => {
  const { cluster, ended: run } = play(
    { scenes: [ended(3)] },
    { namespace: "load", context: "east", valuesFile: "/v.yaml" },
  );
  expect((await run).exitCode).toBe(3);
  const lines = cluster.lines();
  const kubectl = lines.filter((line) => line.startsWith("kubectl"));
  expect(kubectl.every((line) => line.startsWith("kubectl --namespace=load --context=east "))).toBe(true);
  const helm = lines.filter((line) => line.startsWith("helm"));
  expect(helm.every((line) => line.startsWith("helm --namespace=load --kube-context=east "))).toBe(true);
  expect(helm[0]).toMatch(/--values=\/v\.yaml --values=-$/);
});

test("a worker that is killed is named, and the run's verdict is the exit code", async () => {
  const lost = { pods: [...RUNNING.pods.slice(0, 2), pod("worker", [137, "OOMKilled"], { index: 1 })] };
  const { told, ended: run } = play({ scenes: [RUNNING, lost, lost, ended(5)] });
  expect((await run).exitCode).toBe(5);
  expect(told.filter((line) => line.includes("OOM"))).toEqual([
    "worker 2 (pod bench-night-worker-1 on node-7) ended with exit code 137 (OOMKilled)",
  ]);
});

test("a broker whose pod is replaced in mid-run is told of", async () => {
  const replaced = { pods: [pod("nats", "running", { uid: "other" }), pod("run", "running")] };
  const { told, ended: run } = play({ scenes: [RUNNING, replaced, ended(0)] });
  await run;
  expect(told).toContain("the broker's pod was replaced by a new one, bench-night-nats-0");
});

test.each([
  [
    "an image that can't be pulled",
    { scenes: [PENDING, { pods: [...PENDING.pods, pod("worker", "ImagePullBackOff", { index: 1 })] }] },
    /^worker 2 \(pod bench-night-worker-1 on node-7\) can't pull registry\.example\/riva-bench:1 \(ImagePullBackOff\)$/,
  ],
  [
    "a Secret that is missing",
    { scenes: [{ pods: [pod("run", "CreateContainerConfigError")] }] },
    /^the coordinator .* can't start its container run \(CreateContainerConfigError\)$/,
  ],
  [
    "no coordinator any more",
    { scenes: [RUNNING, { pods: [pod("nats", "running")] }] },
    /^the coordinator .* is gone, and the run with it$/,
  ],
] as const)("%s: one sentence, everything removed at once", async (_, plot, message) => {
  const { cluster, ended: run } = play(plot);
  await expect(run).rejects.toMatchObject({ exitCode: 1, message: expect.stringMatching(message) as string });
  expect(cluster.lines().slice(-2)).toEqual([
    "helm uninstall bench-night",
    "kubectl delete pods --selector=app.kubernetes.io/instance=bench-night --grace-period=1 --wait=false",
  ]);
});

test("pods without a node are told of at once, and are an error when it has lasted too long", async () => {
  const homeless = pod("run", "Pending");
  const status = {
    phase: "Pending",
    conditions: [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/3 nodes: Insufficient cpu.",
      },
    ],
  };
  const { told, ended: run } = play({ scenes: [{ pods: [{ ...homeless, status }] }] }, { startMs: 300 });
  const message =
    "the coordinator (pod bench-night-run-0 on node-7) finds no node: 0/3 nodes: Insufficient cpu.";
  await expect(run).rejects.toMatchObject({ exitCode: 1, message });
  expect(told.filter((line) => line === message)).toHaveLength(1);
});

test("pods that a quota forbids", async () => {
  const { ended: run } = play({
    scenes: [{ pods: [] }],
    events: [
      { uid: "older", message: "exceeded quota: other" },
      {
        uid: "job-worker",
        message:
          'Error creating: pods "x" is forbidden: exceeded quota: small, requested: requests.cpu=8, used: requests.cpu=3, limited: requests.cpu=4',
      },
    ],
  });
  await expect(run).rejects.toMatchObject({
    exitCode: 1,
    message:
      "the quota small of the namespace is too small: requests.cpu=8 more is wanted, requests.cpu=3 of requests.cpu=4 are used",
  });
}, 15_000);

test("Ctrl-C: the coordinator is told, and its partial result is fetched", async () => {
  const { cluster, told, ended: run } = play({ scenes: [RUNNING, UNTIL_TOLD, ended(130)] });
  await until(() => told, /3 running/);
  cluster.interrupt();
  const { exitCode, folder } = await run;
  expect([exitCode, folder]).toEqual([130, join(cluster.world.cwd, "results/night")]);
  expect(told).toContainEqual(expect.stringMatching(/^draining/));
  expect(cluster.lines()).toContain(
    "kubectl exec bench-night-run-0 --container=run -- node -e process.kill(1,'SIGINT')",
  );
});

test("Ctrl-C where exec is refused: its pod is deleted with its time to end", async () => {
  const {
    cluster,
    told,
    ended: run,
  } = play({ scenes: [RUNNING, UNTIL_TOLD, ended(130)], refusesExec: true });
  await until(() => told, /3 running/);
  cluster.interrupt();
  expect((await run).exitCode).toBe(130);
  expect(cluster.lines()).toContain("kubectl delete pod bench-night-run-0 --wait=false");
});

test("a second Ctrl-C removes everything at once", async () => {
  // It drains for ever.
  const { cluster, told, ended: run } = play({ scenes: [UNTIL_TOLD, RUNNING] });
  await until(() => told, /3 running/);
  cluster.interrupt();
  await until(() => told, /^draining/);
  cluster.interrupt();
  await expect(run).rejects.toMatchObject({ exitCode: 130 });
  expect(cluster.lines().slice(-2)).toEqual([
    "helm uninstall bench-night",
    expect.stringMatching(/delete pods .*--grace-period=1/),
  ]);
  expect(cluster.lines().some((line) => line.endsWith("send"))).toBe(false);
});

test("a second Ctrl-C while the result is fetched", async () => {
  const { cluster, told, ended: run } = play({ scenes: [UNTIL_TOLD, ended(130)], sends: "hangs" });
  await until(() => told, /3 running/);
  cluster.interrupt();
  await until(cluster.lines, /send$/);
  cluster.interrupt();
  await expect(run).rejects.toMatchObject({ exitCode: 130 });
});

test("Ctrl-C before the coordinator has begun: nothing to drain", async () => {
  const { cluster, told, ended: run } = play({ scenes: [PENDING] });
  await until(() => told, /pending/);
  cluster.interrupt();
  await expect(run).rejects.toMatchObject({ exitCode: 130 });
  expect(cluster.lines()).toContain("helm uninstall bench-night");
});

test("a folder that can't be fetched: the result comes from the log, and the release stays", async () => {
  const {
    cluster,
    told,
    ended: run,
  } = play({ scenes: [RUNNING, RUNNING, ended(0)], log: [RESULT_LINE], sends: "half" });
  const { result, folder, problem } = await run;
  expect([result?.run.id, folder, problem?.exitCode]).toEqual([PASSED.run.id, undefined, 1]);
  expect(problem?.message).toBe("the run folder can't be fetched: connection reset by peer");
  expect(cluster.lines().filter((line) => line.endsWith("send"))).toHaveLength(3);
  expect(cluster.lines().some((line) => line.startsWith("helm uninstall"))).toBe(false);
  expect(told.at(-1)).toBe("the release stays; remove it with: helm uninstall bench-night");
  expect(readdirSync(join(cluster.world.cwd, "results"))).toEqual([]);
});

test.each([2, 7, 130])(
  "a run that never began has exit code %i and no result; its pod is let go",
  async (code) => {
    const { cluster, ended: run } = play({ scenes: [ended(code)], sends: "nothing" });
    const { exitCode, result, problem, missing } = await run;
    expect([exitCode, result, problem, missing]).toEqual([
      ...[code, undefined, undefined],
      ["the run left no folder"],
    ]);
    expect(cluster.lines()).toContainEqual(expect.stringMatching(/^kubectl exec .* release$/));
    expect(cluster.lines().at(-1)).toBe("helm uninstall bench-night");
  },
);

test.each([2, 7])("exit code %i stands when the pod has gone, or gives nothing of use", async (code) => {
  const gone = pod("run", [code]);
  const scene = { pods: [{ ...gone, status: { ...gone.status, initContainerStatuses: [] } }] };
  const broken = { scenes: [ended(code)], sent: "nonsense" as const };
  for (const plot of [{ scenes: [scene] }, { scenes: [ended(code)], sends: "half" as const }, broken]) {
    const { cluster, ended: run } = play(plot);
    const { exitCode, problem } = await run;
    expect([exitCode, problem]).toEqual([code, undefined]);
    expect(cluster.lines().at(-1)).toBe("helm uninstall bench-night");
  }
});

test("a run that passed and left no folder is our error", async () => {
  const { ended: run } = play({ scenes: [ended(0)], sends: "nothing" });
  const { exitCode, problem } = await run;
  expect([exitCode, problem?.message]).toEqual([1, "there is no result: the run left no folder"]);
});

test("a coordinator that is killed is our error, with what it left", async () => {
  const { ended: run } = play({ scenes: [RUNNING, ended(137, "OOMKilled")] });
  const { exitCode, folder, problem } = await run;
  expect([exitCode, problem?.message]).toEqual([1, "the coordinator was killed (exit code 137, OOMKilled)"]);
  expect(folder).toBeDefined();
});

/** As the API server shows it until all of its containers have ended. */
function deleted(): Scene {
  const { metadata, ...rest } = pod("run", "running");
  const deletionTimestamp = "2027-03-14T09:26:53Z";
  return { pods: [pod("nats", "running"), { ...rest, metadata: { ...metadata, deletionTimestamp } }] };
}

test("a coordinator whose pod is deleted has ended when its log has: its folder is fetched at once", async () => {
  const partial = JSON.stringify({ ...PASSED, run: { ...PASSED.run, interrupted: true } });
  const { cluster, told, ended: run } = play({ scenes: [RUNNING, RUNNING, deleted()], log: [partial] });
  const { exitCode, folder, problem } = await run;
  expect([exitCode, problem, folder]).toEqual([130, undefined, join(cluster.world.cwd, "results/night")]);
  expect(told.filter((line) => line.includes("is being deleted"))).toEqual([
    "the coordinator (pod bench-night-run-0 on node-7) is being deleted: it ends and writes what it has",
  ]);
  expect(cluster.lines()).toContainEqual(expect.stringMatching(/^kubectl exec .* release$/));
});

test("a coordinator whose pod is deleted and that has not said how it ended was killed", async () => {
  const { ended: run } = play({ scenes: [RUNNING, deleted()] });
  const { exitCode, problem } = await run;
  expect([exitCode, problem?.message]).toEqual([1, "the coordinator was killed (its pod was deleted)"]);
});

test("a coordinator whose pod is deleted goes on as long as its log does", async () => {
  const scenes = [RUNNING, ...Array.from({ length: 8 }, deleted), ended(3)];
  const { cluster, ended: run } = play({ scenes });
  expect((await run).exitCode).toBe(3);
  expect(cluster.lines().filter((line) => line.startsWith("kubectl get pods"))).toHaveLength(scenes.length);
});

test("a pod that failed before its coordinator began is told apart", async () => {
  const { status, ...rest } = pod("run", "PodInitializing");
  const failed = {
    ...rest,
    status: {
      ...status,
      phase: "Failed",
      initContainerStatuses: [{ name: "wait", state: { terminated: { exitCode: 1 } } }],
    },
  };
  const { cluster, ended: run } = play({ scenes: [PENDING, { pods: [failed] }] });
  const { exitCode, problem, result } = await run;
  expect([exitCode, result]).toEqual([1, undefined]);
  expect(problem?.message).toBe(
    "the coordinator's pod failed before the run began (exit code 1, its container wait failed)",
  );
  expect(cluster.lines()).toContain("helm uninstall bench-night");
});

test("--keep leaves the release", async () => {
  const { cluster, told, ended: run } = play({ scenes: [ended(0)] }, { keep: true, namespace: "load" });
  expect((await run).exitCode).toBe(0);
  expect(cluster.lines().some((line) => line.includes(" uninstall "))).toBe(false);
  expect(told.at(-1)).toBe("the release stays; remove it with: helm uninstall bench-night -n load");
});

test("what is not allowed is found before anything is installed", async () => {
  const { cluster, ended: run } = play({ scenes: [ended(0)], forbidden: ["pods/exec"] });
  await expect(run).rejects.toMatchObject({
    exitCode: 1,
    message: "no permission to create pods/exec, which is needed to fetch its result",
  });
  expect(cluster.lines().some((line) => line.startsWith("helm"))).toBe(false);
});

test("a folder that holds something is found before anything is installed", async () => {
  const { cluster, ended: run } = play({ scenes: [ended(0)] }, { out: "bin" });
  await expect(run).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("is not empty") as string,
  });
  expect(cluster.lines()).toEqual([]);
});

test("a namespace that is missing", async () => {
  const { cluster, ended: run } = play({
    scenes: [ended(0)],
    installError: 'Error: INSTALLATION FAILED: create: failed to create: namespaces "nowhere" not found',
  });
  await expect(run).rejects.toMatchObject({ exitCode: 1, message: "there is no namespace nowhere" });
  expect(cluster.lines().some((line) => line.startsWith("helm uninstall"))).toBe(false);
});

const OTHERS = "2026-01-02T03:04:05.123456789+01:00";

test.each([
  ["Error: INSTALLATION FAILED: cannot re-use a name that is still in use", 2, "taken"],
  [
    'Error: Secret "bench-night-nats" in namespace "x" exists and cannot be imported into the current release',
    2,
    "taken",
  ],
  ["Error: INSTALLATION FAILED: release: already exists", 2, "taken"],
  ["Error: INSTALLATION FAILED: Kubernetes cluster unreachable: EOF", 1, "no cluster can be reached"],
])("somebody else's release is not touched: %s", async (installError, exitCode, message) => {
  const { cluster, ended: run } = play({ scenes: [RUNNING], installError, installedAt: OTHERS });
  await expect(run).rejects.toMatchObject({
    exitCode,
    message: expect.stringContaining(message) as string,
    ...(exitCode === 2 && {
      hint: "Give another --run, or remove what was left: helm uninstall bench-night",
    }),
  });
  expect(cluster.lines().filter((line) => / (?:uninstall|delete) /.test(line))).toEqual([]);
});

test("what this command's own failed install has left is removed", async () => {
  const { cluster, ended: run } = play({
    scenes: [RUNNING],
    installError: "Error: INSTALLATION FAILED: admission webhook denied the request",
    installedAt: "now",
  });
  await expect(run).rejects.toMatchObject({ exitCode: 1 });
  expect(cluster.lines()).toContain("helm uninstall bench-night");
});

test("kubectl that is missing is named, with where it comes from", async () => {
  const cluster = fakeCluster({ scenes: [] });
  const world = { ...cluster.world, env: { PATH: "/nowhere" } };
  const request = { runId: "night", values: {}, keep: false, startMs: 1, pollMs: 1 };
  const silent = { tell: () => undefined, tellLog: () => undefined };
  await expect(runInCluster(world, { ...request, ...silent })).rejects.toMatchObject({
    exitCode: 1,
    message: "kubectl is not on the PATH",
    hint: "Install it: https://kubernetes.io/docs/tasks/tools/",
  });
});

test("a log that can't be followed is told of once, and the run goes on", async () => {
  const scenes = [RUNNING, RUNNING, RUNNING, RUNNING, ended(0)];
  const { told, ended: run } = play({ scenes, logError: "Error from server: no route to host" });
  expect((await run).exitCode).toBe(0);
  expect(told.filter((line) => line.includes("followed"))).toEqual([
    "the coordinator's log can't be followed: Error from server: no route to host",
  ]);
});

const DOWN = { pods: [], error: "Unable to connect to the server: i/o timeout" };
const REFUSED = {
  pods: [],
  error: 'Error from server (Forbidden): pods is forbidden: User "me" cannot list resource "pods"',
};

test.each([
  ["the API server is gone", DOWN, "the API server has not answered for 1m"],
  ["the pods are refused", REFUSED, "me has no permission to list pods"],
])("when %s, a run that has begun goes on: its release stays", async (_, scene, message) => {
  const { cluster, told, ended: run } = play({ scenes: [RUNNING, scene] }, { startMs: 1e7 }, HURRIED);
  await expect(run).rejects.toMatchObject({
    exitCode: 1,
    message,
    hint: expect.stringMatching(/goes on.*kubectl exec bench-night-run-0 .* send >run\.tar\.gz$/) as string,
  });
  expect(cluster.lines().filter((line) => / (?:uninstall|delete) /.test(line))).toEqual([]);
  expect(told.at(-1)).toBe("the release stays; remove it with: helm uninstall bench-night");
});

test("a run that has not begun when the API server goes is removed", async () => {
  const { cluster, ended: run } = play({ scenes: [PENDING, DOWN] }, { startMs: 1e7 }, HURRIED);
  await expect(run).rejects.toMatchObject({ exitCode: 1 });
  expect(cluster.lines()).toContain("helm uninstall bench-night");
});

test.each([
  ["last night's", 7, { startedAt: "2026-01-02T03:04:05.000Z" }, 7, undefined],
  ["last night's", 0, { startedAt: "2026-01-02T03:04:05.000Z" }, 1, "there is no result: "],
  ["another run's", 2, { id: "day" }, 2, undefined],
] as const)("%s folder on a claim is not taken for that of a run that ends with %i", async (...row) => {
  const [, code, sent, exitCode, problem] = row;
  const { cluster, ended: run } = play({ scenes: [RUNNING, ended(code)], sent });
  const { result, folder, missing, ...rest } = await run;
  expect([rest.exitCode, result, folder]).toEqual([exitCode, undefined, undefined]);
  expect(missing[0]).toMatch(/^the run folder in the cluster is that of an older run/);
  expect(rest.problem?.message).toEqual(
    problem === undefined ? undefined : (expect.stringContaining(problem) as string),
  );
  expect(readdirSync(join(cluster.world.cwd, "results"))).toEqual([]);
  expect(cluster.lines()).toContain("helm uninstall bench-night");
});

test("events of older objects, and of those that have their pods, keep nobody from beginning", async () => {
  const message = "exceeded quota: other";
  const events = ["older", "job-run", "job-nats"].map((uid) => ({ uid, message }));
  const scenes = [PENDING, PENDING, PENDING, RUNNING, ended(0)];
  const { cluster, ended: run } = play({ scenes, events }, { startMs: 1e7 }, HURRIED);
  expect((await run).exitCode).toBe(0);
  expect(cluster.lines().some((line) => line.startsWith("kubectl get events"))).toBe(true);
}, 30_000);
