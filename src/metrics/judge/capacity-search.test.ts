import { describe, expect, test } from "vitest";
import type { Random } from "../../base/random.ts";
import { randomStream } from "../../base/random.ts";
import type { Probe } from "./capacity.ts";
import { levelsOf, nonMonotone, probeVerdict } from "./capacity.ts";
import type { Search, SearchOptions } from "./capacity-search.ts";
import { searchCapacity } from "./capacity-search.ts";

const ALLOWED = 0.05;

/** A server as a share of bad sessions by number of streams, sampled like a run of it. */
function simulated(badShare: (streams: number) => number, random: Random): SearchOptions["probe"] {
  return (streams, kind) => {
    const sessions = Math.max(2, Math.round(streams * (kind === "short" ? 1 : 2)));
    const share = badShare(streams);
    let bad = 0;
    for (let i = 0; i < sessions; i++) if (random() < share) bad++;
    const good = sessions - bad;
    const verdict = probeVerdict(sessions, good, ALLOWED, { broken: false, open: false });
    return Promise.resolve({
      ...{ streams, kind, verdict, sessions, good, run: "", figures: {} },
      ...(verdict === "fail" ? { broke: "final p95 < 1s" } : {}),
      seconds: kind === "short" ? 30 : 45,
    });
  };
}

/** Good up to the capacity, then more and more of its sessions are late. */
function planted(capacity: number): (streams: number) => number {
  return (streams) =>
    streams <= capacity ? 0.002 : Math.min(1, 0.002 + (12 * (streams - capacity)) / capacity);
}

function search(probe: SearchOptions["probe"], options: Partial<SearchOptions> = {}): Promise<Search> {
  return searchCapacity({
    ...{ max: 400, allowed: ALLOWED, budgetSeconds: 600, precision: 1.25, replicates: 2, seed: 1, probe },
    ...options,
  });
}

describe.each([37, 83, 131, 190, 307])("a planted capacity of %s", (capacity) => {
  test("is inside an interval at most half of it wide, within the budget, nearly always", async () => {
    let missed = 0;
    for (let seed = 0; seed < 40; seed++) {
      const { interval, usedSeconds } = await search(
        simulated(planted(capacity), randomStream(seed, "sim")),
        { seed },
      );
      const [pass, fail = Infinity] = interval;
      expect(usedSeconds).toBeLessThanOrEqual(600);
      if (!(pass <= capacity && capacity < fail && fail - pass <= capacity / 2)) missed++;
    }
    expect(missed).toBeLessThanOrEqual(2);
  });
});

test("both ends are probed again, long, before they are called confirmed", async () => {
  const found = await search(simulated(planted(83), randomStream(3, "sim")), { budgetSeconds: 3600 });
  expect(found.ended).toBe("both ends are confirmed");
  for (const level of levelsOf(found.probes, ALLOWED)) {
    if (found.interval.includes(level.streams)) {
      expect(level.replicates).toBeGreaterThanOrEqual(2);
      expect(level.certified).toBe(true);
    }
  }
});

test("a server that gets worse and better again is said to, and the lower of its capacities is the answer", async () => {
  const dip = (streams: number): number => (streams >= 38 && streams <= 55 ? 0.6 : planted(120)(streams));
  const found = await search(simulated(dip, randomStream(1, "dip")), { budgetSeconds: 1200 });
  const levels = levelsOf(found.probes, ALLOWED);
  expect(nonMonotone(levels).length).toBeGreaterThan(0);
  expect(found.interval[0]).toBeLessThan(38);
  expect(found.interval[1]).toBeLessThanOrEqual(55);
});

test("a monotone one is not", async () => {
  for (let seed = 0; seed < 40; seed++) {
    const found = await search(simulated(planted(83), randomStream(seed, "mono")), { seed });
    expect(nonMonotone(levelsOf(found.probes, ALLOWED))).toEqual([]);
  }
});

test("a server that carries the maximum has no upper end", async () => {
  const { interval, ended } = await search(
    simulated(() => 0, randomStream(1, "all")),
    { max: 100 },
  );
  expect(interval).toEqual([100, undefined]);
  expect(ended).toMatch(/the maximum asked for/);
});

test("a server that can't carry one has none below", async () => {
  const { interval } = await search(simulated(() => 1, randomStream(1, "none")));
  expect(interval).toEqual([0, 1]);
});

test("a generator that breaks at a level is never blamed on the server", async () => {
  const fine = simulated(() => 0, randomStream(1, "void"));
  const probe: SearchOptions["probe"] = async (streams, kind) => {
    const made = await fine(streams, kind);
    return streams > 70 ? { ...made, verdict: "void" } : made;
  };
  const { interval, ended } = await search(probe);
  expect(interval).toEqual([64, undefined]);
  expect(ended).toMatch(/generator can't show more|too busy/);
});

test("a small budget ends with what is known", async () => {
  const { interval, usedSeconds, ended } = await search(simulated(planted(83), randomStream(2, "small")), {
    budgetSeconds: 200,
  });
  expect(usedSeconds).toBeLessThanOrEqual(200);
  expect(interval[0]).toBeLessThanOrEqual(83);
  expect(ended).toMatch(/budget|maximum/);
});

test("the same probes lead the same way: a search can be gone on with", async () => {
  const first = await search(simulated(planted(131), randomStream(5, "again")));
  const stored = [...first.probes];
  const again = await search(() => Promise.resolve(stored.shift() as Probe));
  expect(again).toEqual(first);
});
