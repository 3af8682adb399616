import { describe, expect, test } from "vitest";
import { VirtualClock } from "../../test/support/virtual-clock.ts";
import type { Failure } from "../base/outcome.ts";
import { grpcFailure, noConnectionFailure } from "./grpc/failures.ts";
import { mayPass, retryDelayMs, withRetry } from "./retry.ts";
import { closeFailure, httpFailure } from "./http/web-failures.ts";

const status = (code: number, details = ""): Failure => grpcFailure(code, details, "configure");
const START_FLAG = "inference request for sequence 7 to model 'm' must specify the START flag on the first";

describe("worth another try", () => {
  test.each([
    ["UNAVAILABLE", status(14, "Socket closed")],
    ["INTERNAL", status(13, "Internal error while making inference request")],
    ["INTERNAL by a reset", status(13, "Received RST_STREAM with code 2")],
    ["DEADLINE_EXCEEDED", status(4)],
    ["the START flag", status(3, START_FLAG)],
    ["nobody listens", noConnectionFailure("Error: connect ECONNREFUSED 127.0.0.1:1")],
    ["HTTP 503", httpFailure(503, "", "connect")],
    ["a WebSocket that is lost", closeFailure(1006, "", "streaming")],
    ["a server that restarts", closeFailure(1012, "", "streaming")],
  ])("%s", (_, failure) => expect(mayPass(failure)).toBe(true));
});

describe("not worth it", () => {
  test.each([
    ["INVALID_ARGUMENT", status(3, "Error: Unavailable model requested.")],
    ["UNKNOWN", status(2, "TRTIS response timeout")],
    ["RESOURCE_EXHAUSTED", status(8)],
    ["UNAUTHENTICATED", status(16)],
    ["CANCELLED", status(1, "Call cancelled")],
    ["DATA_LOSS", status(15)],
    ["UNIMPLEMENTED", status(12)],
    ["a name that does not exist", noConnectionFailure("Error: getaddrinfo ENOTFOUND nowhere.invalid")],
    ["a certificate that has expired", noConnectionFailure("Error: certificate has expired")],
    ["our own want of sockets", noConnectionFailure("Error: connect EMFILE")],
    ["HTTP 400", httpFailure(400, "", "connect")],
    ["HTTP 429", httpFailure(429, "", "connect")],
  ])("%s", (_, failure) => expect(mayPass(failure)).toBe(false));
});

const POLICY = { attempts: 4, firstDelayMs: 200, longestDelayMs: 500 };

test("waits double up to the longest, half of each by chance", () => {
  const at = (random: number): number[] => [2, 3, 4, 5].map((n) => retryDelayMs(n, POLICY, () => random));
  expect(at(0)).toEqual([100, 200, 250, 250]);
  expect(at(0.5)).toEqual([150, 300, 375, 375]);
});

describe("attempts", () => {
  const gone = status(14, "Socket closed");

  /** The given results one after the other, each after 10 ms; what was said, and when each attempt began. */
  async function run(results: (Failure | "good")[]) {
    const clock = new VirtualClock();
    const startsMs: number[] = [];
    const said: string[] = [];
    let result: Failure | "good" | undefined;
    const done = withRetry(
      async () => {
        startsMs.push(clock.nowMs());
        await new Promise<void>((resolve) => void clock.wakeAt(clock.nowMs() + 10, resolve));
        return results[startsMs.length - 1] ?? "good";
      },
      (one) => (one === "good" ? undefined : one),
      {
        ...{ policy: POLICY, clock, random: () => 1 },
        onRetry: ({ code }, attempt, delayMs) => said.push(`${code} ${attempt} ${delayMs}`),
      },
    ).then((last) => (result = last));
    for (let ms = 0; ms <= 2000; ms += 10) {
      clock.advanceTo(ms);
      for (let tick = 0; tick < 5; tick++) await Promise.resolve();
    }
    await done;
    return { startsMs, said, result };
  }

  test("one is enough when it is good", async () => {
    expect(await run(["good"])).toEqual({ startsMs: [0], said: [], result: "good" });
  });

  test("follow each other after their waits, told before each", async () => {
    expect(await run([gone, gone, "good"])).toEqual({
      startsMs: [0, 210, 620],
      said: ["UNAVAILABLE 2 200", "UNAVAILABLE 3 400"],
      result: "good",
    });
  });

  test("are bounded; the last failure is the result", async () => {
    const { startsMs, result } = await run([gone, gone, gone, gone, "good"]);
    expect([startsMs.length, result]).toEqual([4, gone]);
  });

  test("end with what can't pass", async () => {
    const wrong = status(3, "Error: Unavailable model requested.");
    expect(await run([gone, wrong, "good"])).toMatchObject({ startsMs: [0, 210], result: wrong });
  });
});
