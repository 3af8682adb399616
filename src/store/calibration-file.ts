/** Where a machine's calibration is kept: in the user's cache, because it is the machine's and no project's. */
import { cpus, hostname } from "node:os";
import { dirname, join } from "node:path";
import { BenchError, messageOf } from "../base/errors.ts";
import { makePrivateFolders, writePrivate } from "../base/files/private-files.ts";
import { readTextSync } from "../base/files/text-file.ts";
import { userCache } from "../base/files/user-cache.ts";
import type { Calibration } from "../metrics/judge/calibration.ts";
import { checkCalibration } from "../metrics/result/result-schema.ts";
import { NODE_VERSION, packageVersion } from "../base/process/machine.ts";
import type { World } from "../base/process/world.ts";

type Env = World["env"];

/** `RIVA_BENCH_CALIBRATION`, else a file by host name in `$XDG_CACHE_HOME/riva-bench` or `~/.cache/riva-bench`. */
export function calibrationFile(env: Env): string {
  const given = env["RIVA_BENCH_CALIBRATION"] ?? "";
  return given === "" ? join(userCache(env), `calibration-${hostname()}.json`) : given;
}

/** This machine, as far as it decides on the harness's error. */
export function thisMachine(root: string): Calibration["machine"] {
  const all = cpus();
  return {
    host: hostname(),
    cpus: all.length,
    cpu: all[0]?.model ?? "unknown",
    node: NODE_VERSION,
    tool: `riva-bench ${packageVersion(root)}`,
  };
}

/** @throws BenchError (exit 1) when it can't be written */
export function saveCalibration(path: string, calibration: Calibration): void {
  try {
    makePrivateFolders(dirname(path));
    writePrivate(path, `${JSON.stringify(calibration, null, 2)}\n`);
  } catch (error) {
    throw new BenchError(`${path} can't be written: ${messageOf(error)}`, {
      hint: "Name another file in RIVA_BENCH_CALIBRATION.",
      cause: error,
    });
  }
}

/** The calibration of this very machine, Node and version; undefined when there is none, or it is of another. */
export function readCalibration(world: Pick<World, "env" | "root">): Calibration | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readTextSync(calibrationFile(world.env)));
  } catch {
    return undefined;
  }
  const calibration = checkCalibration(value);
  if (typeof calibration === "string") return undefined;
  const machine = thisMachine(world.root);
  const same = (Object.keys(machine) as (keyof typeof machine)[]).every(
    (key) => machine[key] === calibration.machine[key],
  );
  return same ? calibration : undefined;
}
