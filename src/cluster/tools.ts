/** The user's own `kubectl` and `helm`, as processes of their own. Nothing goes through a shell. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { BenchError } from "../base/errors.ts";
import type { World } from "../base/process/world.ts";

/** How a command ended. */
export interface Done {
  /** Undefined when a signal ended it. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

/** A command whose output is read while it runs. */
export interface Stream {
  stdout: Readable;
  /** `stdout` of it is empty. @throws BenchError when the program is missing */
  ended: Promise<Done>;
  stop(): void;
}

export interface Tools {
  /** @throws BenchError (exit 1) when the program is missing; how the command itself ended is the caller's to judge */
  kubectl(args: readonly string[]): Promise<Done>;
  /** @param input for its standard input. @throws as `kubectl` */
  helm(args: readonly string[], input?: string): Promise<Done>;
  follow(args: readonly string[]): Stream;
}

export interface ClusterPlace {
  /** Default: that of kubectl's context. */
  namespace?: string | undefined;
  /** Context of the kubeconfig; default: its current one. */
  context?: string | undefined;
}

const SOURCES: Readonly<Record<string, string>> = {
  kubectl: "https://kubernetes.io/docs/tasks/tools/",
  helm: "https://helm.sh/docs/intro/install/",
};

/** The tools as they are found on the PATH; `KUBECONFIG` and all else of the environment is theirs. */
export function createTools(world: Pick<World, "env" | "cwd">, { namespace, context }: ClusterPlace): Tools {
  const where = (contextFlag: string): string[] => [
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    ...(context === undefined ? [] : [`${contextFlag}=${context}`]),
  ];
  const start = (program: "kubectl" | "helm", args: readonly string[]): ChildProcess =>
    spawn(program, [...where(program === "helm" ? "--kube-context" : "--context"), ...args], {
      env: world.env,
      cwd: world.cwd,
      stdio: ["pipe", "pipe", "pipe"],
      // Ctrl-C reaches all processes of a terminal's group; what it means is decided here.
      detached: true,
    });

  return {
    kubectl: (args) => ended("kubectl", start("kubectl", args), true),
    helm: (args, input) => ended("helm", start("helm", args), true, input),
    follow(args) {
      const child = start("kubectl", args);
      const { stdout } = child;
      if (stdout === null) throw new Error("unreachable: stdout is a pipe");
      return { stdout, ended: ended("kubectl", child, false), stop: () => void child.kill("SIGKILL") };
    },
  };
}

function ended(program: string, child: ChildProcess, withOutput: boolean, input = ""): Promise<Done> {
  const done: Done = { code: undefined, stdout: "", stderr: "" };
  if (withOutput) child.stdout?.setEncoding("utf8").on("data", (text: string) => (done.stdout += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (done.stderr += text));
  // A program that ends early does not read it.
  child.stdin?.on("error", () => undefined).end(input);
  return new Promise((resolve, reject) => {
    child.on("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "ENOENT"
          ? new BenchError(`${program} is not on the PATH`, {
              hint: `Install it: ${SOURCES[program] ?? ""}${program === "helm" ? " (version 3.8 or later)" : ""}`,
            })
          : new BenchError(`${program} can't be started: ${error.message}`, { cause: error }),
      );
    });
    child.on("close", (code) => resolve({ ...done, code: code ?? undefined }));
  });
}
