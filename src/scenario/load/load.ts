/**
 * The load of a scenario: which sessions come, and when. Closed loads keep a number of callers busy (`streams`), open
 * loads start sessions at planned times whatever the server does (`rate`, sessions a second). Plain data: it is sent to
 * workers and written into results. Times are milliseconds; those of a ramp, step, spike or stage count from the start of
 * the steady window, before which the first level is held, as the last is after its end.
 */

/** How the chunk clocks of the callers stand to each other. */
export type ChunkPhase = "aligned" | "spread" | "random";

/** How the starts of an open load are spaced: evenly, or as independent callers ring (exponential gaps). */
export type Spacing = "even" | "poisson";

/** Of loads that keep callers busy: each caller's next session follows its last. */
export interface ClosedOptions {
  /** Callers come in evenly over this long: the first ones in the warm-up, those that a later step adds in that step. */
  readonly rampInMs: number;
  /** Pause of a caller between two sessions; with `thinkDistribution` its mean. */
  readonly thinkMs: number;
  readonly thinkDistribution?: "exponential";
  /** After so many sessions another caller takes the place: another order of clips, another random phase. */
  readonly sessionsPerCaller?: number;
  /** A caller's next session follows when its audio has been sent, not when it has been answered. */
  readonly next?: "after-sending";
}

/** Of loads that start sessions by the clock. */
export interface OpenOptions {
  /** Most sessions open at once; what finds no place at its time is dropped and counted. */
  readonly maxOpen: number | "auto";
}

/** `streams` callers at once, each followed by the next. */
export interface ConcurrencyLoad extends ClosedOptions {
  readonly model: "concurrency";
  readonly streams: number;
  /** Each caller does exactly so many sessions and the run ends with the last of them. */
  readonly iterations?: number;
}

/** The same without the pace of a microphone: audio goes as fast as the server takes it. */
export interface OfflineLoad extends ClosedOptions {
  readonly model: "offline";
  readonly streams: number;
  readonly iterations?: number;
}

/** `rate` sessions a second, evenly or at random. */
export interface RateLoad extends OpenOptions {
  readonly model: "constant" | "poisson";
  readonly rate: number;
}

/** What a level is of: callers, or sessions a second with their spacing. */
type Leveled<T> =
  | ({ readonly streams: T } & ClosedOptions)
  | ({ readonly rate: T; readonly arrivals: Spacing } & OpenOptions);

/** One level for a long time. */
export type SoakLoad = { readonly model: "soak" } & Leveled<number>;

/** From one level to another, evenly. */
export type RampLoad = { readonly model: "ramp"; readonly overMs: number } & Leveled<Range>;

/** One level, for a while another, then the first again. Stages `before`, `spike`, `after`. */
export type SpikeLoad = { readonly model: "spike"; readonly atMs: number; readonly forMs: number } & Leveled<{
  readonly base: number;
  readonly peak: number;
}>;

export interface Range {
  readonly from: number;
  readonly to: number;
}

/** One level after the other, each a stage of the result. */
export type StepsLoad = { readonly model: "steps"; readonly settleMs: number } & (
  | ({ readonly steps: readonly (StepPart & { readonly streams: number })[] } & ClosedOptions)
  | ({
      readonly steps: readonly (StepPart & { readonly rate: number })[];
      readonly arrivals: Spacing;
    } & OpenOptions)
);

interface StepPart {
  readonly name: string;
  readonly forMs: number;
}

export type StageLevel =
  | { readonly model: "concurrency"; readonly streams: number }
  | { readonly model: "constant" | "poisson"; readonly rate: number }
  | { readonly model: "ramp"; readonly streams: Range }
  | { readonly model: "ramp"; readonly rate: Range };

/** One part of a run with its own level, spacing and chunk phase. */
export type StageLoad = StepPart & { readonly phase?: ChunkPhase } & StageLevel;

/** Different loads one after the other, all closed or all open. */
export type StagesLoad = {
  readonly model: "stages";
  /** Sessions planned so soon after a change of stage count for the run, not for the stage. */
  readonly settleMs: number;
  readonly stages: readonly StageLoad[];
} & (ClosedOptions | OpenOptions);

/** Starts that were recorded elsewhere; times count from the start of the run. */
export interface TraceLoad extends OpenOptions {
  readonly model: "trace";
  /** Absolute path. */
  readonly file: string;
}

export type Load =
  | ConcurrencyLoad
  | OfflineLoad
  | RateLoad
  | SoakLoad
  | RampLoad
  | SpikeLoad
  | StepsLoad
  | StagesLoad
  | TraceLoad;

export type ClosedLoad = Extract<Load, ClosedOptions>;

/** True for loads of callers, false for loads that start sessions by the clock. */
export function isClosed(load: Load): load is ClosedLoad {
  return "thinkMs" in load;
}

/** How many sessions each caller does, where the load says so. */
export function iterationsOf(load: Load): number | undefined {
  return load.model === "concurrency" || load.model === "offline" ? load.iterations : undefined;
}

/**
 * True for a load that is the same from the ramp-in to an end that the clock sets. Only then is a trend the server's doing,
 * and only then can the window be made longer without being another load.
 */
export function isLevel(load: Load): boolean {
  const levels: readonly Load["model"][] = ["concurrency", "offline", "constant", "poisson", "soak"];
  return levels.includes(load.model) && iterationsOf(load) === undefined;
}

/** True when sessions come as independent callers ring: how many are open then wanders by itself. */
export function comesAtRandom(load: Load): boolean {
  return load.model === "poisson" || ("arrivals" in load && load.arrivals === "poisson");
}

/** The load in a few words, for lists. */
export function loadInWords(load: Load): string {
  switch (load.model) {
    case "concurrency":
      return `${load.streams} at once`;
    case "offline":
      return `${load.streams} at once, unpaced`;
    case "constant":
      return `${load.rate} sessions a second`;
    case "poisson":
      return `${load.rate} sessions a second, at random`;
    case "soak":
      return "streams" in load ? `${load.streams} at once` : `${load.rate} sessions a second`;
    case "ramp":
      return rampInWords(load);
    case "spike": {
      const { base, peak } = "streams" in load ? load.streams : load.rate;
      return `${base}, for a while ${peak} ${unitOf(load)}`;
    }
    case "steps":
      return `${load.steps.map((step) => ("streams" in step ? step.streams : step.rate)).join(", ")} ${
        isClosed(load) ? "at once" : "sessions a second"
      }`;
    case "stages":
      return load.stages.map(({ name }) => name).join(", then ");
    case "trace":
      return `starts of ${load.file}`;
  }
}

function rampInWords(load: RampLoad): string {
  const { from, to } = "streams" in load ? load.streams : load.rate;
  return `${from} to ${to} ${unitOf(load)}`;
}

function unitOf(load: RampLoad | SpikeLoad): string {
  return "streams" in load ? "at once" : "sessions a second";
}
