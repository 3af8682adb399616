/**
 * Hooks of the drill: a "version" is an emulator with the flags that versions.json has for its image. It stands for podman, systemd or
 * kubectl, so that the whole way can be tried on a laptop: node service.mjs start|stop|running, with RELEASE_IMAGE, RELEASE_SLOT and
 * RELEASE_TARGET from `bench rollout`.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const BENCH = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));
const STOP_LIMIT_MS = 10_000;
const { RELEASE_IMAGE: image = "", RELEASE_SLOT: slot = "", RELEASE_TARGET: target = "" } = process.env;
const pidFile = `slots/${slot}.pid`;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    // In a container without an init, whoever has ended stays as a zombie.
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
  } catch {
    return false;
  }
}

function running() {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, "utf8")) : 0;
  return pid > 0 && isAlive(pid) ? pid : undefined;
}

async function stop() {
  const pid = running();
  if (pid === undefined) return;
  process.kill(pid, "SIGTERM");
  for (let waitedMs = 0; isAlive(pid); waitedMs += 50) {
    if (waitedMs === STOP_LIMIT_MS) process.kill(pid, "SIGKILL");
    await sleep(50);
  }
  rmSync(pidFile, { force: true });
}

async function start() {
  const flags = JSON.parse(readFileSync("versions.json", "utf8"))[image];
  if (flags === undefined) throw new Error(`versions.json has no ${image}`);
  await stop();
  mkdirSync("slots", { recursive: true });
  const log = openSync(`slots/${slot}.log`, "a");
  // It outlives this hook: a group of its own, and no pipe that would close.
  const args = [BENCH, "emulator", "--port", new URL(target).port, ...flags];
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", log, log] });
  child.unref();
  writeFileSync(pidFile, `${child.pid}`);
}

const actions = {
  start,
  stop,
  running: () => process.exit(running() === undefined ? 1 : 0),
};
await actions[process.argv[2]]();
