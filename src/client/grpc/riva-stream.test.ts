import { expect, it } from "vitest";
import { Heard } from "../../../test/support/heard.ts";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import { RivaStream } from "./riva-stream.ts";
import type { StreamSpec } from "../transport.ts";

const SPEC: StreamSpec = {
  ...{ recognition: { language: "en-US", interim: true }, encoding: "LINEAR_PCM", sampleRateHz: 16_000 },
  ...{ requestId: "", readyTimeoutMs: 1000, flushTimeoutMs: 1000 },
};

/** Opens streams over calls that take everything at once; `told` has what they were told, each with its number. */
function setUp(): { clock: VirtualClock; told: string[]; open: (listener: Heard) => RivaStream } {
  const clock = new VirtualClock(0);
  const told: string[] = [];
  let calls = 0;
  const open = (listener: Heard): RivaStream => {
    const stream = new RivaStream(
      () => {
        const call = ++calls;
        const tell = (what: string): void => void told.push(`${what} ${call}`);
        // Making a call takes a while.
        clock.advanceTo(clock.nowMs() + 0.3);
        tell("make");
        return {
          configure: (_, onTaken) => {
            tell("configure");
            onTaken();
          },
          write: (_, onWritten) => {
            tell("write");
            onWritten();
            return true;
          },
          halfClose: () => tell("half-close"),
          setReading: () => undefined,
          cancel: () => tell("cancel"),
        };
      },
      SPEC,
      listener,
      clock,
      () => undefined,
    );
    listener.openReturned = true;
    return stream;
  };
  return { clock, told, open };
}

it("makes all calls of a turn before it configures the first, and says when it did", async () => {
  const { told, open } = setUp();
  const [a, b] = [new Heard(), new Heard()];
  open(a);
  open(b);
  expect(told).toEqual(["make 1", "make 2"]);
  expect(await Promise.all([a.opened, b.opened])).toEqual([0.6, 0.6]);
  expect(told.slice(2)).toEqual(["configure 1", "configure 2"]);
  expect([...a.breaches, ...b.breaches]).toEqual([]);
});

it("configures a stream before anything else is sent on it, once", async () => {
  const { told, open } = setUp();
  const stream = open(new Heard());
  stream.send(new Uint8Array(2));
  stream.finish();
  await Promise.resolve();
  expect(told).toEqual(["make 1", "configure 1", "write 1", "half-close 1"]);
});

it("does not configure a stream that was given up in the same turn", async () => {
  const { told, open } = setUp();
  open(new Heard()).cancel("enough");
  await Promise.resolve();
  expect(told).toEqual(["make 1", "cancel 1"]);
});
