/** The user's own commands, as processes of their own: no shell, a limit in time, output to a file. */
import { spawn } from "node:child_process";
import { accessSync, constants as modes, existsSync, statSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join, resolve } from "node:path";
import { openPrivate } from "../../base/files/private-files.ts";
import { readText } from "../../base/files/text-file.ts";
import { formatDuration } from "../../base/duration.ts";
import type { Clock } from "../../base/clock.ts";
import { pause } from "../../base/clock.ts";
import { isAlive } from "../../base/process/machine.ts";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import type { World } from "../../base/process/world.ts";
import type { HookName } from "../../rollout/rollout-file.ts";

/** One call of a hook. */
export interface HookCall {
  name: HookName;
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Folder of the rollout's file. */
  cwd: string;
  limitMs: number;
  /** Where its output goes: a process that it leaves behind may go on writing there. */
  log: string;
}

/** From the request to end until the end by force. */
const GRACE_MS = 5000;
const GROUP_LOOK_MS = 50;
/** Lines of the end of its output that are told. */
const SHOWN_LINES = 3;

/**
 * Runs a hook to its end. When its limit is reached or `signal` ends it, its whole process group is ended.
 *
 * @returns its exit code
 * @throws BenchError (exit 7) when it can't be started or its limit is reached, (130) when `signal` ended it
 */
export async function callHook(
  call: HookCall,
  world: Pick<World, "env" | "clock">,
  signal: AbortSignal,
): Promise<number> {
  const { name, argv, env, cwd, limitMs, log } = call;
  const [program = "", ...args] = argv;
  const file = await openPrivate(log);
  let forget = (): void => undefined;
  try {
    await file.appendFile(
      `${new Date(world.clock.wallMs()).toISOString()} ${name}: ${JSON.stringify(argv)}\n`,
    );
    const child = spawn(program, args, {
      cwd,
      env: { ...world.env, ...env },
      stdio: ["ignore", file.fd, file.fd],
      // A group of its own: Ctrl-C is not its to hear, and all that it started can be ended.
      detached: true,
    });
    const ended = new Promise<number>((done, fail) => {
      child.once("error", (error) => fail(notStarted(name, program, error)));
      // As a shell has it.
      child.once("exit", (code, signal) => done(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
    });
    const stopped = new Promise<"limit" | "signal">((done) => {
      const abort = (): void => done("signal");
      const cancel = world.clock.wakeAt(world.clock.nowMs() + limitMs, () => done("limit"));
      signal.addEventListener("abort", abort);
      forget = () => {
        cancel();
        signal.removeEventListener("abort", abort);
      };
    });
    const how = await Promise.race([ended, stopped]);
    if (typeof how === "number") return how;
    await endGroup(child.pid, ended, world.clock);
    if (how === "signal") throw new BenchError("interrupted", { exitCode: EXIT.interrupted });
    throw BenchError.target(
      `hook ${name}: not done within its limit of ${formatDuration(limitMs)}`,
      `Its output is in ${log}. Give it longer in \`limits\` of the rollout's file, or mend the command.`,
    );
  } finally {
    forget();
    await file.close();
  }
}

/** As `callHook`. @throws BenchError (exit 7) with the end of its output when its exit code is not 0; as `callHook` */
export async function mustSucceed(
  call: HookCall,
  world: Pick<World, "env" | "clock">,
  signal: AbortSignal,
): Promise<void> {
  const code = await callHook(call, world, signal);
  if (code === 0) return;
  throw BenchError.target(
    `hook ${call.name}: exit code ${code}${await lastLines(call.log)}`,
    `Its output is in ${call.log}.`,
  );
}

/** @throws BenchError (exit 2) when the program of a hook is nowhere to be found */
export function mustExist(
  name: HookName,
  [program = ""]: readonly string[],
  cwd: string,
  env: World["env"],
): void {
  const places = program.includes("/")
    ? [resolve(cwd, program)]
    : (env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  if (places.some(isExecutable)) return;
  throw BenchError.usage(
    `${name}: ${program}: no such program`,
    program.includes("/")
      ? `Is it there, and executable? Paths count from ${cwd}.`
      : "It is in none of the folders of PATH. Install it, or write its path.",
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, modes.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function notStarted(name: HookName, program: string, error: unknown): BenchError {
  return new BenchError(`hook ${name}: ${program} can't be started: ${messageOf(error)}`, {
    exitCode: EXIT.targetUnusable,
    cause: error,
  });
}

async function endGroup(pid: number | undefined, ended: Promise<number>, clock: Clock): Promise<void> {
  if (pid === undefined) return;
  const end = (name: NodeJS.Signals): void => {
    try {
      process.kill(-pid, name);
    } catch {
      // The group is gone.
    }
  };
  end("SIGTERM");
  await groupGone(pid, clock);
  end("SIGKILL");
  await ended.catch(() => undefined);
}

/** Resolves when no process of the group is left, at the end of the grace at the latest. */
async function groupGone(pid: number, clock: Clock): Promise<void> {
  const endMs = clock.nowMs() + GRACE_MS;
  while (clock.nowMs() < endMs && isAlive(-pid)) await pause(clock, GROUP_LOOK_MS);
}

async function lastLines(log: string): Promise<string> {
  const text = existsSync(log) ? await readText(log).catch(() => "") : "";
  const lines = text.trimEnd().split("\n").slice(-SHOWN_LINES);
  const first = lines.findLastIndex((line) => /^\d{4}-\d\d-\d\dT\S+ \w+: \[/.test(line));
  const own = lines.slice(first + 1).map((line) => line.trim());
  return own.length === 0 ? "" : `: ${own.join(" / ")}`;
}
