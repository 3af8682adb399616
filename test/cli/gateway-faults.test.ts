/**
 * Every failure that the emulator can make, in each phase of a session, in both dialects: the caller gets the documented event
 * and close code, the metrics say the same, and the session beside it loses nothing. With a second recogniser every caller gets
 * all of its words.
 */
import { describe, expect, test } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { loadDataset, selectClips } from "../../src/base/dataset/dataset.ts";
import type { FaultKind } from "../../src/emulator/faults/fault-spec.ts";
import { FAULT_KINDS, parseFaults } from "../../src/emulator/faults/fault-spec.ts";
import { findProfile } from "../../src/emulator/timing/profiles.ts";
import type { Emulator } from "../../src/emulator/server.ts";
import { createEmulator } from "../../src/emulator/server.ts";
import type { TestGateway } from "../support/gateway.ts";
import { Caller, testGateway } from "../support/gateway.ts";

const dataset = selectClips(await loadDataset("default"), { only: ["ps-goforward"] });
const [clip] = dataset.clips;
const pcm = Buffer.from(clip!.pcm.buffer, clip!.pcm.byteOffset, clip!.pcm.byteLength);
const HALF = 32_000;
const WORDS = "go forward ten meters";
/** Later than a fault that strikes while the caller waits for its final. */
const FINAL_MS = 400;
const COMPLETED = "conversation.item.input_audio_transcription.completed";
const DELTA = "conversation.item.input_audio_transcription.delta";

type Dialect = "stream" | "realtime";
type Phase = "opening" | "streaming" | "finishing";
const PHASES: readonly Phase[] = ["opening", "streaming", "finishing"];

interface Expected {
  code: number;
  /** Of the error event. */
  error?: string;
  /** In `bench_gateway_upstream_errors_total`. */
  class?: string;
}

const FAILED = { code: 4502, error: "upstream_failed" };
const LATE = { code: 4504, error: "upstream_timeout", class: "deadline" };
const WELL: Expected = { code: 1000 };

interface Row {
  fault: string;
  /** It strikes the server as a whole, at once. */
  ofServer?: boolean;
  phases?: readonly Phase[];
  alone: Expected;
  /** As good: what the health probe sees first. */
  or?: Expected;
}

/** `after` is filled in by phase. */
const ROWS: Readonly<Record<FaultKind, Row>> = {
  error: { fault: "error:rate=100%,status=INTERNAL", alone: { ...FAILED, class: "internal" } },
  reject: {
    fault: "reject:rate=100%,status=RESOURCE_EXHAUSTED",
    phases: ["opening"],
    alone: { ...FAILED, class: "resource-exhausted" },
  },
  "lost-sequence": { fault: "lost-sequence:rate=100%", alone: { ...FAILED, class: "start-flag" } },
  latency: { fault: "latency:add=100ms", phases: ["opening"], alone: WELL },
  stall: { fault: "stall:for=1m,rate=100%", alone: LATE },
  freeze: { fault: "freeze:for=1m", alone: LATE },
  "drop-final": {
    fault: "drop-final:rate=100%",
    phases: ["opening"],
    alone: { ...FAILED, class: "no-final" },
  },
  reset: { fault: "reset:rate=100%", alone: { ...FAILED, class: "reset" } },
  disconnect: { fault: "disconnect:rate=100%", alone: { ...FAILED, class: "connection-lost" } },
  goaway: { fault: "goaway", ofServer: true, alone: WELL },
  crash: { fault: "crash", ofServer: true, alone: FAILED, or: { code: 4503, error: "no_upstream" } },
  unready: { fault: "unready", ofServer: true, alone: WELL },
};

/** Kinds whose moment counts from the stream, or from their order just before it. */
const PER_STREAM: ReadonlySet<FaultKind> = new Set([
  "error",
  "lost-sequence",
  "stall",
  "freeze",
  "reset",
  "disconnect",
]);

/** Runs when the test is over. */
type AtEnd = (stop: () => Promise<void>) => void;

async function emulator(atEnd: AtEnd): Promise<Emulator> {
  const one = await createEmulator({
    ...{ profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 },
    delays: { partialMs: 5, finalMs: FINAL_MS },
  });
  atEnd(() => one.close());
  return one;
}

const LIMITS = { drain: "100ms", connect: "700ms", flush: "1500ms", offencesPerAddress: 1000 };

class Session {
  readonly caller: Caller;
  readonly #dialect: Dialect;

  constructor({ url }: TestGateway, dialect: Dialect) {
    this.#dialect = dialect;
    this.caller = new Caller(`${url}/v1/${dialect}?intent=transcription`);
  }

  /** The realtime dialect starts with its first audio. */
  async open(): Promise<void> {
    await this.caller.opened();
  }

