import { expect, test } from "vitest";
import { traceContext, traceparentOf } from "./trace-context.ts";

test("the header has the form of the specification, and the same for the same request", () => {
  const header = traceparentOf(traceContext("run/steady/7", 1));
  expect(header).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/);
  expect(traceparentOf(traceContext("run/steady/7", 1))).toBe(header);
  expect(traceparentOf(traceContext("run/steady/8", 1))).not.toBe(header);
  expect(traceparentOf(traceContext("run/steady/7", 0))).toBe(header.replace(/01$/, "00"));
});

test("about as many are sampled as asked for, and those of a smaller share are among those of a larger", () => {
  const ids = Array.from({ length: 10_000 }, (_, seq) => `run/steady/${seq}`);
  const sampled = (ratio: number): string[] => ids.filter((id) => traceContext(id, ratio).sampled);
  expect(sampled(0.1).length).toBeGreaterThan(850);
  expect(sampled(0.1).length).toBeLessThan(1150);
  const more = new Set(sampled(0.5));
  expect(sampled(0.1).every((id) => more.has(id))).toBe(true);
});
