import { describe, expect, it } from "vitest";
import { BenchError } from "../../base/errors.ts";
import { parseFaults } from "./fault-spec.ts";

describe("parseFaults", () => {
  it("reads rules, parameters and the seed, with defaults for the rest", () => {
    const { faults, seed } = parseFaults(
      " error : rate = 2% , status=UNAVAILABLE,after=1.5s ;latency:add=300ms,rate=.05,from=10s,until=20s; seed = 7;reject:above=20; crash:from=3s,restart=500ms",
    );
    expect(seed).toBe(7);
    expect(faults).toEqual([
      expect.objectContaining({ kind: "error", rate: 0.02, status: "UNAVAILABLE", afterMs: 1500 }),
      expect.objectContaining({ kind: "latency", lastsMs: 300, rate: 0.05, fromMs: 10_000, untilMs: 20_000 }),
      expect.objectContaining({ kind: "reject", rate: 1, status: "UNAVAILABLE", above: 20, afterMs: 0 }),
      expect.objectContaining({ kind: "crash", fromMs: 3000, untilMs: Infinity, restartMs: 500 }),
    ]);
  });

  it.each(["", "  "])("orders nothing with %o", (text) => {
    expect(parseFaults(text)).toEqual({ text: "", faults: [], seed: 1 });
  });

  it("says nothing of a restart that was not ordered", () => {
    expect(parseFaults("crash").faults[0]!.restartMs).toBeUndefined();
  });

  it.each([
    ["eror:rate=1%", 'character 1: there is no fault "eror"', 'Did you mean "error"?'],
    ["stall:for=1s; frobnicate", 'character 15: there is no fault "frobnicate"', "Faults: error, reject"],
    ["reset:rate=1%,add=1s", 'character 15: "reset" takes no "add"', "It takes rate, after, from, until."],
    ["reset: rate=1%, rate=2%", 'character 17: "rate" is given twice', undefined],
    ["reset:rate=101%", 'character 12: "rate" must be a share', undefined],
    ["reset:rate=2", 'character 12: "rate" must be a share', undefined],
    ["reset:rate", 'character 7: "rate" must be a share', undefined],
    ["stall:for=-2s", 'character 11: "for" must be a duration, such as', undefined],
    ["error:status=EXHAUSTED", 'character 14: "status" must be a gRPC status', undefined],
    ["reject:above=-1", 'character 14: "above" must be a whole number', undefined],
    ["latency:rate=1%", 'character 1: "latency" needs "add"', "For example latency:add=2s"],
    ["unready:from=2s,until=1s", 'character 1: "until" must be later than "from"', undefined],
    ["latency:add=1s,above=5,below=5", 'character 1: "below" must be greater', undefined],
    ["reset;;stall:for=1s", "character 7: a fault is missing", "Faults: error"],
  ])("refuses %o", (text, message, hint) => {
    let thrown: unknown;
    try {
      parseFaults(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(BenchError);
    expect(thrown).toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message) as string,
      hint: hint === undefined ? undefined : (expect.stringContaining(hint) as string),
    });
  });
});
