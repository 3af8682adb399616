/** Everything that `rollout.yaml` names, read and checked before anything is touched. */
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { readText } from "../../base/files/text-file.ts";
import { BenchError, messageOf } from "../../base/errors.ts";
import { withUpstreams } from "../../rollout/gateway-upstreams.ts";
import type { World } from "../../base/process/world.ts";
import type { RolloutFile } from "../../rollout/rollout-file.ts";
import { parseRolloutFile } from "../../rollout/rollout-file.ts";
import type { RolloutState } from "../../rollout/state.ts";
import { NO_STATE, parseState } from "../../rollout/state.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import { checkSmoke } from "./gates.ts";
import { mustExist } from "./hook.ts";

/** A rollout's file and its folder. */
export interface OpenRollout {
  file: RolloutFile;
  /** As the program's, with the folder of the file as the working folder: all its paths count from there. */
  world: World;
  paths: { state: string; audit: string; lock: string; hooks: string; runs: string };
}

/** @throws BenchError (exit 2) for a file that can't be read, or a folder that is a file */
export async function openRollout(world: World, config: string): Promise<OpenRollout> {
  const path = resolve(world.cwd, config);
  const file = parseRolloutFile(await readText(path, { what: "--config", shown: config }), config);
  const cwd = dirname(path);
  const folder = resolve(cwd, file.folder);
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw BenchError.usage(`folder ${folder}: it is a file`, "Give another name in the rollout's file.");
  const inside = (name: string): string => join(folder, name);
  const paths = {
    ...{ state: inside("state.json"), audit: inside("audit.jsonl"), lock: inside("lock") },
    ...{ hooks: inside("hooks.log"), runs: inside("runs") },
  };
  return { file, world: { ...world, cwd }, paths };
}

/** @throws BenchError (exit 2) for a program, target, gateway or scenario that can't be used */
export async function checkRollout({ file, world }: OpenRollout): Promise<void> {
  const { env, cwd, root } = world;
  const hooks = { start: file.start, stop: file.stop, running: file.running, reload: file.gateway?.reload };
  for (const name of ["start", "stop", "running", "reload"] as const) {
    const list = hooks[name];
    if (list !== undefined) mustExist(name, list, cwd, env);
  }
  for (const [slot, { target }] of Object.entries(file.slots)) {
    const { emulated } = await resolveTarget({ flag: target, env, cwd, root });
    if (emulated !== undefined)
      throw BenchError.usage(
        `slots.${slot}: ${target} is an emulator that a run starts for itself`,
        "Give the address where the version of the slot serves, such as grpc://127.0.0.1:50051.",
      );
  }
  for (const address of file.gateway?.addresses ?? []) {
    const { kind } = await resolveTarget({ flag: address, env, cwd, root });
    if (kind !== "gateway")
      throw BenchError.usage(
        `gateway.addresses: ${address} is not a gateway`,
        "Write ws://host:9000/v1/stream (or wss://), or the name of a target file with such a URI.",
      );
  }
  if (file.gateway !== undefined) await checkGatewayFile(resolve(cwd, file.gateway.config), file);
  if (file.smoke !== undefined) await checkSmoke(world, file.smoke);
}

/** @throws BenchError (exit 2) for a gateway's file that can't be read or written, or is none */
async function checkGatewayFile(path: string, { slots }: RolloutFile): Promise<void> {
  withUpstreams(await readText(path, { what: "gateway.config" }), path, [], Object.keys(slots));
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw BenchError.usage(`gateway.config: ${path} can't be written: ${messageOf(error)}`);
  }
}

/** Reads what serves, as it was left. @throws BenchError (exit 2) when the file is damaged */
export async function readState({ paths }: OpenRollout): Promise<RolloutState> {
  if (!existsSync(paths.state)) return NO_STATE;
  return parseState(await readText(paths.state), paths.state, paths.audit);
}
