/** `bench check`: can this target be used at all, and if not, why. */
import type { CommandModule } from "yargs";
import { loadDataset } from "../base/dataset.ts";
import { EXIT } from "../base/errors.ts";
import type { CheckContext, Finding } from "./check-steps.ts";
import { CHECK_STEPS } from "./check-steps.ts";
import { labelOf, openTarget } from "./open-target.ts";
import type { ResolvedTarget } from "./target.ts";
import { redacted } from "./target.ts";
import type { World } from "./world.ts";

interface Args {
  target?: string;
  json: boolean;
}

export function checkCommand(world: World): CommandModule {
  return {
    command: "check",
    describe: "See whether a target can be used: name, port, TLS, health, models, one sentence",
    builder: (yargs) =>
      yargs
        .option("target", { type: "string", describe: "A target's name, file, or grpc://host:port" })
        .option("json", { type: "boolean", default: false, describe: "Print the findings as JSON" })
        .example("$0 check", "the target of RIVA_HOST, else the emulator")
        .example("$0 check --target grpc://asr.example:50051", "a server"),
    handler: (args) => check(world, args as unknown as Args),
  };
}

async function check(world: World, { target: flag, json }: Args): Promise<void> {
  const { clips } = await loadDataset("default", { root: world.root });
  const clip = clips.reduce((shortest, each) => (each.audioMs < shortest.audioMs ? each : shortest));
  const { target, close } = await openTarget(world, flag);
  const say = (line: string): void => {
    if (!json) world.stdout.write(`${line}\n`);
  };
  try {
    const sources = Object.entries(target.sources).map(([key, source]) => `${key} from ${source}`);
    say(`${labelOf(target)}\n  ${sources.join("; ")}`);
    const context = { target, clock: world.clock, clip, language: target.language ?? "en-US" };
    const steps = await runSteps(context, say);
    const usable = steps.every(({ ok }) => ok);
    say(usable ? "The target can be used." : "The target can't be used.");
    if (json) world.stdout.write(`${JSON.stringify({ usable, target: describe(target), steps }, null, 2)}\n`);
    world.setExitCode(usable ? EXIT.passed : EXIT.targetUnusable);
  } finally {
    await close();
  }
}

function describe({ name, kind, uri, model, language, emulated, metadata, sources }: ResolvedTarget): object {
  const settings = { model, language, metadata: redacted(metadata), sources };
  return { name, kind, uri, emulated: emulated !== undefined, ...settings };
}

/** Runs the steps up to the first that fails. */
async function runSteps(
  context: CheckContext,
  print: (line: string) => void,
): Promise<(Finding & { name: string; tookMs: number })[]> {
  const findings: (Finding & { name: string; tookMs: number })[] = [];
  for (const { name, applies, run } of CHECK_STEPS) {
    if (!applies(context.target)) continue;
    const startMs = context.clock.nowMs();
    const finding = await run(context);
    const tookMs = context.clock.nowMs() - startMs;
    findings.push({ name, tookMs, ...finding });
    print(
      `  ${finding.ok ? "ok  " : "FAIL"}  ${name.padEnd(9)} ${tookMs.toFixed(0).padStart(5)} ms  ${finding.detail}`,
    );
    if (finding.ok) continue;
    if (finding.advice !== undefined) print(`        ${finding.advice}`);
    break;
  }
  return findings;
}
