/**
 * The search for a capacity: which level to probe next, and when to stop. Knows nothing of runs: probes are made by whoever
 * calls it, and time is what the probes say they took, so that a search whose probes are stored goes the same way again.
 *
 *     baseline at 1 - doubling until one fails - narrowing - a look below for dips - confirmation of both ends
 */
import { randomStream, shuffled } from "../../base/random.ts";
import type { Probe } from "./capacity.ts";
import { intervalOf, levelsOf, nextLevel } from "./capacity.ts";

export interface SearchOptions {
  /** No level above: the planned maximum, or what the generator itself can carry. */
  max: number;
  /** Share of sessions that may miss an SLO. */
  allowed: number;
  /** The search ends before it would take longer. */
  budgetSeconds: number;
  /** The bracket is narrow enough when fail / pass is at or below this. */
  precision: number;
  /** A confirmed end has so many long probes. */
  replicates: number;
  seed: number;
  probe(streams: number, kind: Probe["kind"]): Promise<Probe>;
}

export interface Search {
  probes: readonly Probe[];
  /** [largest confirmed pass, smallest confirmed fail], as far as the budget went. */
  interval: [pass: number, fail: number | undefined];
  usedSeconds: number;
  /** Why it ended, in words. */
  ended: string;
}

/** A bracket with fail / pass above this is narrowed before anything is confirmed. */
const WIDE = 1.45;
/** First level after the baseline. */
const FIRST = 8;

export async function searchCapacity(options: SearchOptions): Promise<Search> {
  const { max, allowed, budgetSeconds, precision, replicates } = options;
  const probes: Probe[] = [];
  const cost = { short: 0, long: 0 };
  let used = 0;
  let voids = 0;
  /** Levels that the generator could not make. */
  let limit = max;

  async function probe(streams: number, kind: Probe["kind"]): Promise<Probe> {
    const made = await options.probe(streams, kind);
    probes.push(made);
    used += made.seconds;
    cost[kind] = Math.max(cost[kind], made.seconds);
    if (kind === "short") cost.long = Math.max(cost.long, 1.5 * made.seconds);
    if (made.verdict === "void") {
      voids++;
      const again = probes.filter((one) => one.streams === streams && one.verdict === "void").length;
      if (again >= 2) limit = Math.min(limit, streams - 1);
    }
    return made;
  }
  const levels = (): ReturnType<typeof levelsOf> => levelsOf(probes, allowed);
  const interval = (): ReturnType<typeof intervalOf> => intervalOf(levels());
  /** Room for another probe, with `reserve` seconds left for what must come after it. */
  const room = (kind: Probe["kind"], reserve = 0): boolean => used + cost[kind] + reserve <= budgetSeconds;
  const gaveUp = (): boolean => voids >= 6;
  /** One confirmation of each end. */
  const confirmation = (): number => 2 * cost.long;
  const end = (ended: string): Search => ({ probes, interval: interval(), usedSeconds: used, ended });

  async function bracket(): Promise<void> {
    for (let next = 1; ; next = next === 1 ? FIRST : next * 2) {
      const streams = Math.min(next, limit);
      let made = await probe(streams, "short");
      if (made.verdict === "void" && room("short")) made = await probe(streams, "short");
      const [pass, fail] = interval();
      if (fail !== undefined || pass >= limit || gaveUp() || !room("short")) return;
    }
  }

  async function narrow(): Promise<void> {
    for (;;) {
      const [pass, fail] = interval();
      if (fail === undefined || fail / Math.max(1, pass) <= precision || gaveUp()) return;
      const streams = nextLevel(levels(), allowed, pass, fail);
      // Confirming the ends of a wide bracket would leave nothing to narrow it with.
      const reserve = fail / Math.max(1, pass) > WIDE ? 0 : confirmation();
      if (streams === undefined || !room("short", reserve)) return;
      await probe(streams, "short");
    }
  }

  /** A batch shape may make a lower level worse: the widest gap below the pass is looked into, as often as there is time. */
  async function lookBelow(): Promise<void> {
    for (let looks = 0; looks < 2 && room("short", confirmation()); looks++) {
      const [pass] = interval();
      const known = levels()
        .map(({ streams }) => streams)
        .filter((streams) => streams >= FIRST && streams <= pass);
      let widest: [from: number, to: number] | undefined;
      for (const [index, to] of known.entries()) {
        const from = known[index - 1];
        if (from === undefined || to / from <= 1.3) continue;
        // Of gaps about as wide the upper one: nearer to what will be claimed.
        if (widest === undefined || to / from >= 0.9 * (widest[1] / widest[0])) widest = [from, to];
      }
      if (widest === undefined) return;
      await probe(Math.round(Math.sqrt(widest[0] * widest[1])), "short");
    }
  }

  /** Both ends again, in an order drawn each time: going up and coming down. What doesn't hold is narrowed again. */
  async function confirm(): Promise<void> {
    const random = randomStream(options.seed, "capacity confirmation");
    for (let round = 0; round < 12 && !gaveUp(); round++) {
      const [pass, fail] = interval();
      const wanting = levels().filter(
        ({ streams, replicates: have, certified }) =>
          (streams === pass || streams === fail) && (have < replicates || !certified),
      );
      const open = wanting.filter(({ replicates: have }) => have < replicates + 2);
      if (open.length === 0) return;
      const fewest = Math.min(...open.map(({ replicates: have }) => have));
      for (const { streams } of shuffled(
        open.filter(({ replicates: have }) => have === fewest),
        random,
      )) {
        if (!room("long")) return;
        await probe(streams, "long");
      }
      const [nowPass, nowFail] = interval();
      if (nowPass !== pass || nowFail !== fail) await narrow();
    }
  }

  await bracket();
  if (gaveUp()) return end("too many probes were void: this machine is too busy to make the load");
  await narrow();
  await lookBelow();
  await narrow();
  await confirm();
  const [pass, fail] = interval();
  if (gaveUp()) return end("too many probes were void: this machine is too busy to make the load");
  if (fail === undefined) {
    const why =
      limit < max
        ? "the generator can't show more"
        : pass >= max
          ? "the maximum asked for"
          : "the budget ended";
    return end(
      `no level failed up to ${Math.max(pass, ...probes.map(({ streams }) => streams))} streams: ${why}`,
    );
  }
  const confirmed = levels().filter(({ streams }) => streams === pass || streams === fail);
  const whole = confirmed.every(({ replicates: have, certified }) => have >= replicates && certified);
  return end(whole ? "both ends are confirmed" : "the budget ended");
}
