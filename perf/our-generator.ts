/**
 * The product under measurement: its transport, scheduler and sessions, one long session a stream.
 * Arguments: the name of the transport, the most streams that a connection may carry.
 */
import process from "node:process";
import { realClock } from "../src/base/clock.ts";
import { openTransport } from "../src/client/transports.ts";
import type { ReadyClip } from "../src/loadgen/audio/audio-plan.ts";
import { createScheduler, timed } from "../src/loadgen/engine/scheduler.ts";
import type { SessionContext } from "../src/loadgen/engine/session.ts";
import { Session } from "../src/loadgen/engine/session.ts";
import { runGenerator } from "./messages.ts";
import { realClockOffsetMs } from "./monotonic.ts";
import type { Plan } from "./workload.ts";
import {
  CHUNK_MS,
  SAMPLE_RATE_HZ,
  SESSION_SPEC,
  chunksOfStream,
  idOfStream,
  makeChunk,
  phaseOfStream,
  startOfStream,
} from "./workload.ts";

const [transportName = "", streamsPerConnection] = process.argv.slice(2);

runGenerator(async (plan, generated) => {
  const transport = await openTransport(transportName, {
    address: `127.0.0.1:${plan.port}`,
    streamsPerConnection: Number(streamsPerConnection),
    clock: realClock,
  });
  await transport.warmUp(plan.streams, 5000);
  const scheduler = createScheduler(realClock);
  const chunk = transport.encodeChunk(makeChunk());

  await new Promise<void>((resolve) => {
    const context: SessionContext = {
      clock: realClock,
      scheduler,
      transport,
      spec: SESSION_SPEC,
      names: (start) => ({ requestId: idOfStream(plan, start.slot) }),
      onEnd(session) {
        const { slot, anchorMs, sentMs, responses, outcome } = session.observation(true);
        const toMachineTime = (atMs: number): number => atMs + realClockOffsetMs;
        generated.streams.push({
          id: idOfStream(plan, slot),
          anchorMs: toMachineTime(anchorMs ?? NaN),
          sentMs: Float64Array.from(sentMs, toMachineTime),
          heardMs: Float64Array.from(responses, ({ atMs }) => toMachineTime(atMs)),
        });
        if (outcome?.ok === true) generated.completed++;
        if (generated.streams.length === plan.streams) resolve();
      },
    };
    // Streams of one length share their clip, as sessions of the product do.
    const clips = new Map<number, ReadyClip>();
    for (let index = 0; index < plan.streams; index++) {
      const chunks = chunksOfStream(plan, index);
      const clip = clips.get(chunks) ?? readyClip(chunks);
      clips.set(chunks, clip);
      // Named by its model: a gateway passes that on, but gives a request id of its own.
      const recognition = { ...context.spec.recognition, model: idOfStream(plan, index) };
      scheduleSession({ ...context, spec: { ...context.spec, recognition } }, plan, index, clip);
    }

    function readyClip(chunks: number): ReadyClip {
      const audioMs = chunks * CHUNK_MS;
      return {
        facts: { id: "noise", audioMs, onsetMs: 0, speechEndMs: audioMs, words: [] },
        sampleRateHz: SAMPLE_RATE_HZ,
        chunks: Array.from({ length: chunks }, () => chunk),
        chunkMs: CHUNK_MS,
      };
    }
  });
  scheduler.stop();
  await transport.close();
});

function scheduleSession(context: SessionContext, plan: Plan, index: number, clip: ReadyClip): void {
  const scheduledMs = startOfStream(plan, index) - realClockOffsetMs;
  context.scheduler.add(
    timed(scheduledMs, () => {
      new Session(context, {
        seq: index,
        slot: index,
        phase: "steady",
        stage: "main",
        scheduledMs,
        clip,
        pace: 1,
        phaseOffsetMs: (phaseOfStream(plan, index) - realClockOffsetMs) % CHUNK_MS,
      });
    }),
  );
}
