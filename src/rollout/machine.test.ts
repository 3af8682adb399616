import { expect, test } from "vitest";
import { FakeService, PLAN, pinned } from "../../test/support/fake-service.ts";
import { createRollout } from "./machine.ts";
import type { Ended, RolloutPlan } from "./ports.ts";

const AUTHOR = { by: "ann@host", why: "a test" };
const never = new AbortController().signal;
const A = pinned("good-1");
const B = pinned("good-2");

function rolloutOf(service: FakeService, plan: RolloutPlan = PLAN, signal = never) {
  return createRollout(service.ports(), plan, service.saved, signal, never);
}

async function serving(plan: RolloutPlan = PLAN): Promise<FakeService> {
  const service = new FakeService(plan);
  await rolloutOf(service, plan).deploy(A, AUTHOR);
  service.calls = [];
  return service;
}

const said = ({ outcome, exitCode }: Ended): unknown => [outcome, exitCode];

test("a good version: started beside, judged, given the traffic, and the old one stopped after its last session", async () => {
  const service = await serving();
  service.sessions["blue"] = 2;
  expect(said(await rolloutOf(service).deploy(B, AUTHOR))).toEqual(["serves", 0]);
  expect(service.calls).toEqual([
    ...[
      "stop green",
      "probe green",
      "start green",
      "probe green",
      "running green",
      "smoke green",
      "point green blue",
    ],
    ...[
      "sessions blue",
      "sessions blue",
      "sessions blue",
      "probe green",
      "running green",
      "point green",
      "stop blue",
    ],
  ]);
  expect(service.saved).toMatchObject({ current: { image: B, slot: "green" }, earlier: [A] });
});

test("a first version never takes the place of a server that no rollout has started", async () => {
  const service = new FakeService(PLAN);
  service.running["blue"] = A;
  await expect(rolloutOf(service).deploy(A, AUTHOR)).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/something serves in slot blue already/) as unknown,
  });
  expect([service.calls, service.running, service.saved.change]).toEqual([
    ["probe blue"],
    { blue: A },
    undefined,
  ]);
});

test.each([
  ["bad-start", 7, ["stop green", "probe green", "start green"]],
  ["bad-ready", 7, ["stop green", "probe green", "start green", "probe green", "running green"]],
  [
    "bad-smoke",
    3,
    ["stop green", "probe green", "start green", "probe green", "running green", "smoke green"],
  ],
])("%s is refused with exit code %i, and nobody's traffic was moved", async (name, exitCode, calls) => {
  const service = await serving();
  const ended = await rolloutOf(service).deploy(pinned(name), AUTHOR);
  expect(said(ended)).toEqual(["refused", exitCode]);
  expect(service.calls).toEqual([...calls, "probe blue", "running blue", "stop green"]);
  expect([service.order, service.running, service.saved]).toEqual([
    ["blue"],
    { blue: A },
    {
      schema: "riva-bench/rollout@1",
      current: expect.objectContaining({ image: A }) as unknown,
      earlier: [],
    },
  ]);
});

test("with one slot the new one takes the place of the old, and gives it back when it is refused", async () => {
  const plan = { ...PLAN, slots: ["only"] };
  const service = await serving(plan);
  expect(said(await rolloutOf(service, plan).deploy(pinned("bad-smoke"), AUTHOR))).toEqual(["refused", 3]);
  expect(service.calls).toEqual([
    ...["stop only", "probe only", "start only", "probe only", "running only", "smoke only"],
    ...["stop only", "start only", "probe only", "running only", "point only"],
  ]);
  expect(service.running).toEqual({ only: A });
});

test("a stranger in the slot is neither judged nor given the traffic in place of the version", async () => {
  const service = await serving();
  const ports = service.ports();
  /** It answers whatever is stopped and started. */
  const haunted: typeof ports = {
    ...ports,
    probe: (release, signal) =>
      release.slot === "green"
        ? Promise.resolve({ ok: true, detail: "11 checks passed" })
        : ports.probe(release, signal),
  };
  const ended = await createRollout(haunted, PLAN, service.saved, never, never).deploy(B, AUTHOR);
  expect([said(ended), ended.detail]).toEqual([
    ["refused", 7],
    "something that the stop hook does not end answers in this slot",
  ]);
  expect([service.order, service.running]).toEqual([["blue"], { blue: A }]);
  // It came while the version started, which found its port taken and ended.
  let looks = 0;
  const late: typeof ports = {
    ...haunted,
    probe: (release, signal) =>
      release.slot === "green" && ++looks === 1
        ? Promise.resolve({ ok: false, detail: "tcp: refused" })
        : haunted.probe(release, signal),
    isRunning: (release, signal) =>
      release.slot === "green" ? Promise.resolve(false) : ports.isRunning(release, signal),
  };
  const again = await createRollout(late, PLAN, service.saved, never, never).deploy(B, AUTHOR);
  expect(again.detail).toBe("it has ended while it started, and something else answers in its slot");
  expect([service.order, service.running]).toEqual([["blue"], { blue: A }]);
});

