import { defined } from "../base/defined.ts";
import type { ServerMark } from "../base/server-mark.ts";
import { markWord } from "../base/server-mark.ts";
import type { Endpoint } from "../client/endpoint.ts";
import type { RunResult } from "../metrics/result/result.ts";
import { chooseProxy } from "../client/proxy.ts";
import { readEnvironment } from "../base/files/dot-env.ts";
import type { EmulatorChild } from "./emulator-child.ts";
import { startEmulator } from "./emulator-child.ts";
import type { Preflight } from "./preflight.ts";
import type { RunInput } from "./run-input.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import { atAddress, resolveTarget } from "../scenario/target/target.ts";
import type { World } from "../base/process/world.ts";

export interface OpenTarget {
  /** With an address, also when it is the emulator. */
  target: ResolvedTarget;
  /** The emulator that was started for it. */
  emulator?: EmulatorChild;
  close(): Promise<void>;
}

/**
 * Finds the target that `--target` and the environment name, and starts its emulator when that is what it is.
 * @param emulatorFlags more flags of `bench emulator`
 */
export async function openTarget(
  world: World,
  flag: string | undefined,
  emulatorFlags: readonly string[] = [],
): Promise<OpenTarget> {
  const target = await resolveTarget({ flag, env: world.env, cwd: world.cwd, root: world.root });
  if (target.emulated === undefined) return { target, close: () => Promise.resolve() };
  const emulator = await startEmulator({
    profile: target.emulated.profile,
    args: ["--http-port", "0", ...emulatorFlags],
  });
  const environment = await readEnvironment(world.env, world.cwd);
  const { direct } = chooseProxy(
    { address: emulator.address, protocol: "grpc", overTls: false },
    environment,
  );
  const at = { ...atAddress(target, emulator.address), ...(direct === undefined ? {} : { direct }) };
  const http =
    emulator.httpAddress === undefined
      ? {}
      : {
          httpUrl: `http://${emulator.httpAddress}`,
          scrape: [{ url: `http://${emulator.httpAddress}/metrics`, headers: {}, secrets: [] }],
        };
  return { target: { ...at, ...http }, emulator, close: () => emulator.stop() };
}

/** Learning an hour of speech takes an emulator some five seconds. */
const LEARNED_SECONDS = 3600;

/** Flags with which an emulator knows the speech that a scenario plays; none for more than it can learn while a run waits. */
export function emulatorOf({
  scenario: { audio },
  dataset: { audioSeconds },
}: Pick<RunInput, "scenario" | "dataset">): readonly string[] {
  return audio.dataset === "default" || audioSeconds > LEARNED_SECONDS ? [] : ["--dataset", audio.dataset];
}

/** What requests to a target's HTTP port need, which may be another host than its streams go to. */
export function httpEndpoint({
  tls,
  metadata,
  httpRoute,
}: ResolvedTarget): Pick<Endpoint, "tls" | "metadata" | "route"> {
  return { ...(tls && { tls }), metadata, ...(httpRoute && { route: httpRoute }) };
}

/** How a target is called in front of people: never without the word when it is emulated, or by its own account a stand-in. */
export function labelOf(target: ResolvedTarget, mark?: ServerMark): string {
  const word = markWord(mark ?? { emulated: target.emulated !== undefined });
  const marked = word === undefined ? "" : ` (${word})`;
  if (target.uri.endsWith(`//${target.name}`)) return `${target.uri}${marked}`;
  return `${target.name}${marked} ${target.uri}`;
}

/** What a result says of its target; all of it is known before the load. */
export function targetFacts({ target, emulator }: OpenTarget, found: Preflight): RunResult["target"] {
  const model = target.model ?? found.model ?? emulator?.model;
  const proxy = target.route?.proxy;
  return {
    name: target.name,
    kind: target.kind,
    uri: target.uri,
    emulated: target.emulated !== undefined || found.emulated,
    ...defined({ standIn: found.standIn, model }),
    server: { ...found.server },
    ...(proxy === undefined ? {} : { proxy: proxy.url }),
  };
}

/** With the server's own count, next to ours, where it is our emulator: they must agree. */
export async function withCounts(
  target: RunResult["target"],
  { emulator }: OpenTarget,
): Promise<RunResult["target"]> {
  const counts = await emulator?.stats();
  if (counts === undefined) return target;
  const server = { ...target.server };
  for (const key of ["started", "completed", "failed", "cancelled", "maxOpen"] as const) {
    server[`counted_${key}`] = `${counts[key]}`;
  }
  return { ...target, server };
}
