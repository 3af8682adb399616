/** `bench transcribe`: what the server makes of a recording. */
import type { Argv } from "yargs";
import { defined } from "../../base/defined.ts";
import { resolve } from "node:path";
import { decodeWav, encodeWav, isPlainWav } from "../../base/audio/audio.ts";
import { durationFlag } from "../../base/duration.ts";
import { BenchError, EXIT } from "../../base/errors.ts";
import type { ServerMark } from "../../base/server-mark.ts";
import { printable } from "../../base/text/printable.ts";
import type { Failure } from "../../base/outcome.ts";
import { readNamedBytes } from "../../base/files/read-file.ts";
import { randomStream } from "../../base/random.ts";
import { shellWord } from "../../base/text/shell-word.ts";
import { existingPath, whyUnreadable } from "../../base/files/text-file.ts";
import type { Given } from "../../client/advice.ts";
import { adviceFor, failureText } from "../../client/advice.ts";
import type { ReachedBy } from "../../client/advice.ts";
import { withRetry } from "../../client/retry.ts";
import type { RecognitionSettings } from "../../client/transport.ts";
import { given, reachedBy } from "../check/check-finding.ts";
import type { ArgsOf } from "../command.ts";
import { command } from "../command.ts";
import { askMark } from "../../run/preflight.ts";
import { labelOf, openTarget } from "../../run/open-target.ts";
import type { CodedFile, Recognizer, Recording, Transcript } from "./recognize.ts";
import { recognizeByGrpc, recognizeByHttp, recognizeStream } from "./recognize.ts";
import type { ResolvedTarget } from "../../scenario/target/target.ts";
import { secretsOf, withoutSecrets } from "../../scenario/target/target-secrets.ts";
import type { World } from "../../base/process/world.ts";

/** Four attempts within about two seconds: enough for a server that restarts or a proxy that lost a connection. */
const RETRY = { firstDelayMs: 300, longestDelayMs: 2000 };

export const transcribeCommand = command(options, transcribe);

type Args = ArgsOf<typeof options>;

function options(yargs: Argv) {
  return yargs
    .positional("files", {
      type: "string",
      array: true,
      demandOption: true,
      describe: "WAV files, mono; by HTTP also FLAC and Opus (Ogg)",
    })
    .option("target", { alias: "t", type: "string", describe: "A target's name, file, or grpc://host:port" })
    .option("offline", { type: "boolean", default: false, describe: "Send each file whole (Recognize)" })
    .option("http", {
      type: "boolean",
      default: false,
      describe: "With --offline: by the HTTP port of a NIM (POST /v1/audio/transcriptions)",
    })
    .option("json", { type: "boolean", default: false, describe: "Print one JSON object a file" })
    .option("chunk", { type: "string", default: "100ms", describe: "Audio in one message" })
    .option("pace", { type: "number", default: 1, describe: "1 = as spoken, 0 = as fast as it goes" })
    .option("language", { type: "string", describe: "BCP-47 code; default en-US" })
    .option("model", { type: "string", describe: "Model name; default: the server's choice" })
    .option("retries", {
      type: "number",
      default: 3,
      describe: "More attempts after a failure that may pass, before there is any text",
    })
    .example("$0 transcribe call.wav", "partials while it is spoken, then the text")
    .example("$0 transcribe --offline --json *.wav", "for machines")
    .example("$0 transcribe --offline --http call.wav --target nim", "by a NIM's HTTP port");
}

async function transcribe(world: World, args: Args): Promise<void> {
  const chunkMs = durationFlag("--chunk", args.chunk, { minMs: 20, maxMs: 1000 });
  if (!(args.pace >= 0 && args.pace <= 100)) throw BenchError.usage(`--pace ${args.pace}: must be 0 to 100`);
  if (!Number.isInteger(args.retries) || args.retries < 0 || args.retries > 10)
    throw BenchError.usage(`--retries ${args.retries}: must be a whole number from 0 to 10`);
  if (args.http && !args.offline)
    throw BenchError.usage("--http is a way to send whole files", "Write --offline --http.");
  // All files before any traffic, so that a typing error costs nothing.
  const files = await Promise.all(args.files.map((file) => readAudio(file, world.cwd)));

  const { target, close } = await openTarget(world, args.target);
  try {
    const recognizer = { world, target, recognition: recognitionFor(args, target) };
    const jobs = jobsFor(recognizer, args, chunkMs, files);
    const found = await askMark(target, world.clock);
    const mark = { ...found, emulated: found.emulated || target.emulated !== undefined };
    if (!args.json) world.stderr.write(`${printable(labelOf(target, mark))}\n`);
    const random = randomStream(world.clock.epochMs(), "retry");
    for (const { audio, by, recognize } of jobs) {
      // `| head -1`: what follows nobody would read.
      if (world.stdout.isClosed === true) {
        world.setExitCode(EXIT.interrupted);
        break;
      }
      const attempt = async (): Promise<Transcript> => {
        const { outcome, ...heard } = await recognize();
        return { ...heard, outcome: withoutSecrets(outcome, secretsOf(target)) };
      };
      const transcript = await withRetry(attempt, undeliveredFailure, {
        policy: { ...RETRY, attempts: 1 + args.retries },
        clock: world.clock,
        random,
        onRetry(failure, number, delayMs) {
          const when = `attempt ${number} of ${1 + args.retries} in ${(delayMs / 1000).toFixed(1)} s`;
          world.stderr.write(`  ${printable(`${audio.file}: ${failureText(failure)}; ${when}`)}\n`);
        },
      });
      print(world, { audio, by }, transcript, { target, mark }, args.json);
      if (!transcript.outcome.ok) world.setExitCode(EXIT.targetUnusable);
    }
  } finally {
    await close();
  }
}

