/** The command line of `bench cluster`. */
import type { Argv } from "yargs";
import type { ArgsOf } from "../command.ts";
import { RATE_OPTION, STREAMS_OPTION } from "../run-options.ts";

/** Actions of `bench cluster`. */
export const ACTIONS = ["run", "manifest"] as const;

export type ClusterArgs = ArgsOf<typeof clusterOptions>;

/** Declares the flags of both actions; those of `run` alone have no default, so that they can be refused elsewhere. */
export function clusterOptions(yargs: Argv) {
  return yargs
    .usage(
      "bench cluster <action>\n\nMakes a run in the cluster that kubectl knows: coordinator, workers and a NATS from one Helm chart.\nNeeds kubectl (and permission for pods/exec) and helm.",
    )
    .positional("action", {
      choices: ACTIONS,
      demandOption: true,
      describe: "run: install, follow, fetch the result, remove, exit by verdict; manifest: print the YAML",
    })
    .option("scenario", {
      alias: "s",
      type: "string",
      describe: "Name (see `bench scenarios`) or file [default: that of the values: smoke]",
    })
    .option("target", {
      alias: "t",
      type: "string",
      describe:
        "Name in targets/, file, or grpc://host:port as pods reach it [default: that of --values, else an emulator in the cluster]",
    })
    .option("workers", {
      alias: "w",
      type: "number",
      describe: "Pods that make the load [default: that of the values: 2]",
    })
    .option("image", {
      type: "string",
      describe: "Image of deploy/Dockerfile, of this version, where nodes can pull it",
    })
    .option("values", {
      alias: "f",
      type: "string",
      describe: "File with values of the chart (deploy/chart/riva-bench/README.md); flags win over it",
    })
    .option("namespace", {
      alias: "n",
      type: "string",
      describe: "Namespace, which exists [default: that of the context]",
    })
    .option("context", { type: "string", describe: "Context of the kubeconfig [default: its current one]" })
    .option("run", { type: "string", describe: "Name of the run [default: one is made]" })
    .option("seed", { type: "number", describe: "Decides clips and phases [default: 1]" })
    .option("streams", STREAMS_OPTION)
    .option("rate", RATE_OPTION)
    .option("duration", { type: "string", describe: "Steady window instead of the scenario's (60, 90s, 2m)" })
    .option("warmup", { type: "string", describe: "Warm-up instead of the scenario's" })
    .option("slo", { type: "string", array: true, describe: "Another SLO" })
    .option("join-timeout", {
      type: "string",
      describe:
        "How long pods may take to get ready, and wait for each other [default: that of the values: 5m]",
    })
    .option("out", { alias: "o", type: "string", describe: "run: run folder [default: results/<run id>]" })
    .option("keep", { type: "boolean", describe: "run: leave the release in the cluster" })
    .option("json", { type: "boolean", describe: "run: print result.json instead of the table" })
    .option("quiet", { alias: "q", type: "boolean", describe: "run: no progress" })
    .example("$0 cluster run --image registry.example/riva-bench:0.1.0", "against an emulator, to try it")
    .example(
      "$0 cluster run -s soak -t grpc://riva.speech:50051 --workers 8 --namespace load --image ...",
      "eight pods against a server of the cluster",
    )
    .example(
      "$0 cluster run -s mine.yaml -f values.yaml --out out/night",
      "a scenario and values of your own",
    )
    .example(
      "$0 cluster manifest -s soak -t nim --workers 8 -f values.yaml | kubectl apply -n load -f -",
      "without Helm in the cluster's pipeline",
    );
}
