import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { PASSED } from "../../../test/support/sample-result.ts";
import { countdown } from "./countdown.ts";

it("counts down in one line, and leaves none when the run begins", () => {
  const clock = new VirtualClock(0, 1_000_000);
  const written: string[] = [];
  const sink = {
    isTTY: true,
    columns: 80,
    write: () => undefined,
    control: (text: string) => written.push(text),
  };
  const shown = (): string => (written.at(-1) ?? "").replace("\r\u001b[K", "");
  const listener = countdown(sink, clock, 1_000_000 + 3_723_000);
  expect(shown()).toBe("the load begins in 1:02:03");
  clock.advanceTo(3_600_000);
  expect(shown()).toBe("the load begins in 2:03");
  clock.advanceTo(3_720_000);
  expect(shown()).toBe("the load begins in 0:03");
  const { run, target, dataset } = PASSED;
  listener.onStart?.({ schema: "riva-bench/manifest@1", run, target, dataset, pid: 1 });
  expect(shown()).toBe("");
  const before = written.length;
  clock.advanceTo(3_800_000);
  expect(written.length).toBe(before);
  expect(written.every((text) => text.startsWith("\r\u001b[K") && !text.includes("\n"))).toBe(true);
});
