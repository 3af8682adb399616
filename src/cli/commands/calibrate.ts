/** `bench calibrate`: how far off the harness itself is on this machine, and up to how many streams it may be believed. */
import type { Argv } from "yargs";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BenchError, EXIT } from "../../base/errors.ts";
import { makePrivateFolders } from "../../base/files/private-files.ts";
import type { Calibration, CalibrationLevel } from "../../metrics/judge/calibration.ts";
import { honestLimit } from "../../metrics/judge/calibration.ts";
import { renderCalibration } from "../../report/text/calibration.ts";
import { measureLevel } from "./calibrate-level.ts";
import { calibrationFile, saveCalibration, thisMachine } from "../../store/calibration-file.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { progressListener } from "../../watch/live/progress.ts";
import { readInput } from "../../run/run-input.ts";
import type { World } from "../../base/process/world.ts";

/** Streams of the levels; `--max-streams` ends them. */
const LEVELS = [1, 10, 50, 100, 200, 400, 700, 1000, 1500, 2000, 3000, 4000, 6000, 8000];
const QUICK_LEVELS = [10, 100, 400];
const QUICK_WINDOW = "5s";
/** A level that is not honest may have been disturbed by something else on the machine: once more, no oftener. */
const TRIES = 2;

export const calibrateCommand = command(options, calibrate);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .option("max-streams", { type: "number", default: 1000, describe: "Highest level of concurrency" })
    .option("quick", {
      type: "boolean",
      default: false,
      describe: "Three short levels, in half a minute",
    })
    .option("transport", {
      choices: ["auto", "riva-grpc", "riva-h2"] as const,
      describe: "What carries the streams [default: as a run would choose]",
    })
    .option("workers", { type: "string", default: "auto", describe: "As in bench run" })
    .option("json", { type: "boolean", default: false, describe: "Print the calibration as JSON" })
    .example("$0 calibrate", "once a machine; later reports quote it")
    .example("$0 calibrate --quick --max-streams 100", "a first impression");
}

async function calibrate(world: World, args: Args): Promise<void> {
  const { maxStreams, quick, json } = args;
  if (!Number.isInteger(maxStreams) || maxStreams < 1) {
    throw BenchError.usage(`--max-streams ${maxStreams}: must be a whole number from 1 on`);
  }
  const levels: CalibrationLevel[] = [];
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-calibrate-"));
  try {
    for (const streams of levelsUpTo(quick ? QUICK_LEVELS : LEVELS, maxStreams)) {
      const level = await honestOrTwice(world, args, streams, folder);
      levels.push(level);
      if (!level.honest) break;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const calibration: Calibration = {
    schema: "riva-bench/calibration@1",
    at: new Date(world.clock.epochMs()).toISOString(),
    machine: thisMachine(world.root),
    levels,
  };
  const path = calibrationFile(world.env);
  saveCalibration(path, calibration);
  world.stdout.write(json ? `${JSON.stringify(calibration)}\n` : renderCalibration(calibration, path));
  world.setExitCode(honestLimit(calibration) === undefined ? EXIT.runVoid : EXIT.passed);
}

/** The levels below the highest, and the highest. */
function levelsUpTo(levels: readonly number[], most: number): number[] {
  return [...levels.filter((streams) => streams < most), most].slice(0, levels.length + 1);
}

async function honestOrTwice(
  world: World,
  { quick, transport, workers, json }: Args,
  streams: number,
  folder: string,
): Promise<CalibrationLevel> {
  const duration = quick ? QUICK_WINDOW : undefined;
  const input = await readInput(world, {
    scenario: "calibrate",
    ...{ seed: 1, workers, streams, duration, transport },
  });
  for (let attempt = 1; ; attempt++) {
    if (!json) world.stderr.write(`${streams} streams${attempt === 1 ? "" : ", once more"}\n`);
    const own = join(folder, `${streams}-${attempt}`);
    makePrivateFolders(own);
    const progress = progressListener({
      sink: world.stderr,
      quiet: json || !world.stderr.isTTY,
      warmupMs: input.scenario.warmupMs,
    });
    const level = await measureLevel(world, input, streams, own, [progress]);
    if (level.honest || attempt === TRIES) return level;
  }
}
