import { describe, expect, it } from "vitest";
import { emptyCounts } from "../observation/counts.ts";
import { judgeValidity, type ValidityInput } from "./validity.ts";

const DROPPED = { ...emptyCounts(), scheduled: 1000, started: 980, completed: 980, dropped: 20 };

const CLEAN_BUT_SILENT: ValidityInput = {
  chunkMs: 100,
  sessions: { ...emptyCounts(), scheduled: 1000, started: 1000, completed: 1000 },
  stalls: [],
  fromMs: 10_000,
  toMs: 75_000,
  concurrency: { planned: 50, mean: 49.9, lostToServer: 0 },
  lostWorkers: 0,
  lostShare: 0,
  interrupted: false,
};
const CLEAN: ValidityInput = { ...CLEAN_BUT_SILENT, latenessP99Ms: 1 };

function spoiled(count: number): ValidityInput["sessions"] {
  const failures = [{ phase: "streaming", class: "generator-late", origin: "generator", count } as const];
  return { ...CLEAN.sessions, completed: 1000 - count, failed: count, failures: [...failures] };
}

function stall(gapMs: number, atMs: number): Partial<ValidityInput> {
  return { stalls: [{ process: "coordinator", gapMs, atMs }] };
}

describe("judgeValidity", () => {
  it("believes a clean run", () => {
    const { status, checks } = judgeValidity(CLEAN);
    expect(status).toBe("valid");
    expect(checks.every((check) => check.verdict === "pass" && check.advice === undefined)).toBe(true);
  });

  it.each<[string, Partial<ValidityInput>, "valid" | "degraded" | "void", string]>([
    ["late audio", { latenessP99Ms: 10.1 }, "void", "send_lateness_p99"],
    ["half late", { latenessP99Ms: 5.1 }, "degraded", "send_lateness_p99"],
    ["on the half", { latenessP99Ms: 5 }, "valid", "send_lateness_p99"],
    ["small chunks: 5 ms", { chunkMs: 20, latenessP99Ms: 5.1 }, "void", "send_lateness_p99"],
    ["11 of 1000 spoiled", { sessions: spoiled(11) }, "void", "generator_failures"],
    ["6 of 1000 spoiled", { sessions: spoiled(6) }, "degraded", "generator_failures"],
    ["5 of 1000 spoiled", { sessions: spoiled(5) }, "valid", "generator_failures"],
    ["clocks known to a tenth of a chunk", { clockUncertaintyMs: 10 }, "valid", "worker_clocks"],
    ["clocks known to more than that", { clockUncertaintyMs: 10.1 }, "degraded", "worker_clocks"],
    ["clocks known to half a chunk", { clockUncertaintyMs: 50 }, "degraded", "worker_clocks"],
    ["clocks known to no more", { clockUncertaintyMs: 50.1 }, "void", "worker_clocks"],
    ["a long stall", stall(500, 20_000), "void", "stalls"],
    ["a short stall", stall(100, 20_000), "degraded", "stalls"],
    ["a hiccup", stall(99, 20_000), "valid", "stalls"],
    ["a stall that ends in the window", stall(600, 10_100), "void", "stalls"],
    ["a stall before the window", stall(900, 9_999), "valid", "stalls"],
    ["a stall after the last session", stall(900, 75_901), "valid", "stalls"],
    ["a stall that begins before the last end", stall(900, 75_899), "void", "stalls"],
    [
      "3 % too few open",
      { concurrency: { planned: 50, mean: 48.5, lostToServer: 0 } },
      "void",
      "concurrency_off_plan",
    ],
    [
      "1.5 % too few open",
      { concurrency: { planned: 50, mean: 49.25, lostToServer: 0 } },
      "degraded",
      "concurrency_off_plan",
    ],
    [
      "lost to the server",
      { concurrency: { planned: 50, mean: 40, lostToServer: 9.9 } },
      "valid",
      "concurrency_off_plan",
    ],
    ["late starts", { lateStarts: 11 }, "void", "missed_starts"],
    ["few late starts", { lateStarts: 5 }, "valid", "missed_starts"],
    ["drops for want of room", { lateStarts: 0, sessions: DROPPED }, "void", "missed_starts"],
    [
      "drops in spite of room",
      { lateStarts: 0, sessions: DROPPED, roomForAll: true },
      "valid",
      "missed_starts",
    ],
    ["a small worker lost", { lostWorkers: 1, lostShare: 0.01 }, "degraded", "lost_workers"],
    ["a worker lost", { lostWorkers: 1, lostShare: 0.06 }, "void", "lost_workers"],
    ["interrupted", { interrupted: true }, "degraded", "interrupted"],
    ["no session", { sessions: emptyCounts() }, "void", "sessions_in_window"],
  ])("%s: %s", (_name, change, status, check) => {
    const validity = judgeValidity({ ...CLEAN, ...change });
    expect(validity.status).toBe(status);
    const verdict = { valid: "pass", degraded: "inconclusive", void: "fail" }[status];
    const found = validity.checks.find(({ name }) => name === check);
    expect(found?.verdict).toBe(verdict);
    expect(found?.advice === undefined).toBe(status === "valid");
  });

  it("names the process that stood still", () => {
    const advice = judgeValidity({ ...CLEAN, ...stall(1234.5, 20_000) }).checks.find(
      (c) => c.name === "stalls",
    )?.advice;
    expect(advice).toContain("the coordinator stood still for 1235 ms at 20.0 s");
  });

  it("has nothing against a generator that could send nothing, and says that its pace was not tested", () => {
    const { status, checks } = judgeValidity(CLEAN_BUT_SILENT);
    expect(status).toBe("valid");
    expect(checks.find(({ name }) => name === "send_lateness_p99")?.advice).toBe(
      "not tested: no audio was sent in the window",
    );
  });

  it("says first that a run was killed, and not also that it was interrupted", () => {
    const killed = { atMs: 12_340, inFlight: 3 };
    const { status, checks } = judgeValidity({ ...CLEAN, interrupted: true, killed });
    expect(status).toBe("void");
    expect(checks[0]?.name).toBe("complete");
    expect(checks[0]?.advice).toContain("the run was killed at 12.3 s with 3 session(s) under way");
    expect(checks.map(({ name }) => name)).not.toContain("interrupted");
  });
});
