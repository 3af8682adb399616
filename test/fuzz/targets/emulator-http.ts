import type { RecognizeRequest } from "../../../src/base/riva-proto.ts";
import { transcribeUpload } from "../../../src/emulator/http/transcriptions.ts";
import type { SpeechService } from "../../../src/emulator/speech-service.ts";
import { httpGrammar, requestOf } from "../http-request.ts";
import { fail, shape } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const service = {
  recognize: ({ audio }: RecognizeRequest) =>
    Promise.resolve({ results: [{ alternatives: [{ transcript: `${audio.length}` }], audio_processed: 1 }] }),
} as unknown as SpeechService;

const type = "Content-Type: multipart/form-data; boundary=X";
const part = (headers: string, body: string): string => `--X\r\n${headers}\r\n\r\n${body}\r\n`;
const file = part(
  'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav',
  "RIFFxxxx",
);
const language = part('Content-Disposition: form-data; name="language"', "en-US");
const format = part('Content-Disposition: form-data; name="response_format"', "text");

export const emulatorHttp: FuzzTarget = {
  name: "emulator-http",
  about: "uploads to the emulator: multipart bodies, cut anywhere (emulator/transcriptions.ts)",
  dictionary: [
    type,
    "--X\r\n",
    "--X--\r\n",
    "\r\n",
    file,
    language,
    format,
    "filename*=UTF-8''%ff",
    "Content-Transfer-Encoding: base64",
    "; boundary=",
    '"',
  ],
  grammar: httpGrammar(
    ["POST /v1/audio/transcriptions HTTP/1.1"],
    [
      type,
      type,
      type,
      "Content-Type: multipart/form-data",
      "Content-Type: application/json",
      "Content-Length: -1",
      'Content-Type: multipart/form-data; boundary="X',
    ],
    [
      `${file}${language}--X--\r\n`,
      `${language}${format}${file}--X--\r\n`,
      `${file}${language}`,
      `--X--\r\n`,
    ],
  ),
  async run(input) {
    const { status, body } = await transcribeUpload(service, requestOf(input));
    if (status !== 200 && status !== 400) fail(`status ${status}`);
    return `${status} ${shape(JSON.stringify(body))}`;
  },
};
