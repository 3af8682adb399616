/** The wishes of the command line, as values of the chart. */
import { MOST_WORKERS } from "../metrics/result/remote-workers.ts";
import { join } from "node:path";
import { BenchError } from "../base/errors.ts";
import { defined } from "../base/defined.ts";
import { readNamedFile } from "../base/files/named-file.ts";
import type { World } from "../base/process/world.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { loadScenario, parseScenario, readScenario } from "../scenario/scenario.ts";
import type { TargetFile } from "../scenario/target/target.ts";
import { parseTargetFile } from "../scenario/target/target.ts";
import { parseTargetUri } from "../scenario/target/target-uri.ts";

export interface ClusterFlags {
  /** Name or file; undefined: that of the values. */
  scenario?: string | undefined;
  /** Name, file or address; undefined: that of the values, or without them an emulator in the cluster. */
  target?: string | undefined;
  /** Undefined: as many as the values say. */
  workers?: number | undefined;
  /** `repository:tag`, or `repository@sha256:...`. */
  image?: string | undefined;
  seed?: number | undefined;
  streams?: number | undefined;
  rate?: number | undefined;
  duration?: string | undefined;
  warmup?: string | undefined;
  slo?: readonly string[] | undefined;
  /** How long coordinator and workers wait for each other, milliseconds; undefined: as the values say. */
  joinMs?: number | undefined;
  /** File with values of the chart; what is asked for here wins over it. */
  values?: string | undefined;
}

/** Values of the chart, as helm takes them. */
export type ChartValues = Readonly<Record<string, unknown>>;

/**
 * Checks what is asked for, and says it in values of the chart.
 * @throws BenchError (exit 2) for what `bench run` would refuse too, and for files that are not in the cluster
 */
export async function chartValues(
  world: Pick<World, "root" | "cwd" | "env">,
  flags: ClusterFlags,
  runId: string,
): Promise<ChartValues> {
  const { workers, image, joinMs } = flags;
  if (workers !== undefined && (!Number.isInteger(workers) || workers < 1 || workers > MOST_WORKERS))
    throw BenchError.usage(`--workers ${workers}: must be a whole number from 1 to ${MOST_WORKERS}`);
  return {
    ...(image !== undefined && { image: imagePart(image) }),
    ...(await scenarioPart(world, flags)),
    ...(await targetPart(world, flags)),
    run: {
      id: runId,
      resultInLog: true,
      flags: runFlags(flags),
      ...(joinMs !== undefined && { joinTimeoutSeconds: Math.ceil(joinMs / 1000) }),
    },
    ...(workers !== undefined && { workers: { count: workers } }),
  };
}

/** Arguments of `bench run` besides the values. */
function runFlags({ seed, streams, rate, duration, warmup, slo = [] }: ClusterFlags): string[] {
  const single = defined({ seed, streams, rate, duration, warmup });
  return [
    ...Object.entries(single).map(([flag, value]) => `--${flag}=${value}`),
    ...slo.map((text) => `--slo=${text}`),
  ];
}

const REFERENCE =
  /^(?<repository>[a-z0-9][\w.-]*(?::\d+(?=\/))?(?:\/[\w.-]+)*)(?::(?<tag>\w[\w.-]{0,127}))?(?:@(?<digest>sha256:[0-9a-f]{64}))?$/;

/** The parts of an image's name. */
function imagePart(image: string): ChartValues {
  const { repository, tag = "", digest = "" } = REFERENCE.exec(image)?.groups ?? {};
  if (repository === undefined)
    throw BenchError.usage(
      `--image ${image}: not the name of an image`,
      "Write registry.example/riva-bench:0.1.0, or ...@sha256:DIGEST.",
    );
  return { repository, tag, digest };
}

function isFile(nameOrPath: string): boolean {
  return /[/\\]|\.ya?ml$/.test(nameOrPath);
}

