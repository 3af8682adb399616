import { WavInput } from "../../../src/gateway/dialects/wav-header.ts";
import { cutPieces, wav, withCut } from "../binary.ts";
import { fail, shape } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

/** The first byte says how long the pieces are that the rest comes in. */
export const wavGateway: FuzzTarget = {
  name: "wav-gateway",
  about: "a WAV at the front of a realtime session's audio, in pieces (gateway/wav-header.ts)",
  dictionary: ["RIFF", "WAVE", "fmt ", "data", "LIST", "ds64", "\x10\0\0\0", "\0\0\0\0", "\xff\xff\xff\xff"],
  grammar: withCut(wav),
  run(input) {
    const reading = read(cutPieces(input));
    // However the bytes are cut, the answer is the same.
    const whole = read([input.subarray(1)]);
    // Which of two faults is told may depend on it.
    const bothRefused = reading.refused !== undefined && whole.refused !== undefined;
    const same = bothRefused || (reading.refused === whole.refused && reading.bytes === whole.bytes);
    if (!same) fail(`cut: ${JSON.stringify(reading)}, whole: ${JSON.stringify(whole)}`);
    return reading.refused === undefined ? `${reading.bytes > 0}` : shape(reading.refused);
  },
};

function read(pieces: readonly Buffer[]): { refused: string | undefined; bytes: number } {
  const wavInput = new WavInput();
  let bytes = 0;
  let received = 0;
  for (const piece of pieces) {
    received += piece.length;
    const samples = wavInput.push(piece);
    if (typeof samples === "string") return { refused: samples, bytes: 0 };
    bytes += samples.length;
  }
  const { sampleRateHz } = wavInput;
  if (sampleRateHz !== undefined && !(sampleRateHz >= 8000 && sampleRateHz <= 48_000))
    fail(`a rate of ${sampleRateHz} Hz was accepted`);
  if (bytes % 2 !== 0 || bytes > 2 * received) fail(`${bytes} bytes of samples from ${received}`);
  return { refused: wavInput.unreadHeader(), bytes };
}
