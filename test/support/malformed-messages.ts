/** Messages that break the grammar of each dialect, a kind each, and how the gateway must close on them. */
import { wavFile } from "./wav.ts";

export interface Malformed {
  name: string;
  dialect: "stream" | "realtime";
  /** Sent one after the other; the last is the one that is wrong. */
  frames: readonly (string | Buffer)[];
  code: number;
}

const START = '{"type":"start"}';
const DEEP = `${"[".repeat(8000)}${"]".repeat(8000)}`;

function stream(name: string, frames: readonly (string | Buffer)[], code = 4400): Malformed {
  return { name, dialect: "stream", frames, code };
}

function realtime(name: string, frames: readonly (string | Buffer)[], code = 4400): Malformed {
  return { name, dialect: "realtime", frames, code };
}

const append = (audio: unknown, more: object = {}): string =>
  JSON.stringify({ type: "input_audio_buffer.append", audio, ...more });
const update = (session: unknown): string =>
  JSON.stringify({ type: "transcription_session.update", session });

/** A WAV with one field of its header set. */
function wavWith(offset: number, value: number, bytes: 2 | 4): string {
  const wav = wavFile(Buffer.alloc(3200));
  wav.writeUIntLE(value, offset, bytes);
  return append(wav.toString("base64"));
}

const RAW_WAV = update({ input_audio_format: "none" });

export const MALFORMED: readonly Malformed[] = [
  stream("no JSON", ["hello"]),
  stream("half of JSON", ['{"type":"sta']),
  stream("an array", ["[]"]),
  stream("deep JSON", [DEEP]),
  stream("no type", ["{}"]),
  stream("an inherited name for a type", ['{"type":"__proto__"}']),
  stream("a rate of 0", ['{"type":"start","sample_rate_hz":0}']),
  stream("an endless rate", ['{"type":"start","sample_rate_hz":1e999}']),
  stream("an unknown setting", ['{"type":"start","nonsense":1}']),
  stream("a setting of the wrong kind", ['{"type":"start","language":{}}']),
  stream("a boost beyond all bounds", ['{"type":"start","boosting":[{"phrases":["a"],"boost":1e300}]}']),
  stream("a second start", [START, START]),
  stream("runtime_config that is none", [START, '{"type":"runtime_config","values":[1]}']),
  stream("half a sample", [START, Buffer.alloc(321)]),
  stream("audio before the start", [Buffer.alloc(320)]),
  stream("too much text", [`{"type":"start","language":"${"x".repeat(20_000)}"}`], 4413),
  stream("a frame over the limit", [START, Buffer.alloc(262_145)], 1009),
  realtime("no JSON", ["\u0000"]),
  realtime("an unknown event", ['{"type":"constructor"}']),
  realtime("a binary frame", [Buffer.alloc(320)]),
  realtime("audio that is no base64", [append("!!!!")]),
  realtime("audio that is no text", [append({})]),
  realtime("an update that is none", [update("x")]),
  realtime("an update too late", [append("AAAA"), update({})]),
  realtime("runtime_config that is none", [append("AAAA", { runtime_config: [] })]),
  realtime("a WAV that is none", [RAW_WAV, append(Buffer.alloc(100).toString("base64"))]),
  realtime("a WAV with rate 0", [RAW_WAV, wavWith(24, 0, 4)]),
  realtime("a WAV with rate 1", [RAW_WAV, wavWith(24, 1, 4)]),
  realtime("a WAV with a huge rate", [RAW_WAV, wavWith(24, 0xffffffff, 4)]),
  realtime("a WAV without channels", [RAW_WAV, wavWith(22, 0, 2)]),
  realtime("a WAV whose format is empty", [RAW_WAV, wavWith(16, 0, 4)]),
];
