/** `POST /v1/audio/transcriptions` of a NIM's HTTP port: a whole file as a multipart form, recognised as by `Recognize`. */
import type { IncomingMessage } from "node:http";
import type { RecognizeRequest, RecognizeResponse, Partially } from "../base/riva-proto.ts";
import { rivaServices } from "../base/riva-proto.ts";
import { messageOf } from "../base/errors.ts";
import type { HttpReply } from "./http-api.ts";
import { asRejection } from "./rejection.ts";
import type { SpeechService } from "./speech-service.ts";

/** A NIM's own limit. */
const LARGEST_FILE_BYTES = 25 * 1024 * 1024;

/** The answer to an upload; whatever is wrong with it is a 400 that says what. */
export async function transcribeUpload(service: SpeechService, request: IncomingMessage): Promise<HttpReply> {
  const bytes = await bodyOf(request, LARGEST_FILE_BYTES);
  if (!bytes) return bad("audio too long");
  let form: FormData;
  try {
    form = await new Response(bytes, {
      headers: { "content-type": request.headers["content-type"] ?? "" },
    }).formData();
  } catch (error) {
    return bad(`the body is no multipart form: ${messageOf(error)}`);
  }
  const file = form.get("file");
  if (file === null || typeof file === "string") return bad("file is missing");
  const language = textOf(form, "language");
  const model = textOf(form, "model");
  if (language === "" && model === "") return bad("language or model must be given");
  const format = textOf(form, "response_format") || "json";
  if (format !== "json" && format !== "text") return bad("response_format must be json or text");

  const audio = Buffer.from(await file.arrayBuffer());
  const recognizeRequest = asReceived({ config: { language_code: language, model }, audio });
  try {
    const response = await new Promise<Partially<RecognizeResponse>>((resolve) =>
      service.recognize(recognizeRequest, resolve),
    );
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

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === "string" ? value.trim() : "";
}

/** The body, or undefined when it is larger than `limitBytes`: then the rest is not read. */
export async function bodyOf(request: IncomingMessage, limitBytes: number): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of request) {
    parts.push(part as Buffer);
    length += (part as Buffer).length;
    if (length > limitBytes) return undefined;
  }
  return Buffer.concat(parts);
}

function bad(detail: string): HttpReply {
  return { status: 400, body: { detail } };
}
