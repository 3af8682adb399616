/**
 * The `instance` label of what a run pushes: the machine's name and the lowest number that no other run of the machine has
 * now. Two runs at once never write one series, and there are as many series as runs at once, not as runs.
 */
import type { Server } from "node:net";
import { connect, createServer } from "node:net";
import { unlinkSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError, messageOf } from "../base/errors.ts";
import { PLATFORM } from "../base/process/machine.ts";

export interface RunInstance {
  /** `gpu-box#1`. */
  label: string;
  /** Gives the number back; the end of the process does so, too. */
  release(): void;
}

/** More runs at once than a machine can carry. */
const MOST_AT_ONCE = 1000;

/**
 * Takes a number for as long as this process lives, or until it is given back.
 *
 * @param name stands for the machine's name, where that is a container's by chance
 * @throws BenchError (exit 2) when there is none left
 */
export async function claimInstance(name: string = hostname()): Promise<RunInstance> {
  for (let number = 1; number <= MOST_AT_ONCE; number++) {
    const server = await listen(socketOf(number));
    if (server === undefined) continue;
    server.unref();
    return { label: `${name}#${number}`, release: () => server.close() };
  }
  throw BenchError.usage(`${MOST_AT_ONCE} runs are on at once on this machine`);
}

/** Where Linux binds a name of fewer bytes, versions of Node differ in how they fill it up. */
const ABSTRACT_BYTES = 108;

/** A name that the kernel forgets with its process, on Linux; elsewhere a file that may be left over. */
function socketOf(number: number): string {
  const name = `riva-bench-run-${number}.`;
  if (PLATFORM === "linux") return `\0${name}`.padEnd(ABSTRACT_BYTES, ".");
  if (PLATFORM === "win32") return String.raw`\\.\pipe\${name}`;
  return join(tmpdir(), `${name}sock`);
}

/** @returns undefined when another process listens there */
async function listen(path: string): Promise<Server | undefined> {
  const server = await tryListen(path);
  if (server !== undefined || !path.startsWith("/") || (await answers(path))) return server;
  try {
    unlinkSync(path);
  } catch {
    // It is another user's, or has just gone.
    return undefined;
  }
  return tryListen(path);
}

function tryListen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE") resolve(undefined);
      else reject(new BenchError(`this run can't be told from others of this machine: ${messageOf(error)}`));
    });
    server.listen(path, () => resolve(server));
  });
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (yes: boolean): void => {
      socket.destroy();
      resolve(yes);
    };
    socket.once("connect", () => end(true));
    socket.once("error", () => end(false));
  });
}
