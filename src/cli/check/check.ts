/** `bench check`: can this target be used at all, and if not, why; and the same through a gateway. */
import type { Argv } from "yargs";
import type { ServerMark } from "../../base/server-mark.ts";
import { commonMark } from "../../base/server-mark.ts";
import { defined } from "../../base/defined.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset } from "../../base/dataset/dataset.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import { printable } from "../../base/text/printable.ts";
import { redactHeaders } from "../../base/text/redact.ts";
import type { StepFinding } from "./check-steps.ts";
import { runSteps } from "./check-steps.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { labelOf, openTarget } from "../../run/open-target.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { resolveTarget } from "../../scenario/target/target.ts";
import type { Resolve } from "../../scenario/target/find-route.ts";
import { RESOLVE_OPTION } from "../run-options.ts";
import type { World } from "../../base/process/world.ts";

export const checkCommand = command(options, check);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("target", { alias: "t", type: "string", describe: "A target's name, file, or grpc://host:port" })
    .option("resolve", RESOLVE_OPTION)
    .option("through", {
      type: "string",
      describe:
        "Check the path through this gateway too, and what it adds: a name or ws://host:9000/v1/stream",
    })
    .option("json", { type: "boolean", default: false, describe: "Print the findings as JSON" })
    .example("$0 check", "the target of RIVA_HOST, else the emulator")
    .example("$0 check --target grpc://asr.example:50051", "a server")
    .example("$0 check --target nim --through gateway", "client, gateway, Riva, beside Riva alone");
}

/** What was found on one way to a recogniser. */
interface Path {
  target: ResolvedTarget;
  steps: StepFinding[];
  usable: boolean;
}

/** What both ways have in common. */
interface Setting {
  world: World;
  clip: Clip;
  resolve: Resolve;
  say: (line: string) => void;
}

async function check(world: World, { target: flag, through, resolve, json }: Args): Promise<void> {
  const { clips } = await loadDataset("default", { root: world.root });
  const clip = clips.reduce((shortest, each) => (each.audioMs < shortest.audioMs ? each : shortest));
  // A line each: what a server says can end none of them.
  const say = (line: string): void => {
    if (!json) world.stdout.write(`${printable(line)}\n`);
  };
  const setting = { world, clip, resolve, say };
  const gateway = through === undefined ? undefined : await gatewayOf(world, through);
  const direct = await checkDirect(setting, flag, gateway);
  const beyond = gateway === undefined ? undefined : await checkPath(setting, gateway, direct?.target);
  const adds = added(direct, beyond);
  if (adds !== undefined) say(inWords(adds));
  const paths = [direct, beyond].filter((path) => path !== undefined);
  const usable = paths.every((path) => path.usable);
  const only = beyond ?? direct;
  if (json && only !== undefined) {
    const main = describe(direct ?? only);
    const more = beyond === undefined || direct === undefined ? {} : { through: describe(beyond), adds };
    world.stdout.write(`${JSON.stringify({ usable, ...main, ...more }, null, 2)}\n`);
  }
  world.setExitCode(usable ? EXIT.passed : EXIT.targetUnusable);
}

/** @throws BenchError (exit 2) when it is no gateway */
async function gatewayOf(world: World, through: string): Promise<ResolvedTarget> {
  const gateway = await resolveTarget({ flag: through, env: world.env, cwd: world.cwd, root: world.root });
  if (gateway.kind === "gateway") return gateway;
  throw BenchError.usage(
    `--through ${through}: ${gateway.uri} is not a gateway`,
    "Write ws://host:9000/v1/stream (or wss://), or the name of a target file with such a URI.",
  );
}

