/**
 * How far the clock of the coordinator is from this machine's: asked over and over, the quickest answer counts. The
 * answer was given at some moment between question and answer, so half of that time is the uncertainty.
 */
import { BenchError } from "../../base/errors.ts";
import type { Clock } from "../../base/clock.ts";

export interface ClockReading {
  /** The coordinator's monotonic clock less this machine's, milliseconds. */
  offsetMs: number;
  /** The offset is off by this much at most, milliseconds. */
  uncertaintyMs: number;
  /** This machine's wall clock less the coordinator's, milliseconds: for people, nothing is timed by it. */
  wallOffsetMs: number;
}

/** The coordinator's answer. */
export interface ClockAnswer {
  machineMs: number;
  wallMs: number;
}

/** The answer on `bench.<run>.clock`. */
export function clockAnswer(clock: Clock): string {
  return JSON.stringify({ machineMs: clock.machineMs(), wallMs: clock.wallMs() } satisfies ClockAnswer);
}

/** Undefined for what no coordinator says. */
function answerIn(text: string): ClockAnswer | undefined {
  try {
    const { machineMs, wallMs } = JSON.parse(text) as ClockAnswer;
    return Number.isFinite(machineMs) && Number.isFinite(wallMs) ? { machineMs, wallMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Questions for one reading. */
const QUESTIONS = 15;
const ANSWER_LIMIT_MS = 1000;

/**
 * Asks up to fifteen times, for `limitMs` at most; the last answer may come later by a second.
 * @param ask resolves with what `clockAnswer` gave
 * @throws BenchError when no answer came
 */
export async function readClockOffset(
  ask: (limitMs: number) => Promise<string>,
  clock: Clock,
  limitMs: number,
): Promise<ClockReading> {
  let best: ClockReading | undefined;
  const endMs = clock.nowMs() + limitMs;
  for (let asked = 0; asked < QUESTIONS && (asked === 0 || clock.nowMs() < endMs); asked++) {
    const sentMs = clock.machineMs();
    const text = await ask(ANSWER_LIMIT_MS).catch(() => undefined);
    const uncertaintyMs = (clock.machineMs() - sentMs) / 2;
    if (text === undefined || (best !== undefined && best.uncertaintyMs <= uncertaintyMs)) continue;
    const answer = answerIn(text);
    if (answer === undefined) continue;
    best = {
      offsetMs: answer.machineMs - (sentMs + uncertaintyMs),
      uncertaintyMs,
      wallOffsetMs: clock.wallMs() - uncertaintyMs - answer.wallMs,
    };
  }
  if (best === undefined)
    throw new BenchError("the run's coordinator did not answer when it was asked for the time");
  return best;
}
