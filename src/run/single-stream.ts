/** One stream without load, for `check`, `transcribe` and unloaded answers: a timer a chunk will do. */
import { chunkAudio, pcmBytes, pcmDurationMs } from "../base/audio/audio.ts";
import type { Clock } from "../base/clock.ts";
import type { Outcome } from "../base/outcome.ts";
import type { AsrResponse, AsrTransport, EncodedChunk, StreamSpec } from "../client/transport.ts";
import { dueAfterMs } from "../metrics/observation/due-time.ts";

export interface PacedStream {
  transport: AsrTransport;
  clock: Clock;
  spec: StreamSpec;
  /** In the transport's wire form; all but the last are `chunkMs` long. */
  chunks: readonly EncodedChunk[];
  audioMs: number;
  chunkMs: number;
  /** 1 = real time; 0 = each chunk as soon as the transport has taken the one before. */
  pace: number;
  onResponse?: (response: AsrResponse) => void;
}

/** Times are on the clock that was given. */
export interface StreamRecord {
  outcome: Outcome;
  startedMs: number;
  /** Configuration accepted; the microphone opens. */
  readyMs?: number;
  lastSentMs?: number;
  endedMs: number;
  responses: AsrResponse[];
}

/** Audio cut into chunks of linear PCM, as `playStream` takes it. */
export function linearChunks(
  transport: Pick<AsrTransport, "encodeChunk">,
  { pcm, sampleRateHz }: { pcm: Uint8Array; sampleRateHz: number },
  chunkMs: number,
): Pick<PacedStream, "chunks" | "audioMs" | "chunkMs"> {
  return {
    chunks: chunkAudio(pcm, pcmBytes(chunkMs, sampleRateHz)).map((chunk) => transport.encodeChunk(chunk)),
    audioMs: pcmDurationMs(pcm, sampleRateHz),
    chunkMs,
  };
}

/** Plays the chunks once. Chunk k is due when its last sample has been spoken. Never rejects. */
export function playStream(options: PacedStream): Promise<StreamRecord> {
  const { transport, clock, spec, chunks, audioMs, chunkMs, pace, onResponse } = options;
  const record: Omit<StreamRecord, "outcome"> = { startedMs: clock.nowMs(), endedMs: NaN, responses: [] };

  return new Promise((resolve) => {
    let cancelWake = (): void => undefined;

    /** Sends chunk `index` and, when it is the last, half-closes with it, as a caller's hang-up would. */
    const send = (index: number): void => {
      const chunk = chunks[index];
      if (chunk === undefined) return;
      record.lastSentMs = clock.nowMs();
      stream.send(chunk);
      if (index === chunks.length - 1) stream.finish();
      else if (pace > 0) wakeFor(index + 1);
    };
    const wakeFor = (index: number): void => {
      const dueMs = (record.readyMs ?? 0) + dueAfterMs({ chunkMs, audioMs, pace }, index);
      cancelWake = clock.wakeAt(dueMs, () => send(index));
    };

    const stream = transport.open(spec, {
      onOpen(atMs) {
        record.readyMs = atMs;
        if (pace > 0) wakeFor(0);
        else send(0);
      },
      onAccepted(index) {
        if (pace === 0) send(index + 1);
      },
      onResponse(response) {
        record.responses.push(response);
        onResponse?.(response);
      },
      onEnd(atMs, outcome) {
        cancelWake();
        resolve({ ...record, endedMs: atMs, outcome });
      },
    });
  });
}
