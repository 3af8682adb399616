import { expect, it } from "vitest";
import { createBackfill } from "./backfill.ts";
import type { Family } from "./exposition.ts";

const at = (value: number): Family[] => [
  {
    name: "bench_done_total",
    type: "counter",
    help: "Done.",
    labels: { target: "nim" },
    samples: [{ suffix: "", labels: { slo: 'p95 "x"' }, value }],
  },
  { name: "bench_open", type: "gauge", help: "Open.", samples: [{ suffix: "", labels: {}, value: -value }] },
];

it("keeps families and series together, each with its instants in order", () => {
  const backfill = createBackfill(1000);
  backfill.take(10_000, () => at(1));
  backfill.take(10_500, () => at(2));
  backfill.take(11_000, () => at(3));
  expect(backfill.text(11_250, at(4))).toBe(`# HELP bench_done Done.
# TYPE bench_done counter
bench_done_total{target="nim",slo="p95 \\"x\\""} 1 10.000
bench_done_total{target="nim",slo="p95 \\"x\\""} 3 11.000
bench_done_total{target="nim",slo="p95 \\"x\\""} 4 11.250
# HELP bench_open Open.
# TYPE bench_open gauge
bench_open -1 10.000
bench_open -3 11.000
bench_open -4 11.250
# EOF
`);
});

it("thins out long runs evenly and never loses the end", () => {
  const backfill = createBackfill(1000);
  for (let second = 0; second < 3600; second++) backfill.take(second * 1000, () => at(second));
  const lines = backfill
    .text(3_600_000, at(3600))
    .split("\n")
    .filter((line) => line.startsWith("bench_open"));
  expect(lines.length).toBeGreaterThan(30);
  expect(lines.length).toBeLessThanOrEqual(62);
  expect(lines.at(-1)).toBe("bench_open -3600 3600.000");
  const seconds = lines.slice(0, -1).map((line) => Number(line.split(" ")[2]));
  expect(new Set(seconds.slice(1).map((s, i) => s - (seconds[i] ?? 0))).size).toBe(1);
});
