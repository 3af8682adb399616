/**
 * `POST /v1/audio/transcriptions` of a NIM's HTTP port: a whole file as a multipart form, recognised as by `Recognize`. The
 * only importer of @fastify/busboy.
 */
import type { IncomingMessage } from "node:http";
import { pipeline } from "node:stream/promises";
import { Busboy } from "@fastify/busboy";
import type { Partially, RecognizeRequest } from "../../base/riva-proto.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { messageOf } from "../../base/errors.ts";
import { asRejection } from "../call/rejection.ts";
import type { SpeechService } from "../speech-service.ts";

export interface HttpReply {
  status: number;
  /** Sent as it is; anything but a string as JSON. */
  body: unknown;
  contentType?: string;
}

/** A NIM's own limit. */
const LARGEST_FILE_BYTES = 25 * 1024 * 1024;

/** The answer to an upload; whatever is wrong with it is a 400 that says what. */
export async function transcribeUpload(service: SpeechService, request: IncomingMessage): Promise<HttpReply> {
  let form: Upload;
  try {
    form = await readUpload(request);
  } catch (error) {
    return bad(`the body is no multipart form: ${messageOf(error)}`);
  }
  const { file: audio, tooLarge } = form;
  if (tooLarge) return bad("audio too long");
  if (!audio) return bad("file is missing");
  const language = form.fields.get("language") ?? "";
  const model = form.fields.get("model") ?? "";
  if (language === "" && model === "") return bad("language or model must be given");
  const format = form.fields.get("response_format") ?? "json";
  if (format !== "json" && format !== "text") return bad("response_format must be json or text");

  const recognizeRequest = asReceived({ config: { language_code: language, model }, audio });
  try {
    const response = await service.recognize(recognizeRequest);
    const results = response.results ?? [];
    const transcript = results.map(({ alternatives }) => alternatives?.[0]?.transcript ?? "").join("");
    if (format === "text") return { status: 200, body: transcript, contentType: "text/plain; charset=utf-8" };
    const seconds = results.at(-1)?.audio_processed ?? 0;
    return { status: 200, body: { text: transcript, usage: { type: "duration", seconds } } };
  } catch (error) {
    const { message } = asRejection(error);
    return bad(message.includes("Unavailable model") ? `Bad Request, bad model: ${message}` : message);
  }
}

/** The request as gRPC would have brought it, with every default in place. */
function asReceived(request: Partially<RecognizeRequest>): RecognizeRequest {
  const { requestSerialize, requestDeserialize } = rivaServices().asr.Recognize;
  return requestDeserialize(requestSerialize(request));
}

interface Upload {
  fields: Map<string, string>;
  file: Buffer | undefined;
  tooLarge: boolean;
}

/**
 * Reads a multipart form with one file.
 * @throws when it is none
 */
async function readUpload(request: IncomingMessage): Promise<Upload> {
  const { headers } = request;
  const contentType = headers["content-type"];
  if (contentType === undefined) throw new Error("Content-Type is missing");
  const parser = new Busboy({
    headers: { ...headers, "content-type": contentType },
    limits: { fileSize: LARGEST_FILE_BYTES, files: 1 },
  });
  const upload: Upload = { fields: new Map(), file: undefined, tooLarge: false };
  parser.on("field", (name, value) => upload.fields.set(name, value.trim()));
  parser.on("file", (_name, stream) => {
    const parts: Buffer[] = [];
    stream.on("data", (part: Buffer) => parts.push(part));
    // A body that ends too early: the form is broken, and so the parser says, too.
    stream.on("error", (error: Error) => parser.destroy(error));
    stream.on("limit", () => (upload.tooLarge = true));
    stream.on("end", () => (upload.file = Buffer.concat(parts)));
  });
  await pipeline(request, parser);
  return upload;
}

function bad(detail: string): HttpReply {
  return { status: 400, body: { detail } };
}
