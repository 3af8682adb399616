import { describe, expect, it } from "vitest";
import { PASSED } from "../../test/support/sample-result.ts";
import type { RunListener } from "./listener.ts";
import { fanOut } from "./listener.ts";
import type { RunEvent } from "../metrics/result/run-event.ts";
import { createTotals } from "../metrics/record/totals.ts";

const TOTALS = createTotals({ window: { startMs: 0, endMs: 1000 }, slos: [] });
const event: RunEvent = { atMs: 5, type: "stall", message: "stood still" };

function recorder(name: string, told: string[], overrides: Partial<RunListener> = {}): RunListener {
  return {
    name,
    onEvent: () => told.push(`${name} event`),
    onLoadEnd: () => told.push(`${name} load end`),
    onEnd: async () => {
      await Promise.resolve();
      told.push(`${name} end`);
    },
    close: () => void told.push(`${name} close`),
    ...overrides,
  };
}

function failing(error: string): () => never {
  return () => {
    throw new Error(error);
  };
}

describe("fanOut", () => {
  it("tells all, in their order, and waits for what takes time", async () => {
    const told: string[] = [];
    const all = fanOut([recorder("a", told), recorder("b", told), { name: "silent" }], failing("none"));
    all.onEvent(event);
    all.onLoadEnd();
    await all.onEnd(PASSED, "/run", TOTALS);
    await all.close();
    expect(told).toEqual([
      ...["a event", "b event", "a load end", "b load end"],
      ...["a end", "b end", "a close", "b close"],
    ]);
  });

  it("one that fails is named once, hears no more but the end, and the others don't notice", async () => {
    const told: string[] = [];
    const failures: string[] = [];
    const bad = recorder("bad", told, { onEvent: failing("no port") });
    const all = fanOut([bad, recorder("good", told)], (name, message) =>
      failures.push(`${name}: ${message}`),
    );
    all.onEvent(event);
    all.onEvent(event);
    all.onLoadEnd();
    await all.onEnd(PASSED, "/run", TOTALS);
    await all.close();
    expect(failures).toEqual(["bad: no port"]);
    expect(told).toEqual([
      ...["good event", "good event", "bad load end", "good load end"],
      ...["good end", "bad close", "good close"],
    ]);
  });

  it("a failure at the very end is told too, also of what takes time", async () => {
    const failures: string[] = [];
    const late = (name: string, error: string): RunListener => ({
      name,
      onEnd: () => Promise.reject(new Error(error)),
      close: failing("close"),
    });
    const all = fanOut([late("a", "one"), late("b", "two")], (name, message) =>
      failures.push(`${name}: ${message}`),
    );
    await all.onEnd(PASSED, "/run", TOTALS);
    await all.close();
    expect(failures).toEqual(["a: one", "b: two"]);
  });
});