/** The recogniser itself; with a gateway only where one is configured: an emulator of our own is not behind it. */
async function checkDirect(
  setting: Setting,
  flag: string | undefined,
  gateway: ResolvedTarget | undefined,
): Promise<Path | undefined> {
  const { world, say } = setting;
  if (gateway !== undefined) {
    const wanted = await resolveTarget({ flag, env: world.env, cwd: world.cwd, root: world.root });
    if (wanted.emulated !== undefined) {
      if (flag === undefined) {
        say("No --target: the gateway alone is checked, and what it adds is not known.");
        return undefined;
      }
      throw BenchError.usage(
        `--target ${flag} is started for the check and can't be behind a gateway`,
        "Name the recogniser that the gateway has as its upstream, such as grpc://127.0.0.1:50051.",
      );
    }
  }
  const { target, close } = await openTarget(world, flag);
  try {
    return await checkPath(setting, target);
  } finally {
    await close();
  }
}

/** @param like whose model and language to ask for, where the target has none of its own */
async function checkPath(
  { world, clip, resolve, say }: Setting,
  target: ResolvedTarget,
  like: ResolvedTarget = target,
): Promise<Path> {
  const sources = Object.entries(target.sources).map(([key, source]) => `${key} from ${source}`);
  say(labelOf(target));
  say(`  ${sources.join("; ")}`);
  const model = target.model ?? like.model;
  const language = target.language ?? like.language ?? "en-US";
  const context = {
    ...{ target, clock: world.clock, clip, language, resolve },
    ...defined({ model }),
  };
  const steps = await runSteps(context, say);
  const usable = steps.every(({ ok }) => ok);
  const path = { target, steps, usable };
  say(usable ? `The target can be used.${markSentence(path)}` : "The target can't be used.");
  return path;
}

/** By its own word, or that of the gateway before it. */
function markOf({ target, steps }: Path): ServerMark {
  return commonMark([
    { emulated: target.emulated !== undefined },
    ...steps.map(({ data }) => (data ?? {}) as Partial<ServerMark>),
  ]);
}

/** That it is no product, where its name does not say so. */
function markSentence(path: Path): string {
  const { emulated, standIn } = markOf(path);
  const sentences = [
    ...(emulated && path.target.emulated === undefined ? ["It is emulated."] : []),
    ...(standIn === undefined ? [] : [`It is a stand-in: ${standIn}.`]),
  ];
  return sentences.map((sentence) => ` ${sentence}`).join("");
}

function describe(path: Path): object {
  const { name, kind, uri, model, language, metadata, publicMetadata, sources } = path.target;
  const settings = { model, language, metadata: redactHeaders(metadata, publicMetadata), sources };
  return { target: { name, kind, uri, ...markOf(path), ...settings }, steps: path.steps };
}

/** What the gateway adds to one sentence, in milliseconds; either may be absent, and below zero by chance. */
interface Added {
  firstPartialMs?: number;
  finalMs?: number;
  /** Both ways gave the same words. */
  sameTranscript: boolean;
}

function added(direct: Path | undefined, beyond: Path | undefined): Added | undefined {
  const [without, with_] = [direct, beyond].map((path) =>
    path?.steps.find(({ name }) => name === "utterance"),
  );
  if (without?.ok !== true || with_?.ok !== true) return undefined;
  const more = (key: string): number | undefined => {
    const [from, to] = [without.data?.[key], with_.data?.[key]];
    return typeof from === "number" && typeof to === "number" ? to - from : undefined;
  };
  const firstPartialMs = more("firstPartialFromOnsetMs");
  const finalMs = more("finalFromSpeechEndMs");
  return {
    ...defined({ firstPartialMs, finalMs }),
    sameTranscript: without.data?.["transcript"] === with_.data?.["transcript"],
  };
}

function inWords({ firstPartialMs, finalMs, sameTranscript }: Added): string {
  const ms = (value: number | undefined): string =>
    value === undefined ? "an unknown time" : `${value < 0 ? "" : "+"}${value.toFixed(1)} ms`;
  const words = sameTranscript ? "" : " The two ways gave different words: is it the same recogniser?";
  return (
    `The gateway adds ${ms(firstPartialMs)} to the first partial and ${ms(finalMs)} to the final ` +
    `(one sentence each; for more: bench --scenario gateway-50).${words}`
  );
}
