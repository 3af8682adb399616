/** `kubectl` and `helm` that play a part: small programs on the PATH, which write down how they were called. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { create } from "tar";
import { realClock } from "../../src/base/clock.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import type { Interrupt, World } from "../../src/base/process/world.ts";
import type { Pod } from "../../src/cluster/pods.ts";
import { PASSED } from "./sample-result.ts";

/** What the API server shows, look by look; the last scene stays. */
export interface Scene {
  pods: readonly Pod[];
  /** The scene stays until the coordinator was told to end. */
  untilTold?: boolean;
  /** Standard error of kubectl, which gets no pods. */
  error?: string;
}

export interface Plot {
  scenes: readonly Scene[];
  /** Lines of the coordinator's log. */
  log?: readonly string[];
  /** Resources that nothing may be done with. */
  forbidden?: readonly string[];
  /** Messages of FailedCreate events, and the uid of what they are about: `job-run`, `job-worker` and `job-nats` are of the release. */
  events?: readonly { uid: string; message: string }[];
  /** Standard error of `helm install`, which fails. */
  installError?: string;
  /** When the release was first installed that `helm status` then shows; none without it. `now`: by that failed install. */
  installedAt?: string;
  /** What `exec ... send` does; default: it sends the folder of a run that passed. */
  sends?: "run" | "nothing" | "half" | "hangs";
  /** The run of the folder that is sent; default: `night`, begun now. */
  sent?: { id?: string; startedAt?: string } | "nonsense";
  /** Standard error of `kubectl logs`, which fails. */
  logError?: string;
  /** Exec of the coordinator is refused. */
  refusesExec?: boolean;
}

interface Call {
  tool: "kubectl" | "helm";
  args: string[];
  input: string;
}

export interface FakeCluster {
  world: World;
  calls(): Call[];
  /** Calls as lines, without the place. */
  lines(): string[];
  interrupt(): void;
}

const PROGRAM = `
const { appendFileSync, existsSync, readFileSync, writeFileSync, createReadStream } = require("node:fs");
const [tool, folder, ...args] = process.argv.slice(2);
const plot = JSON.parse(readFileSync(folder + "/plot.json", "utf8"));
const input = tool === "helm" && args.includes("--values=-") ? readFileSync(0, "utf8") : "";
appendFileSync(folder + "/calls.ndjson", JSON.stringify({ tool, args, input }) + "\\n");
const say = (text, code = 0) => { process.stdout.write(text); process.exitCode = code; };
const fail = (text, code = 1) => { process.stderr.write(text + "\\n"); process.exitCode = code; };
const words = args.filter((arg) => !arg.startsWith("--"));
const told = folder + "/told";
const last = folder + "/last";
function pods() {
  const counter = folder + "/scene";
  const at = existsSync(counter) ? Number(readFileSync(counter, "utf8")) : 0;
  if (at === plot.scenes.length - 1) writeFileSync(last, "");
  const scene = plot.scenes[at];
  if (at < plot.scenes.length - 1 && (scene.untilTold !== true || existsSync(told))) writeFileSync(counter, String(at + 1));
  if (scene.error !== undefined) fail(scene.error);
  else say(JSON.stringify({ items: scene.pods }));
}
if (tool === "helm") {
  if (words[0] === "install" && plot.installError !== undefined) fail(plot.installError);
  else if (words[0] === "status" && plot.installedAt === undefined) fail("Error: release: not found");
  else if (words[0] === "status") {
    const at = plot.installedAt === "now" ? new Date().toISOString() : plot.installedAt;
    say(JSON.stringify({ info: { first_deployed: at } }));
  } else if (words[0] === "template") say("kind: Job\\n");
} else if (words[0] === "auth") {
  const no = (plot.forbidden ?? []).includes(words[3]);
  say(no ? "no - no RBAC policy matched\\n" : "yes\\n", no ? 1 : 0);
} else if (words[0] === "get" && words[1] === "pods") pods();
else if (words[0] === "get" && words[1] === "events") {
  say(JSON.stringify({ items: (plot.events ?? []).map(({ uid, message }) => ({ involvedObject: { uid }, message })) }));
} else if (words[0] === "get") {
  const items = ["run", "worker", "nats"].map((name) => ({ metadata: { uid: "job-" + name }, spec: name === "nats" ? { replicas: 1 } : { parallelism: 1 } }));
  say(JSON.stringify({ items }));
} else if (words[0] === "logs" && plot.logError !== undefined) fail(plot.logError);
else if (words[0] === "logs") {
  say((plot.log ?? []).map((line) => line + "\\n").join(""));
  // A log goes on as long as its container.
  const timer = setInterval(() => { if (existsSync(last)) clearInterval(timer); }, 10);
}
else if (words[0] === "exec" && args.includes("-e")) {
  if (plot.refusesExec) fail("error: unable to upgrade connection: Forbidden");
  else writeFileSync(told, "");
} else if (words[0] === "delete") writeFileSync(told, "");
else if (words.at(-1) === "send") {
  const run = readFileSync(folder + "/run.tar.gz");
  if (plot.sends === "nothing") fail("command terminated with exit code 3", 3);
  else if (plot.sends === "half") { say(run.subarray(0, run.length / 2)); fail("error: connection reset by peer"); }
  else if (plot.sends === "hangs") setTimeout(() => {}, 60000);
  else say(run);
}
`;

