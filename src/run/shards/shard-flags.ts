/** `--shard I/N --start-at TIME`: the part of a plan that this machine carries, and when all parts begin. */
import { formatDuration } from "../../base/duration.ts";
import { BenchError } from "../../base/errors.ts";
import type { Shard } from "../../loadgen/plan/share.ts";
import { MOST_SHARDS } from "../../metrics/result/shards.ts";

/** One part of a run that several machines make without a broker. */
export interface ShardInput {
  /** Counted from 0. */
  part: Shard;
  /** T0 by the wall clock of this machine, milliseconds since 1970. */
  startAtEpochMs: number;
}

/** The flags as given. */
export interface ShardFlags {
  /** `3/8`: the third of eight parts. */
  shard?: string | undefined;
  /** RFC 3339. */
  startAt?: string | undefined;
}

/** The whole plan. */
export const WHOLE: Shard = { index: 0, of: 1 };

/** The latest start. */
const MOST_AHEAD_MS = 24 * 3_600_000;

/**
 * Undefined for a run that carries its whole plan.
 * @param wallMs the wall clock now, milliseconds since 1970
 * @throws BenchError (exit 2) when the flags make no sense, alone, together or with those that a part of a run can't honour
 */
export function shardInput(
  {
    shard,
    startAt,
    ...others
  }: ShardFlags & { nats?: string | undefined; untilCertified?: string | undefined },
  wallMs: number,
): ShardInput | undefined {
  if (shard === undefined) {
    if (startAt === undefined) return undefined;
    throw BenchError.usage("--start-at is for one part of a run", "Give --shard I/N as well.");
  }
  if (startAt === undefined)
    throw BenchError.usage(
      `--shard ${shard}: when do the shards begin?`,
      `Give each of them the same --start-at, such as ${exampleTime(wallMs)}.`,
    );
  if (others.nats !== undefined)
    throw BenchError.usage(
      "--shard and --nats are two ways to use many machines: take one of them",
      "With --nats the workers share out the plan by themselves.",
    );
  if (others.untilCertified !== undefined)
    throw BenchError.usage(
      "--until-certified: one shard can't know what the others have measured",
      "Give a --duration that is long enough; every run says how many sessions its gates need.",
    );
  return { part: parsePart(shard), startAtEpochMs: parseStart(startAt, wallMs) };
}

function parsePart(text: string): Shard {
  const [, digits = "", total = ""] = /^(\d{1,9})\/(\d{1,9})$/.exec(text.trim()) ?? [];
  const [index, of] = [Number(digits), Number(total)];
  if (index >= 1 && index <= of && of <= MOST_SHARDS) return { index: index - 1, of };
  throw BenchError.usage(
    `--shard ${text}: must be I/N, the I-th of N parts, I from 1 to N and N at most ${MOST_SHARDS}`,
    "The third of eight machines gets --shard 3/8.",
  );
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/i;

function parseStart(text: string, wallMs: number): number {
  const hint = `Give the time with its zone, at most a day ahead, such as ${exampleTime(wallMs)}; the same to every shard.`;
  const refused = (why: string): BenchError => BenchError.usage(`--start-at ${text}: ${why}`, hint);
  const match = RFC_3339.exec(text.trim());
  if (match === null) throw refused("not a time by RFC 3339");
  if (match[7] === undefined)
    throw refused("has no time zone, and machines in different zones would begin hours apart");
  const atMs = Date.parse(text.trim().replace(" ", "T").toUpperCase());
  const [year = 0, month = 0, day = 0] = match.slice(1, 4).map(Number);
  // Dates that no month has would be taken for some in the next.
  if (Number.isNaN(atMs) || new Date(Date.UTC(year, month - 1, day)).getUTCDate() !== day)
    throw refused("there is no such time");
  const aheadMs = atMs - wallMs;
  if (aheadMs <= 0)
    throw refused(`has passed; it is ${new Date(wallMs).toISOString()} by this machine's clock`);
  if (aheadMs > MOST_AHEAD_MS)
    throw refused(`is more than ${formatDuration(MOST_AHEAD_MS)} away by this machine's clock`);
  return atMs;
}

/** Two minutes from now, on a full minute. */
function exampleTime(wallMs: number): string {
  const atMs = (Math.floor(wallMs / 60_000) + 2) * 60_000;
  return new Date(atMs).toISOString().replace(".000Z", "Z");
}
