/** `rollout.yaml`: how a version is started, judged, given the traffic and watched. */
import { z } from "zod";
import { BenchError } from "../base/errors.ts";
import { durationField, parseYaml, section } from "../base/yaml.ts";
import type { Release } from "./release.ts";

/** Variables of hooks, by name. */
const VARIABLES = {
  RELEASE_IMAGE: ({ image }: Release) => image,
  RELEASE_SLOT: ({ slot }: Release) => slot,
  RELEASE_TARGET: (_: Release, target: string) => target,
} as const;

const REFERENCE = /\$\{(RELEASE_\w*)\}/g;

const words = z
  .array(z.string(), "must be a list: the program, then its arguments")
  .min(1, "must name a program")
  .superRefine((list, context) => {
    const unknown = list.flatMap((word) => [...word.matchAll(REFERENCE)].map(([, name = ""]) => name));
    for (const name of unknown.filter((one) => !Object.hasOwn(VARIABLES, one)))
      context.addIssue({
        code: "custom",
        message: `no variable \${${name}}; known are ${Object.keys(VARIABLES).join(", ")}`,
      });
  });

/** Argument lists; nothing of them goes through a shell. */
const hooks = {
  /** Makes the slot run the image, whatever it ran before. */
  start: words,
  /** Makes the slot empty. With one slot it may be missing: then `start` replaces what runs. */
  stop: words.exactOptional(),
  /** Fails when nothing runs in the slot: a version that ended is noticed before the limit of `ready`. */
  running: words.exactOptional(),
};

const text = z.string().min(1);
const slotName = z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "must be of small letters, digits and dashes");

const file = section({
  slots: z
    .record(slotName, section({ target: text, upstream: text.exactOptional() }))
    .refine((slots) => [1, 2].includes(Object.keys(slots).length), "must be one slot or two"),
  ...hooks,
  gateway: section({
    /** The file of `bench gateway --config`; its list of upstreams is written here. */
    config: text,
    reload: words,
    /** Gateways that are asked for their sessions and whether they see the new upstream. */
    addresses: z.array(text).default([]),
  }).exactOptional(),
  smoke: section({
    scenario: text,
    slo: z.array(text).exactOptional(),
    baseline: z.array(text).exactOptional(),
  }).exactOptional(),
  alerts: section({
    prometheus: text,
    names: z.array(text).min(1, "must name an alert"),
    every: durationField("5s"),
  }).exactOptional(),
  limits: section({
    start: durationField("10m"),
    stop: durationField("2m"),
    reload: durationField("1m"),
    ready: durationField("30m"),
    drain: durationField("10m"),
  }).prefault({}),
  keepPrevious: z.boolean().default(false),
  folder: text.default("rollout"),
});

/** The file, read: durations in milliseconds, defaults filled in. */
export type RolloutFile = z.output<typeof file>;

/** Names of hooks. */
export type HookName = "start" | "stop" | "running" | "reload";

/** @throws BenchError (exit 2): one line a problem with file, line, column and key */
export function parseRolloutFile(yaml: string, path: string): RolloutFile {
  const read = parseYaml(yaml, path, file);
  if (Object.keys(read.slots).length === 1) return read;
  const missing = (["stop", "gateway"] as const).find((key) => read[key] === undefined);
  if (missing === undefined && read.gateway?.addresses.length === 0)
    throw BenchError.usage(
      `${path}: gateway.addresses: is empty, and two slots need it`,
      "Give the gateway's address, such as ws://127.0.0.1:9000/v1/stream: the old version is stopped only when the gateway says that it uses the new one.",
    );
  if (missing === undefined) return read;
  throw BenchError.usage(
    `${path}: ${missing}: is missing, and two slots need it`,
    missing === "stop"
      ? "Give the command that empties a slot."
      : "Traffic moves from one slot to the other in the file of a gateway. Without a gateway, use one slot.",
  );
}

/** The words of a hook for a release, and its environment. */
export function hookFor(
  list: readonly string[],
  release: Release,
  target: string,
): { argv: string[]; env: Record<string, string> } {
  const env = Object.fromEntries(
    Object.entries(VARIABLES).map(([name, valueOf]) => [name, valueOf(release, target)]),
  );
  const argv = list.map((word) => word.replace(REFERENCE, (_, name: string) => env[name] ?? ""));
  return { argv, env };
}
