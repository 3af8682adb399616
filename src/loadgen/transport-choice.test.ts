import { expect, it } from "vitest";
import { chooseTransport } from "./transport-choice.ts";

it.each([
  ["auto", { streams: 299 }, 1, "riva-grpc"],
  ["auto", { streams: 300 }, 1, "riva-h2"],
  ["auto", { streams: 300 }, 2, "riva-grpc"],
  ["auto", { expectedOpen: 2000 }, 4, "riva-h2"],
  ["riva-grpc", { streams: 5000 }, 1, "riva-grpc"],
  ["riva-h2", { streams: 1 }, 1, "riva-h2"],
] as const)("%s, %o, %i worker(s): %s", (wanted, load, workers, chosen) => {
  expect(chooseTransport(wanted, load, workers)).toBe(chosen);
});

it("the target has the first word", () => {
  expect(chooseTransport("auto", { streams: 5000 }, 1, "nim-realtime")).toBe("nim-realtime");
  expect(() => chooseTransport("riva-h2", { streams: 1 }, 1, "nim-realtime")).toThrow(
    "The transport riva-h2 does not speak to a target of kind nim-realtime",
  );
});
