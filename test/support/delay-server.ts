/**
 * A Riva server that is not the emulator: it imposes exactly known delays and fails exactly the sessions it is told to,
 * and counts by the phase in the request id. What the harness reports must agree with it.
 */
import * as grpc from "@grpc/grpc-js";
import { rivaServices } from "../../src/base/riva-proto.ts";

export interface DelayServerOptions {
  /** From the arrival of an audio message to the response to it. */
  partialMs: number;
  /** From half-close to the final. */
  finalMs: number;
  /** Ends the n-th stream (from 1) with this status after its third audio message; undefined = serve it. */
  failStatus?(n: number): grpc.status | undefined;
  /** Text of every response. */
  text?: string;
}

export interface PhaseCounts {
  started: number;
  completed: number;
  failed: number;
}

export interface DelayServer {
  address: string;
  open: number;
  maxOpen: number;
  byPhase: Record<string, PhaseCounts>;
  /** When each stream began or ended well, on this process's clock. */
  changesMs: number[];
  /** Per stream that got audio, when each audio message came. */
  arrivals: number[][];
  close(): void;
}

interface Request {
  streaming_config?: object | null;
  audio_content?: Buffer;
  id?: { value: string };
}

/** Starts the server on a free loopback port. */
export async function startDelayServer(options: DelayServerOptions): Promise<DelayServer> {
  const server = new grpc.Server();
  const self: DelayServer = {
    address: "",
    open: 0,
    maxOpen: 0,
    byPhase: {},
    changesMs: [],
    arrivals: [],
    close: () => server.forceShutdown(),
  };
  let streams = 0;

  const recognize: grpc.handleBidiStreamingCall<Request, object> = (call) => {
    const n = ++streams;
    const failWith = options.failStatus?.(n);
    const startedMs = performance.now();
    const arrivals: number[] = [];
    let counts: PhaseCounts = { started: 0, completed: 0, failed: 0 };
    let chunks = 0;
    let audioBytes = 0;
    let over = false;
    self.open++;
    self.maxOpen = Math.max(self.maxOpen, self.open);
    const end = (kind: "completed" | "failed"): void => {
      if (over) return;
      over = true;
      self.open--;
      counts[kind]++;
      if (kind === "completed") self.changesMs.push(performance.now());
    };
    const respond = (dueMs: number, final: boolean, done: () => void): void => {
      const audio_processed = audioBytes / 32_000;
      at(dueMs, () => {
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
        done();
      });
    };
    call.on("data", (request: Request) => {
      const nowMs = performance.now();
      if (request.streaming_config != null) {
        const phase = request.id?.value.split("/")[1] ?? "none";
        counts = self.byPhase[phase] ??= { started: 0, completed: 0, failed: 0 };
        counts.started++;
        self.changesMs.push(nowMs);
        return;
      }
      if (chunks++ === 0) self.arrivals.push(arrivals);
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
      respond(nowMs + options.partialMs, false, () => undefined);
    });
    call.on("end", () => {
      respond(performance.now() + options.finalMs, true, () => {
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
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  self.address = `127.0.0.1:${port}`;
  return self;
}

/** Runs at an instant, late by microseconds: sleeps until just before, then looks at the clock at every turn. */
function at(dueMs: number, run: () => void): void {
  const look = (): void => {
    if (performance.now() >= dueMs) run();
    else setImmediate(look);
  };
  setTimeout(look, Math.max(0, Math.floor(dueMs - performance.now() - 1)));
}
