/**
 * Streaming models of a few hundred bytes for the real sherpa-onnx: they write a piece of a word for every 160 ms of loud sound,
 * whatever is said, always in the same order, so that texts, times and probabilities are known.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Operation, Port } from "./onnx.ts";
import { writeOnnx } from "./onnx.ts";

/** The words that the models write, over and over. The first piece of a word begins with the sign for a space. */
const PIECES = ["▁alpha", "▁bra", "vo", "▁charlie", "▁del", "ta", "▁echo"];
/** The words of those pieces. */
export const TOY_WORDS = ["alpha", "bravo", "charlie", "delta", "echo"];
/** They write a piece for so much loud sound. */
export const TOY_PIECE_MS = 160;

/** Features (logarithms of energy) above this are loud. */
const LOUD = -7;
const FEATURES = 80;
/** The features below about 1.7 kHz, which audio of every rate has. */
const DEEP_FEATURES = 40;
const FRAMES_PER_STEP = 32;

/** Sound for the models: `+320` is so many milliseconds of noise, `-320` of silence, the same for each call. */
export function toySound(pattern: readonly number[], rateHz = 16_000): Int16Array {
  let state = 1;
  return Int16Array.from(
    pattern.flatMap((ms) =>
      Array.from({ length: (Math.abs(ms) * rateHz) / 1000 }, () => {
        state = (state * 48_271) % 2_147_483_647;
        return ms > 0 ? Math.round((state / 2_147_483_647 - 0.5) * 16_000) : 0;
      }),
    ),
  );
}

/** A transducer of the LSTM kind, as icefall exports them: steps of 320 ms, frames of 40 ms. */
export function writeToyTransducer(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeTokens(folder, ["<blk>", ...PIECES]);
  const vocabulary = PIECES.length + 1;
  const frames = FRAMES_PER_STEP / 4;
  writeOnnx(join(folder, "encoder.onnx"), {
    inputs: [
      ["x", "float", ["N", FRAMES_PER_STEP, FEATURES]],
      ["h", "float", [1, "N", 4]],
      ["c", "float", [1, "N", 4]],
    ],
    outputs: [
      ["encoder_out", "float", ["N", frames, 1]],
      ["next_h", "float", [1, "N", 4]],
      ["next_c", "float", [1, "N", 4]],
    ],
    constants: loudnessConstants(frames, 4),
    operations: [
      ...loudness("x"),
      ["Identity", ["scores"], ["encoder_out"]],
      ["Identity", ["h"], ["next_h"]],
      ["Identity", ["c"], ["next_c"]],
    ],
    metadata: {
      ...{ model_type: "lstm", num_encoder_layers: 1, T: FRAMES_PER_STEP, decode_chunk_len: FRAMES_PER_STEP },
      ...{ rnn_hidden_size: 4, d_model: 4 },
    },
  });
  writeOnnx(join(folder, "decoder.onnx"), {
    inputs: [["y", "int64", ["N", 2]]],
    outputs: [["decoder_out", "float", ["N", vocabulary]]],
    constants: {
      last: { type: "int64", dims: [], values: [1] },
      next: { type: "float", dims: [vocabulary, vocabulary], values: followers(vocabulary, 0) },
    },
    operations: [
      ["Gather", ["y", "last"], ["token"], { axis: 1 }],
      ["Gather", ["next", "token"], ["decoder_out"], { axis: 0 }],
    ],
    metadata: { vocab_size: vocabulary, context_size: 2 },
  });
  writeOnnx(join(folder, "joiner.onnx"), {
    inputs: [
      ["encoder_out", "float", ["N", 1]],
      ["decoder_out", "float", ["N", vocabulary]],
    ],
    outputs: [["logit", "float", ["N", vocabulary]]],
    constants: { sign: { type: "float", dims: [1, vocabulary], values: signs(vocabulary, 0) } },
    operations: [
      ["Mul", ["encoder_out", "sign"], ["signed"]],
      ["Add", ["signed", "decoder_out"], ["logit"]],
    ],
    metadata: { joiner_dim: 1 },
  });
}

