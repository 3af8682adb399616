/** The steps of `bench check`, from the name of the server to one spoken sentence. Each says what it found. */
import { lookup } from "node:dns/promises";
import { connect, isIP } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { Clip } from "../base/dataset.ts";
import type { Clock } from "../base/clock.ts";
import { BenchError, messageOf } from "../base/errors.ts";
import type { Failure } from "../base/outcome.ts";
import { adviceFor } from "../client/advice.ts";
import { noConnectionFailure, socketErrorText } from "../client/failures.ts";
import { createRivaUnary } from "../client/riva-unary.ts";
import { tlsOptions } from "../client/tls-options.ts";
import { createTransport, transportFor } from "../client/transports.ts";
import { playStream } from "./paced-stream.ts";
import type { ResolvedTarget } from "./target.ts";

/** What one step found. */
export interface Finding {
  ok: boolean;
  detail: string;
  advice?: string;
  /** Machine-readable parts of the detail. */
  data?: Readonly<Record<string, unknown>>;
}

export interface CheckContext {
  target: ResolvedTarget;
  clock: Clock;
  /** What is said. */
  clip: Clip;
  language: string;
}

/** Long enough for a cold hosted endpoint, short enough to wait for. */
const LIMIT_MS = 10_000;
const CHUNK_MS = 100;

interface Step {
  name: string;
  applies(target: ResolvedTarget): boolean;
  run(context: CheckContext): Promise<Finding>;
}

const always = (): boolean => true;
const speaksGrpc = ({ kind }: ResolvedTarget): boolean => kind === "riva-grpc";

/** In order; each needs the ones before it. */
export const CHECK_STEPS: readonly Step[] = [
  { name: "dns", applies: ({ address }) => isIP(hostOf(address)) === 0, run: resolveName },
  { name: "tcp", applies: always, run: openSocket },
  { name: "tls", applies: ({ tls }) => tls !== undefined, run: shakeHands },
  { name: "grpc", applies: speaksGrpc, run: connectTransport },
  { name: "websocket", applies: (target) => !speaksGrpc(target), run: connectTransport },
  { name: "health", applies: speaksGrpc, run: askHealth },
  { name: "models", applies: speaksGrpc, run: listModels },
  { name: "utterance", applies: always, run: sayOneSentence },
];

async function resolveName({ target }: CheckContext): Promise<Finding> {
  try {
    const found = await lookup(hostOf(target.address), { all: true });
    return { ok: true, detail: found.map(({ address }) => address).join(", ") };
  } catch (error) {
    return { ok: false, detail: messageOf(error), advice: "Check the host name of the target." };
  }
}

async function openSocket({ target }: CheckContext): Promise<Finding> {
  const port = portOf(target.address);
  const finding = await opened(
    connect({ host: hostOf(target.address), port }),
    "connect",
    () => `port ${port} is open`,
  );
  const advice = "Nothing listens there, or a firewall is in between: check host and port (Riva's is 50051).";
  return finding.ok ? finding : { ...finding, advice };
}

async function shakeHands({ target }: CheckContext): Promise<Finding> {
  const host = hostOf(target.address);
  const socket = connectTls({
    host,
    port: portOf(target.address),
    ...(speaksGrpc(target) && { ALPNProtocols: ["h2"] }),
    ...tlsOptions(target.address, host, target.tls ?? {}),
  });
  return opened(socket, "secureConnect", () => {
    const { subject, valid_to: validTo } = socket.getPeerCertificate();
    return `${socket.getProtocol() ?? "TLS"}, certificate of ${[subject.CN].flat().join(", ")}, valid until ${validTo}`;
  });
}

async function connectTransport({ target, clock }: CheckContext): Promise<Finding> {
  const transport = createTransport(transportFor(target.kind), { ...target, clock });
  try {
    await transport.warmUp(1, LIMIT_MS);
    const detail = speaksGrpc(target) ? "HTTP/2 connection is up" : "the server answers HTTP";
    return { ok: true, detail };
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    return { ok: false, detail: error.message, ...(error.hint === undefined ? {} : { advice: error.hint }) };
  } finally {
    await transport.close();
  }
}

