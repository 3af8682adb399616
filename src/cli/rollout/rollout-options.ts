/** The command line of `bench rollout`. */
import type { Argv } from "yargs";
import type { ArgsOf } from "../command.ts";

/** Actions of `bench rollout`. */
const ACTIONS = ["deploy", "back", "status", "watch"] as const;

export type RolloutArgs = ArgsOf<typeof rolloutOptions>;

/** Declares the flags of all actions; those of `watch` alone have no default, so that they can be refused elsewhere. */
export function rolloutOptions(yargs: Argv) {
  return yargs
    .usage(
      "bench rollout <action> [image]\n\nChanges the version of the speech service behind gates, and returns to the one before.",
    )
    .positional("action", {
      choices: ACTIONS,
      demandOption: true,
      describe:
        "deploy: start, judge, move the traffic; back: return to the version before; watch: return when an alert fires; status: what serves",
    })
    .positional("image", { type: "string", describe: "deploy: the version, IMAGE@sha256:..." })
    .option("config", {
      alias: "c",
      type: "string",
      default: "rollout.yaml",
      describe: "How versions are started, judged and given the traffic (docs/rollback.md)",
    })
    .option("why", { type: "string", describe: "deploy, back: the reason, for the audit log" })
    .option("for", { type: "string", describe: "watch: how long [default: 10m]" })
    .option("json", { type: "boolean", default: false, describe: "Print the outcome as JSON" })
    .example(
      "$0 rollout deploy nvcr.io/nim/nvidia/parakeet-1-1b-rnnt-multilingual@sha256:4f...",
      "behind gates",
    )
    .example("$0 rollout watch --for 10m", "and back by itself when an alert fires")
    .example("$0 rollout back --why 'SLO burn since 14:05'", "to the version before, without a smoke run")
    .epilogue(
      "Exit codes: 0 the version serves; else the one before does, and the code tells which gate refused the new one: " +
        "7 it can't be used, 3 SLO failed (watch: an alert fired), 4 worse than the baseline, 5 the smoke run is void, 6 inconclusive, 130 interrupted. " +
        "1: neither could be made to serve. 2: bad input, nothing was touched.",
    );
}