/** A transducer as NeMo's streaming ones are exported: steps of 320 ms, frames of 80 ms, the blank last. */
export function writeToyNemoTransducer(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeTokens(folder, [...PIECES, "<blk>"]);
  const vocabulary = PIECES.length + 1;
  const state = (name: string): Port => [name, "float", [1, 1, 4]];
  writeNemoEncoder(join(folder, "encoder.onnx"), "EncDecHybridRNNTCTCBPEModel", {
    outputs: ["outputs", "float", ["N", 1, NEMO_FRAMES]],
    constants: {},
    operations: [["Transpose", ["scores"], ["outputs"], { perm: [0, 2, 1] }]],
  });
  writeOnnx(join(folder, "decoder.onnx"), {
    inputs: [["targets", "int32", [1, 1]], ["target_length", "int32", [1]], state("h"), state("c")],
    outputs: [
      ["decoder_outputs", "float", [1, vocabulary, 1]],
      ["lengths", "int32", [1]],
      state("next_h"),
      state("next_c"),
    ],
    constants: {
      next: {
        type: "float",
        dims: [vocabulary, vocabulary],
        values: followers(vocabulary, vocabulary - 1),
      },
    },
    operations: [
      ["Gather", ["next", "targets"], ["row"], { axis: 0 }],
      ["Transpose", ["row"], ["decoder_outputs"], { perm: [0, 2, 1] }],
      ["Identity", ["target_length"], ["lengths"]],
      ["Identity", ["h"], ["next_h"]],
      ["Identity", ["c"], ["next_c"]],
    ],
  });
  writeOnnx(join(folder, "joiner.onnx"), {
    inputs: [
      ["encoder_outputs", "float", [1, 1, 1]],
      ["decoder_outputs", "float", [1, vocabulary, 1]],
    ],
    outputs: [["outputs", "float", [1, 1, 1, vocabulary]]],
    constants: {
      sign: { type: "float", dims: [1, vocabulary, 1], values: signs(vocabulary, vocabulary - 1) },
      shape: { type: "int64", dims: [4], values: [1, 1, 1, vocabulary] },
    },
    operations: [
      ["Mul", ["encoder_outputs", "sign"], ["signed"]],
      ["Add", ["signed", "decoder_outputs"], ["sum"]],
      ["Reshape", ["sum", "shape"], ["outputs"]],
    ],
  });
}

/** A streaming CTC model of NeMo, which writes its first piece only: CTC knows no last token. */
export function writeToyNemoCtc(folder: string): void {
  mkdirSync(folder, { recursive: true });
  writeTokens(folder, [...PIECES, "<blk>"]);
  const vocabulary = PIECES.length + 1;
  writeNemoEncoder(join(folder, "model.onnx"), "EncDecCTCModelBPE", {
    outputs: ["logprobs", "float", ["N", NEMO_FRAMES, vocabulary]],
    constants: {
      sign: {
        type: "float",
        dims: [1, 1, vocabulary],
        values: [1, ...Array.from({ length: vocabulary - 2 }, () => 0), -1],
      },
    },
    operations: [
      ["Mul", ["scores", "sign"], ["signed"]],
      ["LogSoftmax", ["signed"], ["logprobs"], { axis: 2 }],
    ],
  });
}

const NEMO_FRAMES = 4;
const NEMO_CONTEXT = 9;