test("a version that does not get ready is refused at the limit", async () => {
  const service = await serving();
  const ports = { ...service.ports(), isRunning: () => Promise.resolve(true) };
  const ended = await createRollout(ports, PLAN, service.saved, never, never).deploy(
    pinned("bad-ready"),
    AUTHOR,
  );
  expect(ended.detail).toBe("not ready within its limit: tcp: refused");
  expect(ended.noticedAfterMs).toBe(PLAN.readyLimitMs);
});

test("back: the version before, without a smoke run; the one that was left is no way back", async () => {
  const service = await serving();
  await rolloutOf(service).deploy(B, AUTHOR);
  service.calls = [];
  expect(said(await rolloutOf(service).back(AUTHOR))).toEqual(["serves", 0]);
  expect(service.calls).toEqual([
    ...[
      "stop blue",
      "probe blue",
      "start blue",
      "probe blue",
      "running blue",
      "point blue green",
      "sessions green",
      "probe blue",
      "running blue",
      "point blue",
      "stop green",
    ],
  ]);
  await expect(rolloutOf(service).back(AUTHOR)).rejects.toMatchObject({ exitCode: 2 });
});

test("keepPrevious: the version before runs on, so that the way back starts nothing", async () => {
  const plan = { ...PLAN, keepPrevious: true };
  const service = await serving(plan);
  await rolloutOf(service, plan).deploy(B, AUTHOR);
  expect(service.running).toEqual({ blue: A, green: B });
  service.calls = [];
  await rolloutOf(service, plan).back(AUTHOR);
  expect(service.calls.slice(0, 3)).toEqual(["probe blue", "running blue", "point blue green"]);
  await rolloutOf(service, plan).leaveIdle();
  expect([service.running, service.saved.idle]).toEqual([{ blue: A }, undefined]);
});

test("the version that serves is not deployed again", async () => {
  const service = await serving();
  expect(said(await rolloutOf(service).deploy(A, AUTHOR))).toEqual(["serves", 0]);
  expect(service.calls).toEqual(["probe blue", "running blue"]);
});

test("a version that has died while the old one was waited for: the gateway keeps the old one, and the way back is open", async () => {
  const service = await serving();
  const ports = service.ports();
  const dying: typeof ports = {
    ...ports,
    probe: (release, signal) =>
      service.saved.change?.step === "settle"
        ? Promise.resolve({ ok: false, detail: "tcp: refused" })
        : ports.probe(release, signal),
  };
  await expect(
    createRollout(dying, PLAN, service.saved, never, never).deploy(B, AUTHOR),
  ).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(/does not answer any more/) as unknown,
  });
  expect([service.order, service.running]).toEqual([["green", "blue"], { blue: A, green: B }]);
  expect(said(await rolloutOf(service).back(AUTHOR))).toEqual(["serves", 0]);
  expect([service.order, service.running, service.saved.current?.image]).toEqual([["blue"], { blue: A }, A]);
});

test.each(["stop green", "start green", "probe green", "smoke green", "point green blue"])(
  "interrupted in %s: the version before serves, exit code 130",
  async (during) => {
    const service = await serving();
    const ending = new AbortController();
    service.onCall = (call) => {
      if (call === during) ending.abort();
    };
    const ended = await rolloutOf(service, PLAN, ending.signal).deploy(B, AUTHOR);
    expect(said(ended)).toEqual(["interrupted", 130]);
    expect([service.order, service.running, service.saved.change]).toEqual([
      ["blue"],
      { blue: A },
      undefined,
    ]);
  },
);

test("interrupted while old sessions are waited for: the new one serves, the old one goes on, the next call finishes", async () => {
  const service = await serving();
  const ending = new AbortController();
  service.sessions["blue"] = 5;
  service.onCall = (call) => {
    if (call === "sessions blue") ending.abort();
  };
  await expect(rolloutOf(service, PLAN, ending.signal).deploy(B, AUTHOR)).rejects.toMatchObject({
    exitCode: 130,
  });
  expect([service.order, service.running]).toEqual([["green", "blue"], { blue: A, green: B }]);
  service.onCall = () => undefined;
  await rolloutOf(service).deploy(B, AUTHOR);
  expect([service.order, service.running]).toEqual([["green"], { green: B }]);
});

test("neither serves: an error with both reasons, and the next call tries again", async () => {
  const service = await serving({ ...PLAN, slots: ["only"] });
  const plan = { ...PLAN, slots: ["only"] };
  service.onCall = (call) => {
    if (call === "start only") throw new Error("no GPU");
  };
  await expect(rolloutOf(service, plan).deploy(B, AUTHOR)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(
      /was refused \(no GPU\), and good-1@\w+ could not be put back: no GPU/,
    ) as unknown,
  });
  service.onCall = () => undefined;
  expect(said(await rolloutOf(service, plan).back(AUTHOR))).toEqual(["recovered", 0]);
  expect(service.running).toEqual({ only: A });
});

test("a full disk before anything was touched changes nothing", async () => {
  const service = await serving();
  const full = Object.assign(new Error("ENOSPC"), { code: "ENOSPC", syscall: "write" });
  const ports = {
    ...service.ports(),
    save: () => {
      throw full;
    },
  };
  await expect(createRollout(ports, PLAN, service.saved, never, never).deploy(B, AUTHOR)).rejects.toBe(full);
  expect([service.calls, service.running]).toEqual([[], { blue: A }]);
});
