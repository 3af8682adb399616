/** Errors of the operating system as a user can act on them: none of them is a bug of the harness. */
import { BenchError, EXIT } from "./errors.ts";
import type { ExitCode } from "./errors.ts";

interface SystemError extends Error {
  code: string;
  syscall?: string;
  path?: string;
}

/** The machine is at fault (exit 1): what was asked for was right. */
const MACHINE: Readonly<Record<string, [what: string, hint: string]>> = {
  ENOSPC: ["the disk is full", "Free some space, or write somewhere else (--out)."],
  EDQUOT: ["the disk quota is used up", "Free some space, or write somewhere else (--out)."],
  EIO: ["the device reports an input/output error", "Check the disk or network share, or use another place."],
  ENOMEM: ["out of memory", "Use fewer streams or another machine."],
  EMFILE: ["too many open files in this process", "Raise the limit: ulimit -n 65536"],
  ENFILE: ["too many open files on this machine", "Close some, or raise fs.file-max."],
  EAGAIN: [
    "the system refuses another process or thread",
    "Raise the limit (ulimit -u), or use fewer --workers.",
  ],
  ESTALE: ["the network share is gone", "Mount it again."],
};

/** The input is at fault (exit 2). */
const INPUT: Readonly<Record<string, [what: string, hint: string]>> = {
  ENOENT: ["no such file or folder", "Check the path."],
  ENOTDIR: ["a part of the path is a file, not a folder", "Check the path."],
  EISDIR: ["it is a folder, not a file", "Give the path of a file."],
  EEXIST: ["it exists already", "Give another path."],
  EACCES: ["permission denied", "Change its permissions, or use another path or port."],
  EPERM: ["operation not permitted", "Change its permissions, or use another path."],
  EROFS: ["the file system is read-only", "Use another place."],
  ELOOP: ["its symbolic links go in a circle", "Check the path."],
  ENAMETOOLONG: ["the name is too long", "Use a shorter path."],
  ENXIO: ["no such device", "Give the path of a file."],
  ENOTEMPTY: ["the folder is not empty", "Use another folder."],
  EXDEV: ["it is on another file system", "Use a folder on the same file system."],
  EADDRINUSE: ["the port is in use", "Give another port, or 0 for any free one."],
  EADDRNOTAVAIL: ["this machine has no such address", "Give an address of this machine."],
  ENOTFOUND: ["the name is not known", "Check the host name."],
};

/**
 * What to tell of a file or port that can't be used: exit code 1 where this machine is at fault, 2 where the input is.
 * Undefined for anything that the operating system did not report.
 *
 * @param subject what was tried, such as `the run folder`; default: the path
 */
export function systemError(error: unknown, subject?: string): BenchError | undefined {
  if (!isSystemError(error)) return undefined;
  const machine = MACHINE[error.code];
  const [what, hint] = machine ?? INPUT[error.code] ?? [undefined, undefined];
  if (what === undefined) return undefined;
  const exitCode: ExitCode = machine === undefined ? EXIT.usage : EXIT.ourError;
  const where = subject ?? error.path ?? error.syscall ?? "a file";
  return new BenchError(`${where}: ${what} (${error.code})`, { exitCode, hint, cause: error });
}

function isSystemError(error: unknown): error is SystemError {
  return error instanceof Error && "code" in error && typeof error.code === "string" && "syscall" in error;
}
