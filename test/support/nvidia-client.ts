/**
 * A stand-in for NVIDIA's `riva_streaming_asr_client --simulate_realtime` with its benchmark flags, in a process of its own: its
 * pacing, its start of streams, its stamps, its table. Our own code, and none of the generator's.
 *
 * That client is compiled and has a thread for each writer: its first stream begins as fast as its last, and its chunks leave within
 * 0.1 ms. So this one runs a stream before the clock starts, and waits for an instant without the rounding of timers.
 *
 *     node --import tsx test/support/nvidia-client.ts HOST:PORT WAV CHUNK_MS PARALLEL ITERATIONS
 */
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import type { StreamingRecognizeResponse } from "../../src/base/riva-proto.ts";
import { rivaServices } from "../../src/base/riva-proto.ts";
import type { NvidiaStream } from "./nvidia-table.ts";
import { nvidiaTable } from "./nvidia-table.ts";

/** Files of this test have the plain header. */
const HEADER_BYTES = 44;
const RATE_HZ = 16_000;
const WARM_UP_STREAMS = 5;

/** Audio messages of a file: the first carries the header besides its full chunk. `ms` leaves the header out. */
function messagesOf(wav: Buffer, chunkMs: number): { bytes: Buffer; ms: number }[] {
  const chunkBytes = 2 * Math.floor((RATE_HZ * chunkMs) / 1000);
  const messages: { bytes: Buffer; ms: number }[] = [];
  for (let from = HEADER_BYTES; from < wav.length; from += chunkBytes) {
    const audio = wav.subarray(from, from + chunkBytes);
    const bytes = from === HEADER_BYTES ? Buffer.concat([wav.subarray(0, HEADER_BYTES), audio]) : audio;
    messages.push({ bytes, ms: (audio.length / 2 / RATE_HZ) * 1000 });
  }
  return messages;
}

/**
 * One stream, whose schedule begins now, before its configuration is written. NVIDIA's client too begins its streams one after
 * the other, from one thread. `sent` resolves when the writer is done, `finished` with the timeline when the server is.
 */
function openStream(
  client: Client,
  messages: readonly { bytes: Buffer; ms: number }[],
  chunkMs: number,
): { sent: Promise<void>; finished: Promise<NvidiaStream> } {
  const { path, requestSerialize, responseDeserialize } = rivaServices().asr.StreamingRecognize;
  const sentMs: number[] = [];
  const responses: { atMs: number; final: boolean }[] = [];
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  call.on("data", ({ results }: StreamingRecognizeResponse) =>
    responses.push({ atMs: performance.now(), final: results.some(({ is_final }) => is_final) }),
  );
  const finished = new Promise<NvidiaStream>((resolve, reject) => {
    call.on("end", () => resolve({ sentMs, responses }));
    call.on("error", reject);
  });
  const config = {
    encoding: "LINEAR_PCM" as const,
    sample_rate_hertz: RATE_HZ,
    language_code: "en-US",
    max_alternatives: 1,
    audio_channel_count: 1,
    enable_word_time_offsets: false,
    enable_automatic_punctuation: true,
    verbatim_transcripts: true,
    speech_contexts: [{ phrases: [], boost: 10 }],
    diarization_config: { enable_speaker_diarization: false, max_speaker_count: 4 },
  };
  const startMs = performance.now();
  call.write({ streaming_config: { config, interim_results: false } });

  async function write(): Promise<void> {
    for (const [n, { bytes, ms }] of messages.entries()) {
      await until(startMs + n * chunkMs + ms);
      sentMs.push(performance.now());
      call.write({ audio_content: bytes });
    }
    call.end();
  }
  return { sent: write(), finished };
}

/** Timers are up to 1.5 ms late: the rest of the time turns the event loop, which goes on reading. */
async function until(atMs: number): Promise<void> {
  const timerMs = Math.floor(atMs - performance.now() - 1.5);
  if (timerMs > 0) await new Promise((resolve) => setTimeout(resolve, timerMs));
  while (performance.now() < atMs) await new Promise((resolve) => setImmediate(resolve));
}

async function main([address, file, chunk, parallel, iterations]: string[]): Promise<void> {
  const chunkMs = Number(chunk);
  const messages = messagesOf(readFileSync(file ?? ""), chunkMs);
  const client = new Client(address ?? "", credentials.createInsecure());
  await new Promise<void>((resolve, reject) =>
    client.waitForReady(Date.now() + 10_000, (error) => (error ? reject(error) : resolve())),
  );
  const unpaced = messages.map(({ bytes }) => ({ bytes, ms: 0 }));
  for (let run = 0; run < WARM_UP_STREAMS; run++) await openStream(client, unpaced, 0).finished;

  const finished: Promise<NvidiaStream>[] = [];
  let left = Number(parallel) * Number(iterations);
  // As many writers as streams in parallel; the next stream of each begins when its writer is done, not when its reader is.
  async function writer(): Promise<void> {
    while (left > 0) {
      left--;
      const stream = openStream(client, messages, chunkMs);
      finished.push(stream.finished);
      await stream.sent;
    }
  }
  await Promise.all(Array.from({ length: Number(parallel) }, () => writer()));
  const table = nvidiaTable(await Promise.all(finished));
  client.close();
  process.stdout.write(`${JSON.stringify(table ?? null)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await main(process.argv.slice(2));
