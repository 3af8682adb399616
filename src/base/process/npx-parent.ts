import { isMainThread } from "node:worker_threads";

/** How often the parent is looked at. */
const LOOK_EVERY_MS = 500;

let heard = false;

/** This process was told by itself, as with Ctrl-C or by `timeout`, which signal the whole group: twice would mean "at once". */
export function signalHeard(): void {
  heard = true;
}

/**
 * `npx bench ...` runs as npm, a shell, and this process. npm hands SIGTERM on to the shell, which dies of it and tells
 * nobody: `kill` of a background job, or a CI system that ends a step, would leave a server that listens, or a load that goes
 * on, without an owner. So when the shell is gone, this process takes it as the SIGTERM that was meant for it.
 */
export function endWithNpx(): void {
  if (!isMainThread || process.env["npm_lifecycle_event"] !== "npx") return;
  const parent = process.ppid;
  const look = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(look);
    if (!heard) process.kill(process.pid, "SIGTERM");
  }, LOOK_EVERY_MS);
  look.unref();
}
