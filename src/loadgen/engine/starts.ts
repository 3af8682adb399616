/** When sessions start: the one part in which closed and open loads differ. The engine owns all the rest. */
import type { Observation, RunPhase } from "../../metrics/observation/observation.ts";
import type { ClipSupply } from "../audio/clip-supply.ts";
import type { Share } from "../plan/share.ts";
import type { SessionStart } from "./session.ts";
import type { SessionsOptions } from "./open-sessions.ts";

/** What starts are planned from, besides the plan. */
export interface StartsOptions extends SessionsOptions {
  share: Share;
  /** By their index in the plan's clip list. */
  clips: Pick<ClipSupply, "take">;
}

/** Plans the starts of one share and asks the engine to begin sessions. Times are milliseconds since the start of the run. */
export interface Starts {
  /** Schedules the first starts; called once, at T0 or before. */
  start(): void;
  /** True while a start inside the window is still to come. */
  hasSteadyToCome(): boolean;
  /** Drops the starts to come. */
  cancel(): void;
  /** True when no session will be started any more. */
  isExhausted(): boolean;
  /** The window became longer: starts to come may now be inside it. */
  windowGrew(): void;
  /** Time in the window that callers spent pausing after a session failed before its audio began. */
  pausedSlotMs(): number;
}

/** What the engine offers those who plan the starts. */
export interface EngineView {
  /** Begins a session now. `onEnd` is called once, as it ends; `onSent` when its audio has been sent. */
  begin(
    start: SessionStart,
    onEnd: (observation: Observation) => void,
    onSent?: (atMs: number) => void,
  ): void;
  /** The phase of a session by its scheduled start, with the window as long as it is now. */
  phaseOf(scheduledMs: number): RunPhase;
  /** As planned, later when it was extended, earlier when the run was stopped. */
  windowEndMs(): number;
  /** No session may start any more. */
  isStopping(): boolean;
  /** Every session of the window has ended, in every worker: what starts now is of no use to anyone. */
  isWindowDone(): boolean;
  /** To be called when a start to come was dropped or reached: the run may be over. True when no session may start any more. */
  settle(): boolean;
}
