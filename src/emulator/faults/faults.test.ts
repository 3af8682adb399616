import { describe, expect, it } from "vitest";
import { parseFaults } from "./fault-spec.ts";
import type { CallFaults } from "./faults.ts";
import { Faults } from "./faults.ts";

const T0 = 5000;

function lots(spec: string, calls: number, at = T0): (CallFaults | undefined)[] {
  const faults = new Faults(parseFaults(spec), T0);
  return Array.from({ length: calls }, () => faults.forCall(at, 0));
}

const share = (list: readonly unknown[], struck: (index: number) => boolean): number =>
  list.filter((_, i) => struck(i)).length / list.length;

describe("which streams are struck", () => {
  it("none, without faults", () => {
    expect(new Faults(parseFaults(""), T0).forCall(T0, 0)).toBeUndefined();
  });

  it("the ordered share, the same with the same seed, others with another", () => {
    const ends = (spec: string): boolean[] => lots(spec, 4000).map((lot) => lot?.end !== undefined);
    const first = ends("reset:rate=10%; seed=3");
    expect(share(first, (i) => first[i]!)).toBeGreaterThan(0.08);
    expect(share(first, (i) => first[i]!)).toBeLessThan(0.12);
    expect(ends("reset:rate=10%; seed=3")).toEqual(first);
    expect(ends("reset:rate=10%; seed=4")).not.toEqual(first);
    // A second rule draws numbers of its own.
    expect(ends("reset:rate=10%; drop-final:rate=50%; seed=3")).toEqual(first);
  });

  it("only between from and until", () => {
    const refused = (at: number): boolean =>
      lots("reject:from=1s,until=2s", 1, T0 + at)[0]?.refusal !== undefined;
    expect([0, 999, 1000, 1999, 2000].map(refused)).toEqual([false, false, true, true, false]);
  });

  it("with above, only while so many others are open", () => {
    const faults = new Faults(parseFaults("reject:above=20,status=RESOURCE_EXHAUSTED"), T0);
    expect(faults.forCall(T0, 19)?.refusal).toBeUndefined();
    expect(faults.forCall(T0, 20)?.refusal).toMatchObject({ code: "RESOURCE_EXHAUSTED" });
  });

  it("of several ends by the first to come", () => {
    const [lot] = lots("error:after=2s; reset:after=1s; disconnect:after=3s", 1);
    expect(lot?.end).toMatchObject({ how: "reset", afterMs: 1000 });
  });

  it("with the texts of real servers", () => {
    const text = (status: string): string | undefined =>
      lots(`error:status=${status}`, 1)[0]?.end?.rejection.message;
    expect(text("UNKNOWN")).toBe("TRTIS response timeout");
    expect(text("INTERNAL")).toBe("Internal error while making inference request");
    expect(text("DATA_LOSS")).toBe("injected fault: DATA_LOSS");
  });
});

describe("when replies leave", () => {
  it("a stalled stream answers nothing for a time, then all at once", () => {
    const [lot] = lots("stall:for=2s,after=1s", 1);
    const delayed = [500, 1000, 1500, 2999, 3000, 3500].map((ms) => lot!.delayed(T0 + ms, 0) - T0);
    expect(delayed).toEqual([500, 3000, 3000, 3000, 3000, 3500]);
  });

  it("a frozen server answers none of its streams", () => {
    const [one, other] = lots("freeze:for=1s,from=2s", 2);
    for (const lot of [one, other]) {
      expect([1999, 2000, 2999, 3000].map((ms) => lot!.delayed(T0 + ms, 0) - T0)).toEqual([
        1999, 3000, 3000, 3000,
      ]);
    }
  });

  it("a late reply holds up those behind it, and no longer than that", () => {
    const [lot] = lots("latency:add=500ms,until=1s", 1);
    expect([900, 1100, 1399, 1400].map((ms) => lot!.delayed(T0 + ms, 0) - T0)).toEqual([
      1400, 1400, 1400, 1400,
    ]);
    expect(lot!.delayed(T0 + 1500, 0) - T0).toBe(1500);
  });

  it("with above and below, late only while so many others are open", () => {
    const [lot] = lots("latency:add=500ms,above=20,below=30", 1);
    const lateBy = (others: number, at: number): number => lot!.delayed(at, others) - at;
    expect([19, 20, 29, 30].map((others, i) => lateBy(others, T0 + 1000 * i))).toEqual([0, 500, 500, 0]);
  });

  it("the ordered share of replies is late, and counted", () => {
    const faults = new Faults(parseFaults("latency:add=1ms,rate=20%"), T0);
    const lot = faults.forCall(T0, 0)!;
    const late = Array.from({ length: 2000 }, (_, i) => lot.delayed(T0 + 10 * i, 0) > T0 + 10 * i);
    const ratio = share(late, (i) => late[i]!);
    expect(ratio).toBeGreaterThan(0.17);
    expect(ratio).toBeLessThan(0.23);
    expect(faults.struck.latency).toBe(Math.round(ratio * 2000));
  });
});
