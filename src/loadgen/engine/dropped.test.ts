import { expect, test } from "vitest";
import { emptyCounts } from "../../metrics/observation/counts.ts";
import { droppedCheck, hasRoom } from "./dropped.ts";
import { parseScenario } from "../../scenario/scenario.ts";

/** Clips of 5 s on average: sessions of about 6 s. */
const dataset = { clips: 10, audioSeconds: 50 };

function roomOf(load: string, more = ""): boolean {
  const text = `name: mine\nload: ${load}\nduration: { warmup: 10s, steady: 60s }\n${more}`;
  return hasRoom(parseScenario(text, "/s.yaml"), dataset);
}

test("drops are the server's doing when there was room for what a server that keeps up has open", () => {
  // 60 open on average, 60 + 4 sqrt(60) = 91 hardly ever.
  expect(roomOf("{ model: poisson, rate: 10, maxOpen: 91 }")).toBe(true);
  expect(roomOf("{ model: poisson, rate: 10, maxOpen: 90 }")).toBe(false);
  expect(roomOf("{ model: poisson, rate: 10 }")).toBe(true);
  expect(roomOf("{ model: poisson, rate: 10, maxOpen: 90 }", "audio: { pace: 2 }\n")).toBe(true);
  expect(roomOf("{ model: ramp, rate: { from: 1, to: 10 }, maxOpen: 90 }")).toBe(false);
  expect(roomOf("{ model: trace, file: t.csv, maxOpen: 90 }")).toBe(false);
});

test("one in a hundred may be dropped, more fail the run", () => {
  expect(droppedCheck({ ...emptyCounts(), scheduled: 200, dropped: 2 })).toMatchObject({
    verdict: "pass",
    observed: 0.01,
  });
  expect(droppedCheck({ ...emptyCounts(), scheduled: 200, dropped: 3 })).toMatchObject({ verdict: "fail" });
  expect(droppedCheck(emptyCounts())).toMatchObject({ verdict: "pass" });
});
