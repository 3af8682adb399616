import { expect, it } from "vitest";
import { groupPath } from "./pushgateway.ts";

it("writes plain values as they are", () => {
  expect(groupPath("riva_bench", { scenario: "concurrency-50", target: "asr.example" })).toBe(
    "/metrics/job/riva_bench/scenario/concurrency-50/target/asr.example",
  );
});

it.each([
  ["eu-west/asr", "ZXUtd2VzdC9hc3I"],
  ["", "="],
  ["..", "Li4"],
  [".", "Lg"],
  ["gpu#1", "Z3B1IzE"],
  ["a?b&c d%2F", "YT9iJmMgZCUyRg"],
  ['say "hi"\\', "c2F5ICJoaSJc"],
  ["語音", "6Kqe6Z-z"],
  ["\ud800", "77-9"],
])("writes %j in base64", (value, coded) => {
  expect(groupPath("j", { target: value })).toBe(`/metrics/job/j/target@base64/${coded}`);
});
