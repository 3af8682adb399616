import { expect, it } from "vitest";
import { VirtualClock } from "../../../test/support/virtual-clock.ts";
import type { RecognitionConfig } from "../../base/riva-proto.ts";
import type { Rejection } from "../call/rejection.ts";
import type { FromRecognizer, ToRecognizer } from "../host/protocol.ts";
import type { RecognizerChild } from "../host/recognizer-process.ts";
import type { PostedReply, Reply, ReplyPort } from "./engine.ts";
import { hostedEngine } from "./hosted-engine.ts";

const CONFIG = { endpointing_config: null } as unknown as RecognitionConfig;
const SPEC = { config: CONFIG, interim: true, sampleRateHz: 1000 };
const REPLY: Reply = {
  ...{ final: false, stability: 0, words: [], transcript: "x", audioProcessedMs: 0, vad: [] },
};

/** A process whose side of the channel the test plays. */
class FakeChild implements RecognizerChild {
  readonly received: ToRecognizer[] = [];
  stopped = false;
  #message: (message: FromRecognizer) => void = () => undefined;
  #exit: (how: string) => void = () => undefined;

  send(message: ToRecognizer): void {
    this.received.push(message);
  }
  onMessage(handler: (message: FromRecognizer) => void): void {
    this.#message = handler;
  }
  onExit(handler: (how: string) => void): void {
    this.#exit = handler;
  }
  stop(): Promise<void> {
    this.stopped = true;
    return Promise.resolve();
  }
  say(message: FromRecognizer): void {
    this.#message(message);
  }
  die(how: string): void {
    this.#exit(how);
  }
  /** Messages sent to it since the last call, as short words. */
  taken(): string[] {
    return this.received.splice(0).map((message) => {
      const id = "id" in message ? ` ${message.id}` : "";
      const samples = "samples" in message ? ` ${message.samples.length}` : "";
      return `${message.type}${id}${samples}`;
    });
  }
}

function ports(): ReplyPort & { left: [number, Reply, boolean][]; failures: Rejection[] } {
  const left: [number, Reply, boolean][] = [];
  const failures: Rejection[] = [];
  return {
    ...{ left, failures, over: false },
    post:
      ({ reply, last }: PostedReply) =>
      (leavesMs) =>
        void left.push([leavesMs, reply(), last]),
    fail: (rejection) => void failures.push(rejection),
  };
}

async function start(processes = 1, batch = 1) {
  const clock = new VirtualClock();
  const children: FakeChild[] = [];
  const warnings: string[] = [];
  const starting = hostedEngine({
    ...{ engine: "fake", name: "Fake", standIn: "Fake, CPU", modelName: "fake", facts: {}, settings: {} },
    ...{ processes, chunkMs: 100, stopHistoryMs: 800, clock, batch },
    launch() {
      const child = new FakeChild();
      children.push(child);
      return child;
    },
    warn: (message) => warnings.push(message),
  });
  for (const child of children) child.say({ type: "ready" });
  const engine = await starting;
  for (const child of children) child.taken();
  return { engine, children, clock, warnings };
}

it("cuts chunks, has two of them with the process at a time, and counts those that wait", async () => {
  const { engine, children, clock } = await start();
  const child = children[0]!;
  const replies = ports();
  const call = engine.open(SPEC, replies);
  call.push(new Int16Array(350), 0);
  expect(child.taken()).toEqual(["open 1"]);
  expect(engine.pending).toBe(3);
  child.say({ type: "opened", id: 1 });
  expect(child.taken()).toEqual(["audio 1 100", "audio 1 100"]);
  expect(engine.pending).toBe(1);
  clock.advanceTo(40);
  child.say({ type: "replies", replies: [{ id: 1, reply: REPLY }], workMs: 30 });
  expect(replies.left).toEqual([[clock.nowMs(), REPLY, false]]);
  call.finish(clock.nowMs());
  expect(child.taken()).toEqual(["audio 1 100"]);
  child.say({ type: "replies", replies: [{ id: 1, reply: REPLY }], workMs: 1 });
  child.say({ type: "replies", replies: [{ id: 1, reply: REPLY }], workMs: 1 });
  child.say({ type: "replies", replies: [{ id: 1, reply: { ...REPLY, final: true } }], workMs: 1 });
  expect(child.taken()).toEqual(["finish 1 50"]);
  expect(replies.left.map(([, , last]) => last)).toEqual([false, false, false, true]);
  const counts = engine.meter.models["fake"]!;
  expect(counts).toMatchObject({ succeeded: 4, computeMs: 33 });
  expect(counts.queueMs).toBeGreaterThanOrEqual(10);
});

it("gives a process two batches of work, and counts what was done together as one execution", async () => {
  const { engine, children } = await start(1, 2);
  const child = children[0]!;
  const both = [ports(), ports()];
  for (const [at, replies] of both.entries()) {
    engine.open(SPEC, replies).push(new Int16Array(300), 0);
    child.say({ type: "opened", id: at + 1 });
  }
  const works = child.taken().filter((message) => message.startsWith("audio"));
  expect(works).toEqual(["audio 1 100", "audio 1 100", "audio 1 100", "audio 2 100"]);
  expect(engine.pending).toBe(2);
  const replies = [1, 2].map((id) => ({ id, reply: REPLY }));
  child.say({ type: "replies", replies, workMs: 20 });
  expect(both.map(({ left }) => left.length)).toEqual([1, 1]);
  expect(child.taken()).toEqual(["audio 2 100", "audio 2 100"]);
  // As Triton counts: each request was computed for as long as its batch.
  expect(engine.meter.models["fake"]).toMatchObject({ succeeded: 2, executions: 1, computeMs: 40 });
});

