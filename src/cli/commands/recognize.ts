/** The ways of `bench transcribe` to have a file recognised: as a stream, or whole by gRPC or HTTP. */
import { basename } from "node:path";
import type { DecodedAudio } from "../../base/audio/audio.ts";
import type { Outcome } from "../../base/outcome.ts";
import { createNimHttp } from "../../client/http/nim-http.ts";
import type { Recognition, UnaryResult } from "../../client/grpc/riva-unary.ts";
import { createRivaUnary } from "../../client/grpc/riva-unary.ts";
import type { RecognitionSettings, WordTime } from "../../client/transport.ts";
import { openTransport, transportFor } from "../../client/transports.ts";
import { livePartials } from "./live-partials.ts";
import { httpEndpoint } from "../../run/open-target.ts";
import { linearChunks, playStream } from "../../run/single-stream.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import type { World } from "../../base/process/world.ts";

/** The server gets this long to accept a stream, and to end it after the last chunk. */
const LIMIT_MS = 10_000;
/** A whole recording may take longer than that. */
const OFFLINE_LIMIT_MS = 300_000;

export interface Recording extends DecodedAudio {
  file: string;
  /** The file as it is. */
  bytes: Uint8Array;
}

/** A file whose coding is left to the server: it can only be sent as it is. */
export interface CodedFile extends Pick<Recording, "file" | "bytes"> {
  coding: "FLAC" | "Ogg";
}

/** What came of one file. */
export interface Transcript {
  text: string;
  finals: { text: string; atMs: number }[];
  words: WordTime[];
  setupMs?: number;
  /** From the start of the audio; only when it is streamed. */
  firstPartialMs?: number;
  /** Of a stream, from its last chunk; else from the request. */
  finalMs?: number;
  outcome: Outcome;
}

/** What all files have in common. */
export interface Recognizer {
  world: World;
  target: ResolvedTarget;
  recognition: RecognitionSettings;
}

/** A stream at the pace of a microphone or faster, with live partials on a terminal. */
export async function recognizeStream(
  { world, target, recognition }: Recognizer,
  { pcm, sampleRateHz, file }: Recording,
  { chunkMs, pace, json }: { chunkMs: number; pace: number; json: boolean },
): Promise<Transcript> {
  const limits = { readyTimeoutMs: LIMIT_MS, flushTimeoutMs: LIMIT_MS };
  const spec = {
    recognition,
    encoding: "LINEAR_PCM" as const,
    sampleRateHz,
    requestId: requestIdOf(file),
    ...limits,
  };
  const partials = json ? undefined : livePartials(world.stdout);
  const { clock } = world;
  const transport = await openTransport(transportFor(target.kind), { ...target, clock });
  const record = await playStream({
    ...{ transport, clock, spec, pace },
    ...linearChunks(transport, { pcm, sampleRateHz }, chunkMs),
    onResponse: (response) => partials?.show(response),
  });
  partials?.clear();
  await transport.close();

  const { readyMs = record.startedMs, lastSentMs, responses, outcome } = record;
  const finals = responses.filter((response) => response.final);
  const first = responses.find((response) => response.text.trim() !== "");
  const last = finals.at(-1);
  return {
    text: finals
      .map((response) => response.text)
      .join("")
      .trim(),
    finals: finals.map((response) => ({ text: response.text.trim(), atMs: response.atMs - readyMs })),
    words: finals.flatMap((response) => response.words ?? []),
    setupMs: readyMs - record.startedMs,
    ...(first === undefined ? {} : { firstPartialMs: first.atMs - readyMs }),
    ...(last === undefined || lastSentMs === undefined ? {} : { finalMs: last.atMs - lastSentMs }),
    outcome,
  };
}

/** A whole file by `Recognize`, over gRPC. */
export async function recognizeByGrpc(
  { world, target, recognition }: Recognizer,
  { pcm, sampleRateHz, file }: Recording,
): Promise<Transcript> {
  const unary = createRivaUnary({ ...target, clock: world.clock });
  const startMs = world.clock.nowMs();
  const requestId = requestIdOf(file);
  const answer = await unary.recognize(
    { audio: pcm, encoding: "LINEAR_PCM", sampleRateHz, recognition, requestId },
    OFFLINE_LIMIT_MS,
  );
  unary.close();
  return wholeTranscript(answer, world.clock.nowMs() - startMs);
}

/** A whole file by a NIM's `POST /v1/audio/transcriptions`. @param url of the target's HTTP port */
export async function recognizeByHttp(
  { world, target, recognition }: Recognizer,
  url: string,
  { bytes, file }: Pick<Recording, "file" | "bytes">,
): Promise<Transcript> {
  const { language, model } = recognition;
  const startMs = world.clock.nowMs();
  const answer = await createNimHttp(url, httpEndpoint(target), world.clock).transcribe(
    { name: basename(file), bytes, language, ...(model === undefined ? {} : { model }) },
    OFFLINE_LIMIT_MS,
  );
  return wholeTranscript(answer, world.clock.nowMs() - startMs);
}

function wholeTranscript(answer: UnaryResult<Recognition>, finalMs: number): Transcript {
  if (!answer.ok) return { text: "", finals: [], words: [], outcome: answer };
  const text = answer.value.text.trim();
  const { words } = answer.value;
  return { text, finals: [{ text, atMs: finalMs }], words, finalMs, outcome: { ok: true } };
}

function requestIdOf(file: string): string {
  return `transcribe/${basename(file)}`;
}
