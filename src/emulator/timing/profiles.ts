/**
 * Servers to imitate. The model of `model.ts` is fitted to NVIDIA's published tables for the ASR NIM 1.4.0: latency as its
 * own client measures it, over streams in phase. The labels "GPU" and "model" of those tables are not known, so they are called
 * A and B. All of it is **for the shape only**: how delay grows with load, where it ends; no claim about any GPU.
 *
 * The figures leave room for what the emulator's own process and its sockets add: some 14 ms on two cores for 64 streams in
 * phase that send 960 ms at a time. `test/proof/profiles.test.ts` measures the whole.
 */
import { BenchError, nearestName } from "../../base/errors.ts";
import type { Profile } from "./model.ts";

const TABLES = "docs.nvidia.com/nim/riva/asr/1.4.0/asr-performance-table.html";
const SHAPE_ONLY = "shape only, no claim about any GPU";
/** Largest batch of a low-latency NIM profile, by a third party's report: so many sequences are in the batcher at once. */
const NIM_SLOTS = 1024;

const PROFILES: readonly Profile[] = [
  {
    name: "nim",
    model: "emulated-parakeet-nim-160ms",
    source: `${TABLES}, set A, 160 ms; ${SHAPE_ONLY}`,
    chunkMs: 160,
    capacity: 270,
    maxBatch: 32,
    batchMs: 2,
    pathMs: 8.7,
    finalFactor: 3,
    slots: NIM_SLOTS,
  },
  {
    name: "nim-throughput",
    model: "emulated-parakeet-nim-960ms",
    source: `${TABLES}, set A, 960 ms; ${SHAPE_ONLY}`,
    chunkMs: 960,
    capacity: 1240,
    maxBatch: 22,
    batchMs: 6,
    pathMs: 8,
    finalFactor: 2,
  },
  {
    name: "nim-b",
    model: "emulated-parakeet-nim-b-160ms",
    source: `${TABLES}, set B, 160 ms; ${SHAPE_ONLY}`,
    chunkMs: 160,
    capacity: 160,
    maxBatch: 56,
    batchMs: 1.9,
    pathMs: 13.5,
    finalFactor: 2.7,
    slots: NIM_SLOTS,
  },
  {
    name: "nim-b-throughput",
    model: "emulated-parakeet-nim-b-960ms",
    source: `${TABLES}, set B, 960 ms (two rows are known); ${SHAPE_ONLY}`,
    chunkMs: 960,
    capacity: 770,
    maxBatch: 28,
    batchMs: 4,
    pathMs: 13.6,
    finalFactor: 2.2,
  },
  {
    name: "legacy",
    model: "emulated-riva-legacy-960ms",
    source: `${TABLES}, set A, 960 ms, as a stand-in: no table of a Riva before the NIMs was published; ${SHAPE_ONLY}`,
    chunkMs: 960,
    capacity: 1240,
    maxBatch: 22,
    batchMs: 6,
    pathMs: 8,
    finalFactor: 2,
  },
];

export const PROFILE_NAMES: readonly string[] = PROFILES.map(({ name }) => name);

/** What a profile is changed in. */
export interface ProfileChanges {
  /** Streams at real time. */
  capacity?: number;
  /** Streams that are served at once. */
  slots?: number;
  /** Audio the server takes at a time, milliseconds. */
  chunkMs?: number;
}

/** Servers are built with chunks of such lengths, milliseconds. */
const CHUNK_LIMITS_MS = { min: 20, max: 10_000 };

/**
 * The profile of that name, made for another capacity if one is given: the batches grow with it, so a full batch takes as
 * long as before and the delay at a given share of the capacity stays the same. With another chunk it carries as many streams as
 * before.
 *
 * @throws BenchError (exit 2) for a name that is none, or a change that can't be made
 */
export function findProfile(name: string, changes: ProfileChanges = {}): Profile {
  const profile = PROFILES.find((candidate) => candidate.name === name);
  if (!profile) {
    const near = nearestName(name, PROFILE_NAMES);
    const hint = near === undefined ? `Profiles: ${PROFILE_NAMES.join(", ")}.` : `Did you mean "${near}"?`;
    throw BenchError.usage(`there is no emulator profile "${name}"`, hint);
  }
  const { capacity = profile.capacity, slots = profile.slots, chunkMs = profile.chunkMs } = changes;
  if (slots !== undefined && (!Number.isInteger(slots) || slots <= 0)) {
    throw BenchError.usage("the slots must be a whole number of streams above 0");
  }
  if (!(chunkMs >= CHUNK_LIMITS_MS.min && chunkMs <= CHUNK_LIMITS_MS.max)) {
    throw BenchError.usage(
      `the server chunk must be ${CHUNK_LIMITS_MS.min} ms to ${CHUNK_LIMITS_MS.max / 1000} s`,
    );
  }
  if (!Number.isFinite(capacity) || capacity <= 0) {
    throw BenchError.usage("the capacity must be a number of streams above 0");
  }
  const maxBatch = Math.max(1, Math.round((profile.maxBatch * capacity) / profile.capacity));
  const fullBatchMs = (chunkMs * maxBatch) / capacity;
  const changed = chunkMs !== profile.chunkMs;
  return {
    ...profile,
    ...(slots === undefined ? {} : { slots }),
    ...(changed ? { chunkMs, model: profile.model.replace(`${profile.chunkMs}ms`, `${chunkMs}ms`) } : {}),
    ...(changed ? { source: `${profile.source}; not fitted to chunks of ${chunkMs} ms` } : {}),
    capacity,
    maxBatch,
    batchMs: Math.min(profile.batchMs, fullBatchMs / 2),
  };
}
