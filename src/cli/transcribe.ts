/** `bench transcribe`: what the server makes of a recording. */
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import type { CommandModule } from "yargs";
import type { DecodedAudio } from "../base/audio.ts";
import { decodeWav } from "../base/audio.ts";
import { parseDurationMs } from "../base/duration.ts";
import { BenchError, EXIT, messageOf } from "../base/errors.ts";
import type { Failure, Outcome } from "../base/outcome.ts";
import { adviceFor } from "../client/advice.ts";
import { createRivaUnary } from "../client/riva-unary.ts";
import type { AsrResponse, RecognitionSettings, WordTime } from "../client/transport.ts";
import { createTransport, transportFor } from "../client/transports.ts";
import { labelOf, openTarget } from "./open-target.ts";
import { playStream } from "./paced-stream.ts";
import type { ResolvedTarget } from "./target.ts";
import type { TextSink, World } from "./world.ts";

interface Args {
  files: string[];
  target?: string;
  offline: boolean;
  json: boolean;
  chunk: string;
  pace: number;
  language?: string;
  model?: string;
}

/** The server gets this long to accept a stream, and to end it after the last chunk. */
const LIMIT_MS = 10_000;
/** A whole recording may take longer than that. */
const OFFLINE_LIMIT_MS = 300_000;

export function transcribeCommand(world: World): CommandModule {
  return {
    command: "transcribe <files..>",
    describe: "Transcribe WAV files, as a stream with live partials or whole",
    builder: (yargs) =>
      yargs
        .positional("files", { type: "string", array: true, demandOption: true, describe: "WAV files, mono" })
        .option("target", { type: "string", describe: "A target's name, file, or grpc://host:port" })
        .option("offline", { type: "boolean", default: false, describe: "Send each file whole (Recognize)" })
        .option("json", { type: "boolean", default: false, describe: "Print one JSON object a file" })
        .option("chunk", { type: "string", default: "100ms", describe: "Audio in one message" })
        .option("pace", { type: "number", default: 1, describe: "1 = as spoken, 0 = as fast as it goes" })
        .option("language", { type: "string", describe: "BCP-47 code; default en-US" })
        .option("model", { type: "string", describe: "Model name; default: the server's choice" })
        .example("$0 transcribe call.wav", "partials while it is spoken, then the text")
        .example("$0 transcribe --offline --json *.wav", "for machines"),
    handler: (args) => transcribe(world, args as unknown as Args),
  };
}