function sentResult({ sent }: Plot): string {
  if (sent === "nonsense") return sent;
  const startedAt = new Date().toISOString();
  return JSON.stringify({ ...PASSED, run: { ...PASSED.run, id: "night", startedAt, ...sent } });
}

/** Makes one that plays `plot`. */
export function fakeCluster(plot: Plot): FakeCluster {
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-cluster-"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(folder, "plot.json"), JSON.stringify(plot));
  writeFileSync(join(folder, "tool.cjs"), PROGRAM);
  for (const tool of ["kubectl", "helm"]) {
    const file = join(bin, tool);
    writeFileSync(
      file,
      `#!/bin/sh\nexec "${process.execPath}" "${folder}/tool.cjs" ${tool} "${folder}" "$@"\n`,
    );
    chmodSync(file, 0o755);
  }
  mkdirSync(join(folder, "packed/the-run"), { recursive: true });
  writeFileSync(join(folder, "packed/the-run/result.json"), sentResult(plot));
  writeFileSync(join(folder, "packed/the-run/sessions.ndjson"), "");
  create({ sync: true, gzip: true, cwd: join(folder, "packed"), file: join(folder, "run.tar.gz") }, [
    "the-run",
  ]);
  let interrupt: (why: Interrupt) => void = () => undefined;
  const sink = { write: () => undefined, isTTY: false, columns: 100 };
  const calls = (): Call[] => {
    const file = join(folder, "calls.ndjson");
    if (!existsSync(file)) return [];
    return readFileSync(file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Call);
  };
  return {
    world: {
      args: [],
      env: { PATH: [bin, dirname(process.execPath), "/bin", "/usr/bin"].join(delimiter) },
      cwd: folder,
      root: PACKAGE_ROOT,
      stdout: sink,
      stderr: sink,
      clock: realClock,
      onInterrupt(handler) {
        interrupt = handler;
        return () => (interrupt = () => undefined);
      },
      setExitCode: () => undefined,
    },
    calls,
    lines: () => calls().map(({ tool, args }) => [tool, ...args].join(" ")),
    interrupt: () => interrupt("SIGINT"),
  };
}

/** A container of a pod: `running`, waiting for a reason, or ended with a code (and a reason). */
type State = string | readonly [exitCode: number, reason?: string];

function stateOf(state: State): object {
  if (state === "running") return { running: {} };
  if (typeof state === "string") return { waiting: { reason: state } };
  return { terminated: { exitCode: state[0], reason: state[1] ?? "Error" } };
}

/** When pods are made. */
const MADE = new Date().toISOString().replace(/\.\d+Z$/, "Z");

/** A pod of the release `bench-night`. */
export function pod(
  component: "run" | "worker" | "nats",
  state: State,
  more: { index?: number; uid?: string } = {},
): Pod {
  const { index, uid = `${component}-${index ?? 0}` } = more;
  const phase = state === "running" ? "Running" : typeof state === "string" ? "Pending" : "Failed";
  return {
    metadata: {
      name: `bench-night-${component}-${index ?? 0}`,
      uid,
      creationTimestamp: MADE,
      ownerReferences: [{ uid: `job-${component}` }],
      labels: {
        "app.kubernetes.io/component": component,
        ...(index !== undefined && { "batch.kubernetes.io/job-completion-index": `${index}` }),
      },
    },
    spec: { nodeName: "node-7" },
    status: {
      // A sidecar is still there.
      phase: component === "run" && phase === "Failed" ? "Running" : phase,
      containerStatuses: [{ name: component, image: "registry.example/riva-bench:1", state: stateOf(state) }],
      ...(component === "run" && {
        initContainerStatuses: [
          {
            name: "results",
            state: stateOf(state === "running" || typeof state !== "string" ? "running" : "PodInitializing"),
          },
        ],
      }),
    },
  };
}