  start(): void {
    if (this.#dialect === "stream") this.caller.json({ type: "start" });
  }

  speak(audio: Buffer): void {
    for (let at = 0; at < audio.length; at += 6400) {
      const piece = audio.subarray(at, at + 6400);
      if (this.#dialect === "stream") this.caller.socket.send(piece);
      else this.caller.json({ type: "input_audio_buffer.append", audio: piece.toString("base64") });
    }
  }

  finish(): void {
    this.caller.json({ type: this.#dialect === "stream" ? "finish" : "input_audio_buffer.done" });
  }

  /** The first interim result, or the end. */
  async heard(): Promise<void> {
    await this.caller.heard(this.#dialect === "stream" ? "interim" : DELTA).catch(() => undefined);
  }

  async ended(): Promise<{ code: number; text: string; error: unknown }> {
    const { code } = await this.caller.closed;
    const { caller } = this;
    const stream = this.#dialect === "stream";
    const text = stream
      ? caller
          .of("final")
          .map((event) => event["text"] as string)
          .join("")
      : (caller.of(COMPLETED).find((event) => event["is_last_result"] === true)?.["transcript"] ?? "");
    const error = caller.of("error")[0];
    const inner = stream ? error : (error?.["error"] as Record<string, unknown> | undefined);
    return { code, text: text as string, error: inner?.["code"] };
  }
}

async function metrics({ http }: TestGateway): Promise<string> {
  return (await fetch(`${http}/metrics`)).text();
}

/** Runs the victim through its phases, with the fault in one of them. */
async function runThrough(session: Session, server: Emulator, row: Row, phase: Phase): Promise<void> {
  const { takes } = FAULT_KINDS[kindOf(row)];
  const parameter = (["after", "from"] as const).find((name) => takes.includes(name)) ?? "from";
  const delay = `${row.fault.includes(":") ? "," : ":"}${parameter}=${phase === "opening" ? 0 : 150}ms`;
  const after = row.ofServer === true || !PER_STREAM.has(kindOf(row)) ? "" : delay;
  const strike = (): void => server.setFaults(parseFaults(`${row.fault}${after}`));
  const strikesAt = (now: Phase): boolean => (row.ofServer === true ? phase : "opening") === now;
  await session.open();
  if (strikesAt("opening")) strike();
  session.start();
  if (phase === "streaming") {
    session.speak(pcm.subarray(0, HALF));
    await session.heard();
    if (strikesAt("streaming")) strike();
    // The fault is over before the rest comes.
    await new Promise((resolve) => setTimeout(resolve, 300));
    session.speak(pcm.subarray(HALF));
    session.finish();
  } else {
    session.speak(pcm);
    session.finish();
    if (phase === "finishing" && strikesAt("finishing")) {
      await session.heard();
      strike();
    }
  }
}

function kindOf(row: Row): FaultKind {
  return (Object.keys(ROWS) as FaultKind[]).find((kind) => ROWS[kind] === row) ?? "error";
}

const CASES = (Object.keys(FAULT_KINDS) as FaultKind[]).flatMap((kind) =>
  (ROWS[kind].phases ?? PHASES).flatMap((phase) =>
    (["stream", "realtime"] as const).map((dialect) => ({ kind, phase, dialect })),
  ),
);

describe("the only recogniser", () => {
  test.concurrent.for(CASES)(
    "$kind while $phase, $dialect: the documented code",
    async ({ kind, phase, dialect }, { onTestFinished: atEnd }) => {
      const row = ROWS[kind];
      const server = await emulator(atEnd);
      const one = await testGateway([`127.0.0.1:${server.port}`], { config: { limits: LIMITS } });
      atEnd(() => one.gateway.drain());
      const session = new Session(one, dialect);
      await runThrough(session, server, row, phase);
      const { code, text, error } = await session.ended();
      const documented = [row.alone, row.or ?? row.alone].map((one) => [one.code, one.error]);
      expect(documented).toContainEqual([code, error]);
      if (code === 1000) expect(text).toBe(WORDS);
      const said = await metrics(one);
      expect(said).toContain(
        `bench_gateway_sessions_ended_total{dialect="${dialect}",close_code="${code}"} 1\n`,
      );
      expect(said).toMatch(/^bench_gateway_exceptions_total\{place="session"\} 0$/m);
      if (row.alone.class !== undefined) expect(errorsOf(said, "up1")).toContain(row.alone.class);
      else if (code === 1000) expect(errorsOf(said, "up1")).toEqual([]);
    },
  );
});

describe("with another recogniser behind it", () => {
  test.concurrent.for(CASES)(
    "$kind while $phase, $dialect: all words come, also of the session beside it",
    async ({ kind, phase, dialect }, { onTestFinished: atEnd }) => {
      const row = ROWS[kind];
      const [server, second] = [await emulator(atEnd), await emulator(atEnd)];
      const one = await testGateway(
        [server, second].map(({ port }) => `127.0.0.1:${port}`),
        {
          config: { limits: LIMITS },
        },
      );
      atEnd(() => one.gateway.drain());
      const bystander = new Session(one, dialect);
      await bystander.open();
      bystander.start();
      bystander.speak(pcm.subarray(0, HALF));
      await bystander.heard();
      const session = new Session(one, dialect);
      await runThrough(session, server, row, phase);
      expect(await session.ended()).toEqual({ code: 1000, text: WORDS, error: undefined });
      bystander.speak(pcm.subarray(HALF));
      bystander.finish();
      expect(await bystander.ended()).toEqual({ code: 1000, text: WORDS, error: undefined });
      const said = await metrics(one);
      expect(said).toContain(
        `bench_gateway_sessions_ended_total{dialect="${dialect}",close_code="1000"} 2\n`,
      );
      if (row.alone.class !== undefined) expect(errorsOf(said, "up1")).toContain(row.alone.class);
    },
  );
});

/** Streams that this upstream failed, by class. */
function errorsOf(text: string, upstream: string): string[] {
  const found = text.matchAll(/^bench_gateway_upstream_errors_total\{upstream="(.+)",class="(.+)"\} [1-9]/gm);
  return [...found].filter(([, name]) => name === upstream).map(([, , kind = ""]) => kind);
}