type AudioFile = Recording | CodedFile;

/** A file, and what has it recognised. */
interface Job {
  audio: AudioFile;
  by: ReachedBy;
  recognize(): Promise<Transcript>;
}

/**
 * The files, each to be recognised in the way that flags and target ask for.
 * @throws BenchError (exit 2) when the target has no such way, or it does not take such a file
 */
function jobsFor(
  recognizer: Recognizer,
  { offline, http, pace, json }: Args,
  chunkMs: number,
  files: readonly AudioFile[],
): Job[] {
  const { target } = recognizer;
  const bySamples = (recognize: (recording: Recording) => Promise<Transcript>): Job[] =>
    files.map(decoded).map((audio) => ({ audio, by: reachedBy(target), recognize: () => recognize(audio) }));
  if (!offline) return bySamples((audio) => recognizeStream(recognizer, audio, { chunkMs, pace, json }));
  if (target.kind === "gateway") {
    throw BenchError.usage(
      `${target.uri} is a gateway: it takes streams only`,
      "Leave --offline out, or name the recogniser behind it with --target.",
    );
  }
  if (target.kind === "riva-grpc" && !http) return bySamples((audio) => recognizeByGrpc(recognizer, audio));
  const { httpUrl } = target;
  if (httpUrl !== undefined) {
    const recognize = (audio: AudioFile): Promise<Transcript> =>
      recognizeByHttp(recognizer, httpUrl, uploadOf(audio));
    return files.map((audio) => ({ audio, by: "HTTP", recognize: () => recognize(audio) }));
  }
  throw BenchError.usage(
    `The target ${target.name} names no HTTP port`,
    "Use --target nim (NIM_HTTP_API_PORT), ws://host:9000, or a target file that says http: http://host:9000.",
  );
}

/** A failure before any text: nothing was shown that another attempt would say again. */
function undeliveredFailure({ text, firstPartialMs, outcome }: Transcript): Failure | undefined {
  return outcome.ok || text !== "" || firstPartialMs !== undefined ? undefined : outcome.failure;
}

async function readAudio(file: string, cwd: string): Promise<AudioFile> {
  const bytes = await readNamedBytes(await existingPath(resolve(cwd, file))).catch((error: unknown) => {
    throw BenchError.usage(`${file} can't be read: ${whyUnreadable(error)}`);
  });
  const magic = bytes.toString("latin1", 0, 4);
  if (magic === "fLaC") return { file, bytes, coding: "FLAC" };
  if (magic === "OggS") return { file, bytes, coding: "Ogg" };
  return { file, bytes, ...decodeWav(bytes, file) };
}

/** What goes to an HTTP port: the file itself, or its samples as a plain WAV, so that each way sends the same audio. */
function uploadOf(audio: AudioFile): Pick<Recording, "file" | "bytes"> {
  if ("coding" in audio || isPlainWav(audio.bytes, audio)) return audio;
  return { file: audio.file, bytes: encodeWav(audio.pcm, audio.sampleRateHz) };
}

/** @throws BenchError (exit 2) when the file holds no samples that could be sent */
function decoded(audio: AudioFile): Recording {
  if (!("coding" in audio)) return audio;
  const { file, coding } = audio;
  throw BenchError.usage(
    `${file} is ${coding}, which goes whole to a NIM's HTTP port only`,
    `Write --offline --http, or convert it: ffmpeg -i ${shellWord(file)} -ac 1 -ar 16000 -c:a pcm_s16le out.wav`,
  );
}

function recognitionFor(args: Args, target: ResolvedTarget): RecognitionSettings {
  const model = args.model ?? target.model;
  return {
    language: args.language ?? target.language ?? "en-US",
    ...defined({ model }),
    interim: true,
    punctuation: true,
    wordTimeOffsets: args.json,
  };
}

function print(
  world: World,
  { audio, by }: Pick<Job, "audio" | "by">,
  transcript: Transcript,
  { target, mark }: { target: ResolvedTarget; mark: ServerMark },
  json: boolean,
): void {
  const { file } = audio;
  const durationMs = "coding" in audio ? undefined : audio.durationMs;
  const { outcome, ...rest } = transcript;
  if (json) {
    const { name, uri } = target;
    const failure = outcome.ok ? {} : { failure: outcome.failure };
    const length = durationMs === undefined ? {} : { audioMs: durationMs };
    const line = { file, ok: outcome.ok, ...length, ...rest, ...failure };
    world.stdout.write(`${JSON.stringify({ ...line, target: { name, uri, ...mark } }, rounded)}\n`);
    return;
  }
  if (rest.text !== "") world.stdout.write(`${printable(rest.text)}\n`);
  const times = [
    ...(durationMs === undefined ? [] : [`${(durationMs / 1000).toFixed(1)} s`]),
    ...(rest.firstPartialMs === undefined
      ? []
      : [`first partial after ${rest.firstPartialMs.toFixed(0)} ms`]),
    ...(rest.finalMs === undefined
      ? []
      : [
          `final ${rest.finalMs.toFixed(0)} ms after ${rest.setupMs === undefined ? "the request" : "the last chunk"}`,
        ]),
  ];
  world.stderr.write(
    `  ${printable(file)}: ${outcome.ok ? times.join(", ") : inWords(outcome.failure, by, given(target))}\n`,
  );
}

function inWords(failure: Failure, by: ReachedBy, what: Given): string {
  const advice = adviceFor(failure, by, what);
  return `${printable(`failed (${failure.phase}, ${failure.code}): ${failure.message}`)}${advice === undefined ? "" : `\n  ${advice}`}`;
}

/** Latencies to a microsecond; more digits are noise. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === "number" ? Math.round(value * 1000) / 1000 : value;
}
