import { describe, expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { Timetable } from "./timetable.ts";

describe("Timetable", () => {
  it("runs things in order of time, those due together in the order they came", () => {
    const clock = new VirtualClock();
    const timetable = new Timetable(clock, { exact: false });
    const ran: string[] = [];
    timetable.add(20, () => ran.push("c"));
    timetable.add(10, () => ran.push("a"));
    timetable.add(10, () => ran.push("b"));
    timetable.add(30, () => ran.push("d"));
    clock.advanceTo(9);
    expect(ran).toEqual([]);
    clock.advanceTo(25);
    expect(ran).toEqual(["a", "b", "c"]);
  });

  it("runs what is added by what it runs", () => {
    const clock = new VirtualClock();
    const timetable = new Timetable(clock, { exact: false });
    const ranAtMs: number[] = [];
    timetable.add(10, () => timetable.add(15, () => ranAtMs.push(clock.nowMs())));
    clock.advanceTo(100);
    expect(ranAtMs).toEqual([14.5]); // half a millisecond early: what a real timer is late by on average
  });

  it("runs what a stalled process missed, all at once", () => {
    const clock = new VirtualClock();
    const timetable = new Timetable(clock, { exact: false });
    const ran: number[] = [];
    for (const ms of [10, 20, 30]) timetable.add(ms, () => ran.push(ms));
    clock.stall(25);
    clock.advanceTo(25);
    expect(ran).toEqual([10, 20]);
  });

  it("forgets", () => {
    const clock = new VirtualClock();
    const timetable = new Timetable(clock, { exact: false });
    timetable.add(10, () => expect.unreachable());
    timetable.clear();
    clock.advanceTo(100);
  });
});
