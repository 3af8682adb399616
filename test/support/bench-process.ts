/** Runs the built command line as its user would: `node dist/cli/main.js ...` in a process of its own. */
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RunResult } from "../../src/metrics/result/result.ts";
import { parseRunResult } from "../../src/metrics/result/read-result.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

export interface BenchProcess {
  child: ChildProcess;
  /** Resolves when everything it started has let go of its output. */
  finished: Promise<Finished>;
  /** Resolves with the first match in standard error so far or to come. */
  sees(pattern: RegExp): Promise<RegExpExecArray>;
}

/**
 * Starts the command in a process group of its own, in an empty folder, without this machine's RIVA_* settings.
 */
export function startBench(
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): BenchProcess {
  const child = spawn(process.execPath, [MAIN, ...args], {
    cwd: options.cwd ?? tempFolder(),
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  let stdout = "";
  let stderr = "";
  const watchers: (() => void)[] = [];
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString();
    for (const look of watchers) look();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return {
    child,
    finished,
    sees: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const match = pattern.exec(stderr);
          if (match !== null) resolve(match);
        };
        watchers.push(look);
        look();
        void finished.then(({ code }) =>
          reject(new Error(`ended with ${code} before ${String(pattern)}: ${stderr}`)),
        );
      }),
  };
}

/** Runs the command to its end. */
export async function bench(
  args: readonly string[],
  options: Parameters<typeof startBench>[1] = {},
): Promise<Finished> {
  return startBench(args, options).finished;
}

export function tempFolder(): string {
  return mkdtempSync(join(tmpdir(), "riva-bench-"));
}

/** What a run left in its folder. */
export function readRun(folder: string): { result: RunResult; sessions: SessionRecord[] } {
  const path = join(folder, "result.json");
  const log = readFileSync(join(folder, "sessions.ndjson"), "utf8");
  const sessions = log
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SessionRecord);
  return { result: parseRunResult(readFileSync(path, "utf8"), path), sessions };
}

/**
 * Repeats a run that this machine disturbed, twice at most: a test that reads figures has none to read there.
 *
 * @param holds false for figures that only a busy machine explains, where no check of the run can see it: replies that waited
 * for the CPU of this process. A fault of the program makes it false all three times.
 */
export async function undisturbed<Measured extends { result: RunResult }>(
  measure: () => Promise<Measured>,
  holds: (measured: Measured) => boolean = () => true,
): Promise<Measured> {
  for (let attempt = 1; ; attempt++) {
    const measured = await measure();
    if ((!isDisturbed(measured.result) && holds(measured)) || attempt === 3) return measured;
  }
}

/** Failures of the window that this machine is not to blame for: also a run that stayed disturbed can be held to them. */
export function failuresOfOthers({ sessions }: RunResult): RunResult["sessions"]["failures"] {
  return sessions.failures.filter(({ origin }) => origin !== "generator");
}

/** Checks of a run's validity that tell of the machine alone; a warning of theirs is enough. */
const OF_THE_MACHINE = ["send_lateness_p99", "stalls", "generator_failures"];

/** It is void, the machine was busy, or a session of any phase was spoiled by it. */
export function isDisturbed({ verdict, validity, sessionsByPhase }: RunResult): boolean {
  return (
    verdict === "void" ||
    validity.checks.some((check) => OF_THE_MACHINE.includes(check.name) && check.verdict !== "pass") ||
    Object.values(sessionsByPhase).some(({ failures }) =>
      failures.some(({ origin }) => origin === "generator"),
    )
  );
}

/** Process ids of the children of `pid`, and theirs. */
export function descendants(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const children = text === "" ? [] : text.split(" ").map(Number);
  return [...children, ...children.flatMap(descendants)];
}

/** True for a process that makes load. */
export function isWorker(pid: number): boolean {
  return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes("worker");
}

/** Lines of a file that is being written, as far as they are whole; none while there is no file. */
export function readLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // A zombie still takes signals; nobody may have waited for it yet.
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
