/** Starts the processes of a measurement, each pinned to a CPU of its own where the machine can do that. */
import type { ChildProcess } from "node:child_process";
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { BenchError } from "../src/base/errors.ts";
import type { FromChild, ToChild } from "./messages.ts";

/** A running child and its messages, which come strictly one for each that it is sent, after the first. */
export interface Child {
  send(message: ToChild): void;
  /** @throws BenchError when the child ends, or says nothing for `timeoutMs`. */
  next<Type extends FromChild["type"]>(
    type: Type,
    timeoutMs: number,
  ): Promise<Extract<FromChild, { type: Type }>>;
  stop(): void;
}

/** Starts a script of this folder. `cpu` undefined = not pinned. */
export function launch(
  script: string,
  args: readonly string[],
  nodeFlags: readonly string[],
  cpu: number | undefined,
): Child {
  const flags = [...process.execArgv, ...nodeFlags];
  const child: ChildProcess = fork(fileURLToPath(new URL(script, import.meta.url)), args, {
    // Structured clone: reports are maps of Float64Arrays.
    serialization: "advanced",
    ...(cpu === undefined
      ? { execArgv: flags }
      : { execPath: "taskset", execArgv: ["-c", String(cpu), process.execPath, ...flags] }),
  });
  return {
    send: (message) => child.send(message),
    async next(type, timeoutMs) {
      const outcome = new AbortController();
      const signal = AbortSignal.any([outcome.signal, AbortSignal.timeout(Math.ceil(timeoutMs))]);
      try {
        const [message] = (await Promise.race([
          once(child, "message", { signal }),
          once(child, "exit", { signal }),
        ])) as unknown[];
        if (!isMessage(message, type))
          throw new BenchError(`${script} ended or answered out of turn: ${JSON.stringify(message)}`);
        return message;
      } catch (error) {
        throw signal.aborted
          ? new BenchError(`${script} did not report "${type}" within ${timeoutMs} ms`)
          : error;
      } finally {
        outcome.abort();
      }
    },
    stop: () => child.kill("SIGKILL"),
  };
}

function isMessage<Type extends FromChild["type"]>(
  value: unknown,
  type: Type,
): value is Extract<FromChild, { type: Type }> {
  return typeof value === "object" && value !== null && "type" in value && value.type === type;
}

/** CPUs for generator and server; undefined when they can't be pinned to two. */
export interface Pinning {
  generatorCpu: number | undefined;
  serverCpu: number | undefined;
  /** For people. */
  description: string;
}

/** Chooses the first two CPUs that this process may use. */
export function choosePinning(): Pinning {
  const unpinned = (why: string): Pinning => ({
    generatorCpu: undefined,
    serverCpu: undefined,
    description: `not pinned (${why}): figures aren't those of one core`,
  });
  if (spawnSync("taskset", ["-V"]).status !== 0) return unpinned("no taskset on this machine");
  const [generatorCpu, serverCpu] = allowedCpus();
  if (generatorCpu === undefined || serverCpu === undefined) return unpinned("fewer than two CPUs");
  return {
    generatorCpu,
    serverCpu,
    description: `generator pinned to CPU ${generatorCpu}, null server to CPU ${serverCpu}`,
  };
}

/** Linux writes the list as ranges: `0,2-3`. */
function allowedCpus(): number[] {
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = NaN, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
