import { describe, expect, it } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import { DEFAULT_SCORING } from "../metrics/observation/classify.ts";
import { formatScenario, parseScenario } from "./scenario.ts";

const MINIMAL = `name: mine
load: { model: concurrency, streams: 5 }
duration: { steady: 30s }
`;

function failures(yaml: string): unknown {
  const scenario = parseScenario(`${MINIMAL}scoring: { failures: ${yaml} }\n`, "mine.yaml");
  const again = parseScenario(formatScenario(scenario), "again.yaml");
  expect(again.scoring).toEqual(scenario.scoring);
  return scenario.scoring.failures;
}

describe("scoring.failures", () => {
  it("judges every content class by default, below half of the reference", () => {
    expect(parseScenario(MINIMAL, "mine.yaml").scoring.failures).toEqual(DEFAULT_SCORING);
    expect(failures("{}")).toEqual(DEFAULT_SCORING);
  });

  it.each([
    ["{ truncated: off }", { truncated: "off" }],
    ["{ truncated: false }", { truncated: "off" }],
    ["{ truncated: 50% }", { truncated: 0.5 }],
    ['{ truncated: "7 %" }', { truncated: 0.07 }],
    ["{ truncated: 100% }", { truncated: 1 }],
    ["{ empty: off, noPartial: off, noFinal: false }", { empty: "off", noPartial: "off", noFinal: "off" }],
    ["{ empty: on, noPartial: true }", {}],
  ])("%s", (yaml, expected) => {
    expect(failures(yaml)).toEqual({ ...DEFAULT_SCORING, ...expected });
  });

  it.each([
    ["{ truncated: 0.5 }", "must be off or a percentage from 1% to 100%"],
    ["{ truncated: 0% }", "must be off or a percentage from 1% to 100%"],
    ["{ truncated: 101% }", "must be off or a percentage from 1% to 100%"],
    ["{ truncated: on }", "must be off or a percentage from 1% to 100%"],
    ["{ truncated: -5% }", "must be off or a percentage from 1% to 100%"],
    ["{ empty: 50% }", "must be on or off"],
    ["{ shortened: off }", "scoring.failures.shortened"],
  ])("%s is refused with line and key", (yaml, problem) => {
    const error = thrownBy(() => parseScenario(`${MINIMAL}scoring: { failures: ${yaml} }\n`, "mine.yaml"));
    expect(error.message).toMatch(/^mine\.yaml:4:\d+: scoring\.failures\./);
    expect(error.message).toContain(problem);
  });
});