/** What came of one file. */
interface Transcript {
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

async function transcribe(world: World, args: Args): Promise<void> {
  const chunkMs = parseDurationMs(args.chunk);
  if (chunkMs === undefined || chunkMs < 20 || chunkMs > 1000) {
    throw BenchError.usage(`--chunk ${args.chunk}: must be 20ms to 1s`);
  }
  if (!(args.pace >= 0 && args.pace <= 100)) throw BenchError.usage(`--pace ${args.pace}: must be 0 to 100`);
  // All files before any traffic, so that a typing error costs nothing.
  const recordings = await Promise.all(args.files.map((file) => readRecording(file, world.cwd)));

  const { target, close } = await openTarget(world, args.target);
  try {
    if (!args.json) world.stderr.write(`${labelOf(target)}\n`);
    const recognize = args.offline
      ? (recording: Recording) => recognizeWhole(world, target, recording, recognitionFor(args, target))
      : (recording: Recording) =>
          recognizeStream(world, target, recording, recognitionFor(args, target), { ...args, chunkMs });
    for (const recording of recordings) {
      const transcript = await recognize(recording);
      print(world, recording, transcript, target, args.json);
      if (!transcript.outcome.ok) world.setExitCode(EXIT.targetUnusable);
    }
  } finally {
    await close();
  }
}

interface Recording extends DecodedAudio {
  file: string;
}

async function readRecording(file: string, cwd: string): Promise<Recording> {
  const bytes = await readFile(resolve(cwd, file)).catch((error: unknown) => {
    throw BenchError.usage(`${file} can't be read (${messageOf(error)})`);
  });
  return { file, ...decodeWav(bytes, file) };
}

function requestIdOf(file: string): string {
  return `transcribe/${basename(file)}`;
}

function recognitionFor(args: Args, target: ResolvedTarget): RecognitionSettings {
  const model = args.model ?? target.model;
  return {
    language: args.language ?? target.language ?? "en-US",
    ...(model === undefined ? {} : { model }),
    interim: true,
    punctuation: true,
    wordTimeOffsets: args.json,
  };
}

async function recognizeStream(
  world: World,
  target: ResolvedTarget,
  { pcm, sampleRateHz, file }: Recording,
  recognition: RecognitionSettings,
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
  const transport = createTransport(transportFor(target.kind), { ...target, clock });
  const record = await playStream({
    ...{ transport, clock, spec, pcm, chunkMs, pace },
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

async function recognizeWhole(
  world: World,
  target: ResolvedTarget,
  { pcm, sampleRateHz, file }: Recording,
  recognition: RecognitionSettings,
): Promise<Transcript> {
  const unary = createRivaUnary({ ...target, clock: world.clock });
  const startMs = world.clock.nowMs();
  const answer = await unary.recognize(
    {
      audio: pcm,
      encoding: "LINEAR_PCM",
      sampleRateHz,
      recognition,
      requestId: `transcribe/${basename(file)}`,
    },
    OFFLINE_LIMIT_MS,
  );
  const finalMs = world.clock.nowMs() - startMs;
  unary.close();
  if (!answer.ok) return { text: "", finals: [], words: [], outcome: answer };
  const text = answer.value.text.trim();
  return {
    text,
    finals: [{ text, atMs: finalMs }],
    words: answer.value.words,
    finalMs,
    outcome: { ok: true },
  };
}

function print(
  world: World,
  recording: Recording,
  transcript: Transcript,
  target: ResolvedTarget,
  json: boolean,
): void {
  const { file, durationMs } = recording;
  const { outcome, ...rest } = transcript;
  if (json) {
    const { name, uri, emulated } = target;
    const failure = outcome.ok ? {} : { failure: outcome.failure };
    const line = { file, ok: outcome.ok, audioMs: durationMs, ...rest, ...failure };
    world.stdout.write(
      `${JSON.stringify({ ...line, target: { name, uri, emulated: emulated !== undefined } }, rounded)}\n`,
    );
    return;
  }
  if (rest.text !== "") world.stdout.write(`${rest.text}\n`);
  const times = [
    `${(durationMs / 1000).toFixed(1)} s`,
    ...(rest.firstPartialMs === undefined
      ? []
      : [`first partial after ${rest.firstPartialMs.toFixed(0)} ms`]),
    ...(rest.finalMs === undefined
      ? []
      : [
          `final ${rest.finalMs.toFixed(0)} ms after ${rest.setupMs === undefined ? "the request" : "the last chunk"}`,
        ]),
  ];
  world.stderr.write(`  ${file}: ${outcome.ok ? times.join(", ") : inWords(outcome.failure)}\n`);
}

function inWords(failure: Failure): string {
  const advice = adviceFor(failure);
  return `failed (${failure.phase}, ${failure.code}): ${failure.message}${advice === undefined ? "" : `\n  ${advice}`}`;
}

/** Latencies to a microsecond; more digits are noise. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}

interface LivePartials {
  show(response: AsrResponse): void;
  /** Takes the line back. */
  clear(): void;
}

/** The hypothesis so far, on one line that is rewritten; nothing where the output is not a terminal. */
function livePartials(out: TextSink): LivePartials | undefined {
  if (!out.isTTY) return undefined;
  const eraseLine = "\r\x1b[K";
  let settled = "";
  return {
    show({ text, final, trailingInterim = "" }) {
      if (final) settled += text;
      const line = (final ? settled + trailingInterim : settled + text).trim();
      // The end is what changes; a line that wraps could not be taken back.
      out.write(eraseLine + line.slice(-(out.columns - 1)));
    },
    clear: () => out.write(eraseLine),
  };
}
