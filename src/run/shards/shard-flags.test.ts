import { describe, expect, it } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import { shardInput } from "./shard-flags.ts";

const NOW_MS = Date.parse("2027-03-14T09:26:53.500Z");
const startAt = "2027-03-14T09:30:00Z";

describe("--shard and --start-at", () => {
  it.each([
    ["1/1", { index: 0, of: 1 }],
    ["3/8", { index: 2, of: 8 }],
    ["256/256", { index: 255, of: 256 }],
  ])("%s is a part of the plan", (shard, part) => {
    expect(shardInput({ shard, startAt }, NOW_MS)).toEqual({
      part,
      startAtEpochMs: Date.parse(startAt),
    });
  });

  it.each(["0/4", "5/4", "4", "1/0", "-1/4", "1/257", "1.5/4", "a/b", "1/4/2", ""])("%s is none", (shard) => {
    expect(thrownBy(() => shardInput({ shard, startAt }, NOW_MS))).toMatchObject({
      ...{ exitCode: 2, hint: "The third of eight machines gets --shard 3/8." },
    });
  });

  it.each([
    ["2027-03-14T09:30:00Z", 186.5],
    ["2027-03-14T09:26:54.25Z", 0.75],
    ["2027-03-14t10:30:00+01:00", 186.5],
    ["2027-03-14 04:30:00-05:00", 186.5],
    ["2027-03-15T09:26:53Z", 86_399.5],
  ])("%s is a time", (text, inS) => {
    expect(shardInput({ shard: "1/2", startAt: text }, NOW_MS)?.startAtEpochMs).toBe(NOW_MS + inS * 1000);
  });

  it.each([
    ["2027-03-14T09:30:00", "has no time zone"],
    ["2027-03-14T09:26:53Z", "has passed; it is 2027-03-14T09:26:53.500Z by this machine's clock"],
    ["2027-03-15T09:26:54Z", "is more than 24h away"],
    ["2027-02-30T09:30:00Z", "there is no such time"],
    ["2027-03-14T25:30:00Z", "there is no such time"],
    ["2027-03-14", "not a time by RFC 3339"],
    ["+30s", "not a time by RFC 3339"],
    ["09:30", "not a time by RFC 3339"],
  ])("%s is refused: %s", (text, why) => {
    const error = thrownBy(() => shardInput({ shard: "1/2", startAt: text }, NOW_MS));
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringContaining(why) as string });
    // Nobody has to look up how it is written.
    expect(error).toMatchObject({ hint: expect.stringContaining("2027-03-14T09:28:00Z") as string });
  });

  it.each([
    [{ shard: "1/2" }, /when do the shards begin/],
    [{ startAt }, /one part of a run/],
    [{ shard: "1/2", startAt, nats: "nats://broker" }, /take one of them/],
    [{ shard: "1/2", startAt, untilCertified: "p95" }, /one shard can't know/],
  ])("refuses %j", (flags, why) => {
    const error = thrownBy(() => shardInput(flags, NOW_MS));
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(why) as string });
  });

  it("is about nothing in a run that carries its whole plan", () => {
    expect(shardInput({}, NOW_MS)).toBeUndefined();
  });
});