function writeNemoEncoder(
  path: string,
  modelType: string,
  tail: { outputs: Port; constants: Constants; operations: Operations },
): void {
  const caches: Port[] = [
    ["cache_last_channel", "float", ["N", 1, 1, 4]],
    ["cache_last_time", "float", ["N", 1, 4, 1]],
    ["cache_last_channel_len", "int64", ["N"]],
  ];
  const window = FRAMES_PER_STEP + NEMO_CONTEXT;
  writeOnnx(path, {
    inputs: [["audio_signal", "float", ["N", FEATURES, window]], ["length", "int64", ["N"]], ...caches],
    outputs: [
      tail.outputs,
      ["encoded_lengths", "int64", ["N"]],
      ...caches.map(([name, type, dims]): Port => [`${name}_next`, type, dims]),
    ],
    constants: {
      ...loudnessConstants(NEMO_FRAMES, FRAMES_PER_STEP / NEMO_FRAMES),
      ...tail.constants,
      from: { type: "int64", dims: [1], values: [NEMO_CONTEXT] },
      to: { type: "int64", dims: [1], values: [window] },
      time: { type: "int64", dims: [1], values: [1] },
    },
    operations: [
      ["Transpose", ["audio_signal"], ["features"], { perm: [0, 2, 1] }],
      ["Slice", ["features", "from", "to", "time"], ["heard"]],
      ...loudness("heard"),
      ...tail.operations,
      ["Identity", ["length"], ["encoded_lengths"]],
      ...caches.map(([name]): Operations[number] => ["Identity", [name], [`${name}_next`]]),
    ],
    metadata: {
      ...{ model_type: modelType, vocab_size: PIECES.length, normalize_type: "NA" },
      ...{ window_size: window, chunk_shift: FRAMES_PER_STEP, subsampling_factor: 8 },
      ...{ pred_rnn_layers: 1, pred_hidden: 4 },
      ...{ cache_last_channel_dim1: 1, cache_last_channel_dim2: 1, cache_last_channel_dim3: 4 },
      ...{ cache_last_time_dim1: 1, cache_last_time_dim2: 4, cache_last_time_dim3: 1 },
    },
  });
}

function writeTokens(folder: string, tokens: readonly string[]): void {
  writeFileSync(join(folder, "tokens.txt"), tokens.map((token, id) => `${token} ${id}\n`).join(""));
}

type Constants = NonNullable<Parameters<typeof writeOnnx>[1]["constants"]>;
type Operations = readonly Operation[];

/** `scores` (N, frames, 1) of features (N, time, features): above 0 where it is loud and a piece is due. */
function loudness(features: string): Operations {
  return [
    ["Slice", [features, "lowest", "highest", "last_axis"], ["deep"]],
    ["Reshape", ["deep", "in_frames"], ["framed"]],
    ["ReduceMean", ["framed"], ["level"], { axes: [2, 3], keepdims: 0 }],
    ["Sub", ["level", "loud"], ["above"]],
    ["Add", ["above", "due"], ["score"]],
    ["Unsqueeze", ["score", "last_axis"], ["scores"]],
  ];
}

function loudnessConstants(frames: number, featuresPerFrame: number): Constants {
  const every = TOY_PIECE_MS / (featuresPerFrame * 10);
  return {
    in_frames: { type: "int64", dims: [4], values: [0, frames, featuresPerFrame, DEEP_FEATURES] },
    lowest: { type: "int64", dims: [1], values: [0] },
    highest: { type: "int64", dims: [1], values: [DEEP_FEATURES] },
    loud: { type: "float", dims: [1], values: [LOUD] },
    due: {
      type: "float",
      dims: [1, frames],
      values: Array.from({ length: frames }, (_, frame) => (frame % every === 0 ? 0 : -100)),
    },
    last_axis: { type: "int64", dims: [1], values: [2] },
  };
}

/** Row by row for the last token: 0 for the piece that follows it and for the blank, far less for all others. */
function followers(vocabulary: number, blank: number): number[] {
  const pieces = Array.from({ length: vocabulary }, (_, id) => id).filter((id) => id !== blank);
  return Array.from({ length: vocabulary }, (_, last) => {
    const next = pieces[(pieces.indexOf(last) + 1) % pieces.length];
    return Array.from({ length: vocabulary }, (_of, id) => (id === next || id === blank ? 0 : -50));
  }).flat();
}

/** A score speaks for every piece and against the blank. */
function signs(vocabulary: number, blank: number): number[] {
  return Array.from({ length: vocabulary }, (_, id) => (id === blank ? -1 : 1));
}
