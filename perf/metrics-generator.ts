/**
 * The product under load with its metrics now on, now off: sessions of one utterance, one after the other on every stream.
 * Both ways run in one process within seconds of each other, so what differs between two runs of a machine cancels out.
 *
 * On is all that a run with `--metrics-port` does, whichever of its processes does it: every session recorded, its second
 * sent to the coordinator and merged, and a scrape every five seconds. The lines of `sessions.ndjson` are no metrics and
 * not written either way.
 *
 * Arguments: the name of the transport, the most streams that a connection may carry.
 */
import process from "node:process";
import { deserialize, serialize } from "node:v8";
import { realClock } from "../src/base/clock.ts";
import { openTransport } from "../src/client/transports.ts";
import type { ReadyClip } from "../src/loadgen/audio/audio-plan.ts";
import { inLaterTurns } from "../src/loadgen/engine/later-turns.ts";
import { createScheduler, timed } from "../src/loadgen/engine/scheduler.ts";
import { Session, type SessionContext } from "../src/loadgen/engine/session.ts";
import { exposedFamilies } from "../src/watch/exposed.ts";
import type { Observation } from "../src/metrics/observation/observation.ts";
import { expose } from "../src/watch/prometheus.ts";
import { createRecorder } from "../src/metrics/record/recorder.ts";
import { createRunState } from "../src/watch/run-state.ts";
import { inMicroseconds } from "../src/metrics/result/session-record.ts";
import { parseSlo } from "../src/metrics/judge/slo.ts";
import type { Snapshot } from "../src/metrics/record/snapshot.ts";
import { createTotals } from "../src/metrics/record/totals.ts";
import { serveParent, type Slice, tellParent } from "./messages.ts";
import { CHUNK_MS, makeChunk, SAMPLE_RATE_HZ, SESSION_SPEC, SPOKEN_WORDS } from "./workload.ts";

const AUDIO_MS = 5000;
/** One turn in so many, of those with metrics, ends with a scrape: every five seconds, a turn being one. */
const TURNS_PER_SCRAPE = 5;

const [transportName = "", streamsPerConnection] = process.argv.slice(2);

serveParent(0, (message) => {
  if (message.type === "compare") void compare(message.port, message.streams, message.slices);
});

async function compare(port: number, streams: number, slices: number): Promise<void> {
  const transport = await openTransport(transportName, {
    address: `127.0.0.1:${port}`,
    streamsPerConnection: Number(streamsPerConnection),
    clock: realClock,
  });
  await transport.warmUp(streams, 5000);
  const scheduler = createScheduler(realClock);
  const metrics = createMetrics();
  const chunk = transport.encodeChunk(makeChunk());
  const clip: ReadyClip = {
    facts: { id: "speech", audioMs: AUDIO_MS, onsetMs: 200, speechEndMs: 4900, ...spoken() },
    sampleRateHz: SAMPLE_RATE_HZ,
    chunks: Array.from({ length: AUDIO_MS / CHUNK_MS }, () => chunk),
    chunkMs: CHUNK_MS,
  };
  let seq = 0;
  const context: SessionContext = {
    clock: realClock,
    scheduler,
    transport,
    spec: SESSION_SPEC,
    names: ({ slot }) => ({ requestId: `perf/${slot}` }),
    onEnd(session) {
      const observation = session.observation(true);
      if (observation.outcome?.ok !== true)
        throw new Error(`a session failed: ${JSON.stringify(observation.outcome)}`);
      metrics.session(observation);
      begin(observation.slot, realClock.nowMs());
    },
  };
  const begin = (slot: number, atMs: number): void => {
    const phaseOffsetMs = (slot * CHUNK_MS) / streams;
    scheduler.add(
      timed(atMs, () => {
        new Session(context, {
          ...{
            seq: seq++,
            slot,
            phase: "steady",
            stage: "main",
            scheduledMs: atMs,
            clip,
            pace: 1,
            phaseOffsetMs,
          },
        });
      }),
    );
  };
  // The first sessions start over the length of one, so that as many end in every second.
  const startMs = realClock.nowMs();
  for (let slot = 0; slot < streams; slot++) begin(slot, startMs + (slot * AUDIO_MS) / streams);
  await until(startMs + 2 * AUDIO_MS);
  // Compiled before it is measured.
  for (let n = 0; n < TURNS_PER_SCRAPE; n++) await slice(true);

  const measured: Slice[] = [];
  for (let n = 0; n < slices; n++) measured.push(await slice(n % 4 === 1 || n % 4 === 2));
  tellParent({ type: "compared", slices: measured });

  async function slice(on: boolean): Promise<Slice> {
    metrics.switch(on);
    const before = process.cpuUsage();
    const fromMs = realClock.nowMs();
    await until(fromMs + 1000);
    await metrics.second();
    const { user, system } = process.cpuUsage(before);
    const elapsedS = (realClock.nowMs() - fromMs) / 1000;
    return { on, cpuUsPerStreamSecond: (user + system) / elapsedS / streams };
  }

  function until(atMs: number): Promise<void> {
    return new Promise((resolve) => scheduler.add(timed(atMs, resolve)));
  }
}

/** The metrics of a run with three SLOs. */
function createMetrics(): {
  switch(on: boolean): void;
  session(observation: Observation): void;
  second(): Promise<void>;
} {
  const slos = [
    "first_partial_from_onset p95 < 1000ms",
    "final_from_speech_end p95 < 1200ms",
    "error_ratio < 1%",
  ].map((text) => parseSlo(text));
  const window = { startMs: 0, endMs: 1e9 };
  const recorder = createRecorder({ window, slos });
  const totals = createTotals({ window, slos });
  const target = { name: "null server", kind: transportName, emulated: true };
  const labels = { runId: "perf", scenario: "perf", tool: "", node: process.version, host: "", planHash: "" };
  const state = createRunState(
    { ...labels, target, window, slos, startedAtEpochMs: 0, chunkMs: CHUNK_MS },
    1,
  );
  const ended = inLaterTurns(realClock, (observation: Observation) =>
    recorder.record(inMicroseconds(observation)),
  );
  let isOn = false;
  let turns = 0;
  let fromMs = realClock.nowMs();
  return {
    switch(on) {
      isOn = on;
      fromMs = realClock.nowMs();
    },
    session(observation) {
      if (isOn) ended.add(observation);
    },
    async second() {
      if (!isOn) return;
      // What ended in this turn is this turn's work.
      await new Promise<void>((resolve) => ended.work(resolve));
      const toMs = realClock.nowMs();
      const snapshot = deserialize(
        serialize(recorder.snapshot(fromMs, toMs, { loopDelayMs: 1 })),
      ) as Snapshot;
      fromMs = toMs;
      totals.add(snapshot);
      state.snapshot(snapshot);
      state.tick({ totals, windowEndMs: window.endMs });
      if (++turns % TURNS_PER_SCRAPE === 0)
        await expose(exposedFamilies(state.view(realClock.nowMs())), "text/plain");
    },
  };
}

/** The reference: what the null server says, a word every half a second. */
function spoken(): Pick<ReadyClip["facts"], "text" | "words"> {
  const words = SPOKEN_WORDS.map((word, i) => ({ word, startMs: 200 + i * 470, endMs: 600 + i * 470 }));
  return { text: SPOKEN_WORDS.join(" "), words };
}
