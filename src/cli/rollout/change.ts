/** A change of what is served, by one process at a time: with a way back for signals, told in lines, logged. */
import { hostname, userInfo } from "node:os";
import { BenchError, EXIT, messageOf } from "../../base/errors.ts";
import { LockedError, takeLock } from "../../base/files/lock.ts";
import { appendPrivate, makePrivateFolders } from "../../base/files/private-files.ts";
import type { World } from "../../base/process/world.ts";
import { sum } from "../../base/sum.ts";
import { systemError } from "../../base/system-error.ts";
import { printable } from "../../base/text/printable.ts";
import type { Rollout } from "../../rollout/machine.ts";
import { createRollout } from "../../rollout/machine.ts";
import type { Author, Ended, Step } from "../../rollout/ports.ts";
import { sleepUntil } from "../../rollout/sleep.ts";
import { throwIfEnded } from "../../rollout/steps.ts";
import { hostPorts, planOf } from "./host-ports.ts";
import type { OpenRollout } from "./open-rollout.ts";
import { readState } from "./open-rollout.ts";
import { inWords, stepLine } from "./words.ts";

/** Signals within so long of the first are part of it. */
const AT_ONCE_MS = 10_000;
const LOCK_LOOK_MS = 500;
const SAY_EVERY_MS = 60_000;
/** A smoke run has no limit in the rollout's file. */
const SMOKE_ALLOWANCE_MS = 30 * 60_000;

/**
 * Works on what is served, alone, with a way back for SIGTERM and Ctrl-C; prints and logs the end and sets the exit code. While another
 * process has the folder, a patient one waits.
 */
export async function change(
  open: OpenRollout,
  { json, author, isPatient = false }: { json: boolean; author: Author; isPatient?: boolean },
  act: (machine: Rollout) => Promise<Ended | undefined>,
): Promise<Ended | undefined> {
  const { world } = open;
  const [work, rescue] = [new AbortController(), new AbortController()];
  let firstMs = -Infinity;
  const forget = world.onInterrupt(
    (why) => {
      const nowMs = world.clock.nowMs();
      const first = !work.signal.aborted;
      // One that closes its terminal, and a CI that cancels, send several at once: that means no more than once.
      if (!first && (why === "SIGHUP" || nowMs - firstMs < AT_ONCE_MS)) return;
      if (first) firstMs = nowMs;
      world.stderr.write(
        first
          ? `${why}: ending with one version that serves; once more leaves everything as it is\n`
          : `${why}: leaves everything as it is; the next \`bench rollout back\` puts it right\n`,
      );
      (first ? work : rescue).abort();
    },
    ["SIGHUP"],
  );
  const recovered = (left: Ended): void => {
    world.stderr.write(`${printable(left.detail)}\n`);
    audit(open, author, left);
  };
  let release = (): void => undefined;
  try {
    release = isPatient ? await waitForFolder(open, work.signal) : takeFolder(open);
    const machine = createRollout(
      hostPorts(open, { ...progressOf(world), recovered }),
      planOf(open),
      await readState(open),
      work.signal,
      rescue.signal,
    );
    const ended = await logged(open, author, () => act(machine));
    if (ended === undefined) return undefined;
    world.stdout.write(json ? `${JSON.stringify(ended)}\n` : inWords(ended, machine.state));
    world.setExitCode(ended.exitCode);
    return ended;
  } finally {
    forget();
    release();
  }
}

/** The folder of the rollout, for this process alone. @throws BenchError: another one has it (exit 2), the disk is full (1) */
function takeFolder({ paths }: OpenRollout): () => void {
  try {
    makePrivateFolders(paths.runs);
    return takeLock(paths.lock, "a rollout");
  } catch (error) {
    throw systemError(error, "the folder of the rollout") ?? error;
  }
}

/**
 * Waits as long as a rollout may take that is refused: all its limits twice, and a smoke run.
 * @throws BenchError (exit 130) when `signal` ends the wait, (6) at its end, (1) when the disk is full
 */
async function waitForFolder(open: OpenRollout, signal: AbortSignal): Promise<() => void> {
  const { clock, stderr } = open.world;
  const endMs = clock.nowMs() + 2 * sum(Object.values(open.file.limits)) + SMOKE_ALLOWANCE_MS;
  let sayAtMs = clock.nowMs();
  for (;;) {
    try {
      return takeFolder(open);
    } catch (error) {
      if (!(error instanceof LockedError)) throw error;
      if (clock.nowMs() >= endMs)
        throw new BenchError(`${error.message}, for longer than a rollout takes`, {
          exitCode: EXIT.inconclusive,
          hint: error.hint,
        });
      if (clock.nowMs() >= sayAtMs) {
        stderr.write(`${printable(error.message)}. ${error.hint ?? ""}\n`);
        sayAtMs += SAY_EVERY_MS;
      }
    }
    await sleepUntil(clock.nowMs() + LOCK_LOOK_MS, clock, signal);
    throwIfEnded(signal);
  }
}

/** Steps and notes as lines on standard error. */
function progressOf({ stderr }: World): { tell(step: Step): void; note(line: string): void } {
  return {
    tell: (step) => stderr.write(`${printable(stepLine(step))}\n`),
    note: (line) => stderr.write(`${printable(`  ...      ${line}`)}\n`),
  };
}

/** One line of the audit log for whatever came of it. */
async function logged(
  open: OpenRollout,
  author: Author,
  act: () => Promise<Ended | undefined>,
): Promise<Ended | undefined> {
  try {
    const ended = await act();
    if (ended !== undefined) audit(open, author, ended);
    return ended;
  } catch (error) {
    audit(open, author, { outcome: "failed", detail: messageOf(error) });
    throw error;
  }
}

/** Never throws: a line that can't be written must not hide what was done. */
function audit({ world, paths }: OpenRollout, author: Author, what: object): void {
  const line = { at: new Date(world.clock.wallMs()).toISOString(), ...author, ...what };
  try {
    appendPrivate(paths.audit, `${JSON.stringify(line)}\n`);
  } catch (error) {
    world.stderr.write(`bench: ${paths.audit}: not written: ${messageOf(error)}\n`);
  }
}

/** The user behind `sudo`, where there is one. */
export function whoAsks({ env }: World): string {
  return `${env["SUDO_USER"] ?? accountName()}@${hostname()}`;
}

/** A container's user may have a number only. */
function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