it("gives a stream to the process with the fewest", async () => {
  const { engine, children } = await start(2);
  const first = engine.open(SPEC, ports());
  engine.open(SPEC, ports());
  first.close();
  engine.open(SPEC, ports());
  expect(children.map((child) => child.taken())).toEqual([["open 1", "close 1", "open 2"], ["open 1"]]);
});

it("a stream that breaks fails alone", async () => {
  const { engine, children } = await start();
  const child = children[0]!;
  const [broken, whole] = [ports(), ports()];
  engine.open(SPEC, broken).push(new Int16Array(100), 0);
  const other = engine.open(SPEC, whole);
  child.say({ type: "opened", id: 1 });
  child.say({ type: "opened", id: 2 });
  other.push(new Int16Array(200), 0);
  child.taken();
  child.say({ type: "broken", id: 1, message: "can't process audio" });
  expect(broken.failures.map(({ code, message }) => [code, message])).toEqual([
    ["INTERNAL", "Fake: can't process audio"],
  ]);
  expect(child.taken()).toEqual(["audio 2 100"]);
  child.say({ type: "replies", replies: [{ id: 2, reply: REPLY }], workMs: 1 });
  expect(whole.left).toHaveLength(1);
  expect(engine.meter.failures.BACKEND).toBe(1);
});

it("a process that dies takes its streams with UNAVAILABLE, and is started again, also after it failed to", async () => {
  const { engine, children, clock, warnings } = await start();
  const replies = ports();
  engine.open(SPEC, replies).push(new Int16Array(100), 0);
  children[0]!.die("SIGSEGV");
  expect(replies.failures.map(({ code, message }) => [code, message])).toEqual([
    ["UNAVAILABLE", "the process of Fake ended (SIGSEGV)"],
  ]);
  expect(warnings).toEqual(["the process of Fake ended (SIGSEGV); it is started again"]);
  expect(() => engine.open(SPEC, ports())).toThrow("starting again");
  expect(children).toHaveLength(2);
  children[1]!.die("exit code 1");
  await Promise.resolve();
  await Promise.resolve();
  clock.advanceTo(1000);
  expect(children).toHaveLength(3);
  children[2]!.say({ type: "ready" });
  const again = ports();
  engine.open(SPEC, again).push(new Int16Array(100), 0);
  children[2]!.say({ type: "opened", id: 2 });
  children[2]!.say({ type: "replies", replies: [{ id: 2, reply: REPLY }], workMs: 1 });
  expect(again.left).toHaveLength(1);
  await engine.stop();
  expect(children[2]!.stopped).toBe(true);
});

it("recognises a whole file: the finals of all its pauses as one", async () => {
  const { engine, children } = await start();
  const child = children[0]!;
  const word = (text: string) => ({ word: text, startMs: 0, endMs: 1, speaker: 0, confidence: 1 });
  const whole = engine.recognize(new Int16Array(250), SPEC, 0);
  child.say({ type: "opened", id: 1 });
  child.say({ type: "replies", replies: [{ id: 1, reply: { ...REPLY, words: undefined } }], workMs: 1 });
  child.say({
    type: "replies",
    replies: [{ id: 1, reply: { ...REPLY, final: true, words: [word("a")], transcript: "a" } }],
    workMs: 1,
  });
  const last: Reply = { ...REPLY, final: true, words: [word("b")], transcript: " b", audioProcessedMs: 250 };
  child.say({ type: "replies", replies: [{ id: 1, reply: last }], workMs: 1 });
  expect(await whole).toEqual({ ...last, words: [word("a"), word("b")], transcript: "a b" });
  expect(child.taken().at(-1)).toBe("close 1");
});

it.each([
  [{ type: "failed", message: "no library", hint: "install it" }, "no library", "install it"],
  ["exit code 1", "the process of Fake ended while it loaded its models (exit code 1)", /broken/],
] as const)("does not start when a process can't: %j", async (ending, message, hint) => {
  let child: FakeChild | undefined;
  const starting = hostedEngine({
    ...{ engine: "fake", name: "Fake", standIn: "Fake, CPU", modelName: "fake", facts: {}, settings: {} },
    ...{ processes: 1, chunkMs: 100, stopHistoryMs: 800, clock: new VirtualClock(), batch: 1 },
    launch: () => (child = new FakeChild()),
    warn: () => undefined,
  });
  if (typeof ending === "string") child!.die(ending);
  else child!.say(ending);
  await expect(starting).rejects.toMatchObject({
    message,
    hint: expect.stringMatching(hint) as string,
    exitCode: 2,
  });
  // One that has ended is not stopped again.
  expect(child!.stopped).toBe(typeof ending !== "string");
});