async function askHealth({ target, clock }: CheckContext): Promise<Finding> {
  const unary = createRivaUnary({ ...target, clock });
  const answer = await unary.health(LIMIT_MS);
  unary.close();
  if (!answer.ok) return failed(answer.failure);
  if (answer.value === "no-health-service")
    return { ok: true, detail: "the server offers no health service" };
  return answer.value === "serving"
    ? { ok: true, detail: "serving" }
    : {
        ok: false,
        detail: answer.value,
        advice: "The server is up, but does not serve yet: it may be loading models.",
      };
}

async function listModels({ target, clock }: CheckContext): Promise<Finding> {
  const unary = createRivaUnary({ ...target, clock });
  const answer = await unary.models(LIMIT_MS);
  unary.close();
  if (!answer.ok) {
    return answer.failure.code === "UNIMPLEMENTED"
      ? { ok: true, detail: "the server does not list its models" }
      : failed(answer.failure);
  }
  const models = answer.value;
  const inWords = models.map(({ name, parameters }) => {
    const told = ["type", "language_code", "chunk_ms"].flatMap((key) =>
      parameters[key] === undefined ? [] : [`${key}=${parameters[key]}`],
    );
    return told.length === 0 ? name : `${name} (${told.join(", ")})`;
  });
  return models.length === 0
    ? {
        ok: false,
        detail: "no model is loaded",
        advice: "Deploy a streaming speech recognition model on the server.",
      }
    : { ok: true, detail: inWords.join("; "), data: { models } };
}

async function sayOneSentence({ target, clock, clip, language }: CheckContext): Promise<Finding> {
  const transport = createTransport(transportFor(target.kind), { ...target, clock });
  const record = await playStream({
    transport,
    clock,
    pcm: clip.pcm,
    chunkMs: CHUNK_MS,
    pace: 1,
    spec: {
      recognition: {
        language,
        interim: true,
        ...(target.model === undefined ? {} : { model: target.model }),
      },
      encoding: "LINEAR_PCM",
      sampleRateHz: clip.sampleRateHz,
      requestId: "bench-check",
      readyTimeoutMs: LIMIT_MS,
      flushTimeoutMs: LIMIT_MS,
    },
  });
  await transport.close();
  if (!record.outcome.ok) return failed(record.outcome.failure);

  const { readyMs = record.startedMs, responses } = record;
  const transcript = responses
    .map((response) => (response.final ? response.text : ""))
    .join("")
    .trim();
  const heard = responses.find((response) => response.text.trim() !== "");
  const final = responses.findLast((response) => response.final);
  const data = {
    said: clip.text,
    transcript,
    setupMs: readyMs - record.startedMs,
    firstPartialFromOnsetMs: heard === undefined ? undefined : heard.atMs - readyMs - clip.onsetMs,
    finalFromSpeechEndMs: final === undefined ? undefined : final.atMs - readyMs - clip.speechEndMs,
  };
  if (transcript === "") {
    return {
      ok: false,
      detail: `nothing was recognised in "${clip.text ?? clip.id}"`,
      advice: "Check that the model is a streaming one and speaks the language.",
      data,
    };
  }
  const ms = (value: number | undefined): string => `${(value ?? NaN).toFixed(0)} ms`;
  return {
    ok: true,
    detail:
      `"${transcript}"; first partial ${ms(data.firstPartialFromOnsetMs)} after speech began, ` +
      `final ${ms(data.finalFromSpeechEndMs)} after it ended`,
    data,
  };
}

function failed(failure: Failure): Finding {
  const advice = adviceFor(failure);
  return {
    ok: false,
    detail: `${failure.code}: ${failure.message}`,
    ...(advice === undefined ? {} : { advice }),
    data: { failure },
  };
}

/** Whether the socket gets as far as `event`, described by `found`. It is gone afterwards. */
function opened(socket: Socket, event: "connect" | "secureConnect", found: () => string): Promise<Finding> {
  return new Promise((resolve) => {
    const end = (ok: boolean, detail: string): void => {
      socket.destroy();
      resolve({ ok, detail });
    };
    socket.setTimeout(LIMIT_MS, () => end(false, `no answer within ${LIMIT_MS} ms`));
    socket.once(event, () => end(true, found()));
    socket.once("error", (error) => {
      socket.destroy();
      resolve(failed(noConnectionFailure(socketErrorText(error))));
    });
    // A server may close without a word; then there is no error.
    socket.once("close", () => end(false, "the connection was closed"));
  });
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}
