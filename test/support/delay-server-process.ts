/**
 * The server of delay-server.ts, in a process of its own: takes its options and questions as messages from its parent, and
 * ends with it.
 */
import * as grpc from "@grpc/grpc-js";
import { rivaServices } from "../../src/base/riva-proto.ts";
import type { DelayServerOptions, PhaseCounts, Served } from "./delay-server.ts";

interface Request {
  streaming_config?: object | null;
  audio_content?: Buffer;
  id?: { value: string };
}

/** Serves on a free loopback port, and counts into `served`. */
async function serve(options: DelayServerOptions, served: Served): Promise<number> {
  const server = new grpc.Server();
  let streams = 0;

  const recognize: grpc.handleBidiStreamingCall<Request, object> = (call) => {
    const n = ++streams;
    const failWith = n % (options.failEvery ?? Infinity) === 0 ? grpc.status.INTERNAL : undefined;
    const startedMs = performance.now();
    const arrivals: number[] = [];
    let counts: PhaseCounts = { started: 0, completed: 0, failed: 0 };
    let phase = "none";
    let chunks = 0;
    let audioBytes = 0;
    let over = false;
    served.open++;
    served.maxOpen = Math.max(served.maxOpen, served.open);
    const end = (kind: "completed" | "failed"): void => {
      if (over) return;
      over = true;
      served.open--;
      counts[kind]++;
      if (kind === "completed") served.changesEpochMs.push(Date.now());
    };
    const respond = (fromMs: number, delayMs: number, final: boolean, done: () => void): void => {
      const audio_processed = audioBytes / 32_000;
      const imposed = served.imposed[final ? "final" : chunks === 1 ? "firstPartial" : "partial"];
      at(fromMs + delayMs, () => {
        if (over) return;
        call.write({
          results: [
            {
              alternatives: [{ transcript: options.text ?? "one two three" }],
              is_final: final,
              audio_processed,
            },
          ],
        });
        if (phase === "steady") imposed.push(performance.now() - fromMs);
        done();
      });
    };
    call.on("data", (request: Request) => {
      const nowMs = performance.now();
      if (request.streaming_config != null) {
        phase = request.id?.value.split("/")[1] ?? "none";
        counts = served.byPhase[phase] ??= { started: 0, completed: 0, failed: 0 };
        counts.started++;
        served.changesEpochMs.push(Date.now());
        return;
      }
      if (chunks++ === 0) served.arrivals.push(arrivals);
      arrivals.push(nowMs);
      audioBytes += request.audio_content?.length ?? 0;
      if (failWith !== undefined && chunks === 3) {
        end("failed");
        call.emit("error", {
          code: failWith,
          details: `planned failure of stream ${n} after ${nowMs - startedMs} ms`,
        });
        return;
      }
      respond(nowMs, options.partialMs, false, () => undefined);
    });
    call.on("end", () => {
      respond(performance.now(), options.finalMs, true, () => {
        end("completed");
        call.end();
      });
    });
    call.on("cancelled", () => end("failed"));
    call.on("error", () => end("failed"));
  };

  server.addService(rivaServices().asr, {
    StreamingRecognize: recognize,
    Recognize: (_: unknown, reply: grpc.sendUnaryData<object>) => reply({ code: grpc.status.UNIMPLEMENTED }),
    GetRivaSpeechRecognitionConfig: (_: unknown, reply: grpc.sendUnaryData<object>) =>
      reply({ code: grpc.status.UNIMPLEMENTED }),
  });
  return new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
}

/** Runs at an instant, late by microseconds: sleeps until just before, then looks at the clock at every turn. */
function at(dueMs: number, run: () => void): void {
  const look = (): void => {
    if (performance.now() >= dueMs) run();
    else setImmediate(look);
  };
  setTimeout(look, Math.max(0, Math.floor(dueMs - performance.now() - 1)));
}

const served: Served = {
  open: 0,
  maxOpen: 0,
  byPhase: {},
  changesEpochMs: [],
  arrivals: [],
  imposed: { firstPartial: [], partial: [], final: [] },
};
process.on("message", (message: DelayServerOptions | "count") => {
  if (message === "count") process.send?.(served);
  else void serve(message, served).then((port) => process.send?.(port));
});
process.on("disconnect", () => process.exit());
