/** `bench sessions`: every metric of every session of stored runs, computed from what was recorded of it. */
import type { Argv } from "yargs";
import type { World } from "../../base/process/world.ts";
import { printable } from "../../base/text/printable.ts";
import { valuesByName } from "../../metrics/catalogue/values-by-name.ts";
import { failureOf, type Observation } from "../../metrics/observation/observation.ts";
import { readClips, sessionsOrGaps } from "../../metrics/result/stored-sessions.ts";
import { keptRecordFiles } from "../../store/run-folder.ts";
import { runFolderOf } from "../../store/stored-run.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { STORED_RUNS } from "../run-options.ts";

export const sessionsCommand = command(options, sessions);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("runs", STORED_RUNS)
    .example("$0 sessions results/2025-06-01T10-00-00-smoke-1a2b > values.ndjson", "one JSON line a session")
    .example("$0 sessions RUN | jq .values.final_from_speech_end_actual", "from the actual sends");
}

async function sessions(world: World, { runs }: Args): Promise<void> {
  const folders = runs.map((run) => runFolderOf(run, world.cwd));
  for (const folder of folders) {
    const { sessionsFile, clipsFile } = keptRecordFiles(folder);
    let unreadable = 0;
    for await (const session of sessionsOrGaps(sessionsFile, await readClips(clipsFile))) {
      if (world.stdout.isClosed === true) return;
      if (session === undefined) unreadable++;
      else world.stdout.write(`${JSON.stringify(valuesOfSession(session))}\n`);
    }
    if (unreadable > 0)
      world.stderr.write(
        printable(`bench: lines of ${sessionsFile} that can't be read and are left out: ${unreadable}`) +
          "\n",
      );
  }
}

function valuesOfSession(session: Observation): object {
  const { seq, slot, phase, stage, clip, outcome } = session;
  const failure = failureOf(session);
  return {
    ...{ seq, slot, phase, stage, clip: clip.id, ok: outcome?.ok === true },
    ...(outcome === undefined ? { dropped: true } : {}),
    ...(failure === undefined ? {} : { failure: { phase: failure.phase, class: failure.class } }),
    values: valuesByName(session),
  };
}