async function scenarioPart(
  { root, cwd }: Pick<World, "root" | "cwd">,
  { scenario, streams, rate, duration, warmup, slo }: ClusterFlags,
): Promise<ChartValues> {
  if (scenario === undefined) return {};
  const overrides = defined({ streams, rate, duration, warmup, slo });
  await loadScenario(scenario, { root, cwd, overrides });
  if (!isFile(scenario)) return { scenario: { name: scenario, file: "" } };
  const { path, text } = await readScenario(scenario, { root, cwd });
  refuseLocalFiles(parseScenario(text, `${FOLDER_THERE}/scenario.yaml`), path);
  return { scenario: { file: text } };
}

/** Where the chart puts the scenario: no other file of this machine is there. */
const FOLDER_THERE = "/config";

/** @throws BenchError (exit 2) for a scenario that names files beside itself */
function refuseLocalFiles({ load, audio, scoring }: Scenario, path: string): void {
  const named = {
    "audio.dataset": audio.dataset,
    "load.file": "file" in load ? load.file : "",
    "scoring.parity": typeof scoring.parity === "object" ? scoring.parity.run : "",
  };
  for (const [key, file] of Object.entries(named)) {
    if (!file.startsWith(`${FOLDER_THERE}/`)) continue;
    throw BenchError.usage(
      `${path}: ${key}: ${file.slice(FOLDER_THERE.length + 1)} is a file of this machine, which pods don't see`,
      "Put it on a claim (dataset.existingClaim in --values) and name it /datasets/..., or into the image.",
    );
  }
}

async function targetPart(
  { root, cwd, env }: Pick<World, "root" | "cwd" | "env">,
  { target, values }: ClusterFlags,
): Promise<ChartValues> {
  if (target === undefined) {
    if (values !== undefined) return {};
    if ((env["RIVA_HOST"] ?? "") !== "")
      throw BenchError.usage(
        "RIVA_HOST is set, and pods don't see this machine's environment",
        "Give --target grpc://HOST:PORT, or target.env in --values.",
      );
    return { emulator: { enabled: true } };
  }
  if (target.includes("://") || target.includes("@")) {
    parseTargetUri(target);
    return { target: { name: target, file: "" } };
  }
  const { path, text } = await readNamedFile(target, { what: "target", folder: join(root, "targets"), cwd });
  const file = parseTargetFile(text, path);
  refuseInValues(file, path);
  const { emulator } = file;
  if (emulator !== undefined)
    return { target: { name: "", file: "" }, emulator: { enabled: true, profile: emulator } };
  return { target: isFile(target) ? { name: "", file: text } : { name: target, file: "" } };
}

/** @throws BenchError (exit 2) for a secret, which values and a ConfigMap would show, and for files of this machine */
function refuseInValues({ uri, http, scrape = [], tls = {} }: TargetFile, path: string): void {
  if (tls.keyPassphrase?.includes("${") === false)
    throw BenchError.usage(
      `${path}: tls.keyPassphrase: holds a secret in plain sight`,
      'Write it as a reference to the environment, such as "${RIVA_KEY_PASSPHRASE}", which target.existingSecret of --values sets.',
    );
  const scraped = scrape.map((one) => ["scrape", typeof one === "string" ? one : one.url] as const);
  for (const [key, address = ""] of [["uri", uri] as const, ["http", http] as const, ...scraped]) {
    if (!/^[^/]*\/\/[^/?#]*@/.test(address)) continue;
    throw BenchError.usage(
      `${path}: ${key}: an address holds no credentials`,
      "Send them as metadata or headers that refer to the environment (target.existingSecret in --values).",
    );
  }
  for (const key of ["ca", "cert", "key"] as const) {
    const named = tls[key];
    if (named === undefined || named.startsWith("/") || named.startsWith("${")) continue;
    throw BenchError.usage(
      `${path}: tls.${key}: ${named} is a file of this machine, which pods don't see`,
      "Put it into a Secret (target.existingFilesSecret in --values) and name it /secrets/target/...",
    );
  }
}
