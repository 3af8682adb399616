/**
 * The clips of a run, ready to be sent. A set that fits into memory is made ready before the start; of a larger one each clip is
 * read some time before its session starts, and let go of when its session ends.
 */
import { pcmBytes } from "../../base/audio/audio.ts";
import type { Clip, OpenDataset, Padding } from "../../base/dataset/dataset.ts";
import { padClip } from "../../base/dataset/dataset.ts";
import type { ClipFacts } from "../../metrics/observation/observation.ts";
import type { ReadyClip, WireForm } from "./audio-plan.ts";
import { readyClip } from "./audio-plan.ts";
import { chunksStandAlone } from "./encoded-audio.ts";

/** PCM that all processes of a machine together hold for the whole run; half as long again once it is framed. */
const MOST_KEPT_BYTES = 192 * 1024 * 1024;

/** Gives the clips of the plan's list. */
export interface ClipSupply {
  /** Announces a session that will play the clip: it is read if need be. To be called once for each `take`. */
  want(index: number): void;
  /** The clip, now. One that was not announced early enough is read at once, and the thread waits. Undefined when it is gone, which `onError` is told. */
  take(index: number): ReadyClip | undefined;
  /** Resolves when all that is wanted is there. */
  settled(): Promise<void>;
}

/** How clips are made ready. */
export interface SupplyOptions {
  dataset: OpenDataset;
  /** Facts of its clips, padded. */
  facts: readonly ClipFacts[];
  padding: Padding;
  chunkMs: number;
  wire: WireForm;
  /** How many of them share the memory. */
  processes: number;
  /** Called when a wanted clip can't be read any more. */
  onError(error: unknown): void;
}

/**
 * The clips of a dataset. Those that are to be compressed are always kept: that takes too long for the timed path.
 * @throws BenchError (exit 2) when one that is kept can't be read
 */
export async function clipSupply(options: SupplyOptions): Promise<ClipSupply> {
  const { dataset, wire, processes } = options;
  const bytes = dataset.clips.reduce(
    (sum, { audioMs, sampleRateHz }) => sum + pcmBytes(audioMs, sampleRateHz),
    0,
  );
  const keeps = bytes <= MOST_KEPT_BYTES / processes || !chunksStandAlone(wire.encoding);
  return keeps ? keptClips(options) : passingClips(options);
}

async function keptClips(options: SupplyOptions): Promise<ClipSupply> {
  const { dataset } = options;
  const ready: ReadyClip[] = [];
  for (const [index, clip] of dataset.clips.entries())
    ready.push(made(await dataset.readAudio(clip), index, options));
  return {
    want: () => undefined,
    take: (index) => ready[index] ?? noSuchClip(index, ready.length),
    settled: () => Promise.resolve(),
  };
}

function made(clip: Clip, index: number, { facts, padding, chunkMs, wire }: SupplyOptions): ReadyClip {
  const known = facts[index] ?? noSuchClip(index, facts.length);
  return { ...readyClip(padClip(clip, padding), chunkMs, wire), facts: known };
}

interface Wanted {
  /** Sessions to come. */
  sessions: number;
  clip?: ReadyClip;
  reading: Promise<void>;
}

function passingClips(options: SupplyOptions): ClipSupply {
  const { dataset, onError } = options;
  const wanted = new Map<number, Wanted>();
  const infoOf = (index: number): OpenDataset["clips"][number] =>
    dataset.clips[index] ?? noSuchClip(index, dataset.clips.length);

  async function read(index: number, entry: { clip?: ReadyClip }): Promise<void> {
    try {
      entry.clip = made(await dataset.readAudio(infoOf(index)), index, options);
    } catch (error) {
      onError(error);
    }
  }

  return {
    want(index) {
      const entry = wanted.get(index);
      if (entry !== undefined) entry.sessions++;
      else {
        const fresh: Wanted = { sessions: 1, reading: Promise.resolve() };
        fresh.reading = read(index, fresh);
        wanted.set(index, fresh);
      }
    },
    take(index) {
      const entry = wanted.get(index);
      // From here on the session alone holds it.
      if (entry !== undefined && --entry.sessions === 0) wanted.delete(index);
      if (entry?.clip !== undefined) return entry.clip;
      try {
        return made(dataset.readAudioNow(infoOf(index)), index, options);
      } catch (error) {
        onError(error);
        return undefined;
      }
    },
    async settled() {
      await Promise.all([...wanted.values()].map(({ reading }) => reading));
    },
  };
}

function noSuchClip(index: number, clips: number): never {
  throw new Error(`the plan names clip ${index} of ${clips}`);
}
