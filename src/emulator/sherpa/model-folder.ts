/** Finds out which streaming model of sherpa-onnx a folder holds, before any native code sees it. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { BenchError, messageOf } from "../../base/errors.ts";
import { onnxMetadata } from "./onnx-metadata.ts";

/** Endings of the names for number formats of the weights, in the order of preference: the first is the fastest on a CPU. */
const PRECISIONS = [".int8.onnx", ".onnx", ".fp16.onnx"];

/** A streaming model that sherpa-onnx can load. */
export interface SherpaModel {
  /** Name of its folder. */
  name: string;
  /** Key of `modelConfig` in sherpa-onnx. */
  kind: "transducer" | "nemoCtc" | "zipformer2Ctc";
  /** Paths by the names that `modelConfig` has for them. */
  files: Readonly<Record<string, string>>;
  tokens: string;
  /** The type that its metadata states, such as `zipformer2`. */
  type: string;
  /** Audio that it must have heard for a step, and by which a step takes it further, milliseconds. */
  windowMs: number;
  stepMs: number;
  /** Time that one frame of its output stands for, milliseconds. */
  frameMs: number;
}

/** A frame of features is 10 ms. */
const FEATURE_MS = 10;
/** Input frames for each frame of output, in all models of icefall. */
const ICEFALL_SUBSAMPLING = 4;
/** More is no length of a chunk. */
const MOST_FRAMES = 10_000;
/** Encoders of icefall that sherpa-onnx streams; any other name ends its process. */
const TRANSDUCERS = ["conformer", "ebranchformer", "lstm", "zipformer", "zipformer2"];
const CTC_MODELS = ["zipformer2"];
const ROLES = ["encoder", "decoder", "joiner"] as const;
const NAME_SOME =
  "Streaming models: sherpa-onnx-nemotron-speech-streaming-en-0.6b-560ms-int8-2026-04-25, " +
  "sherpa-onnx-nemo-streaming-fast-conformer-transducer-en-480ms, sherpa-onnx-streaming-zipformer-en-20M-2023-02-17.";

/**
 * The model that `path` means: a folder, or the encoder (of CTC models the one file) in it where there are several.
 * @throws BenchError (exit 2) when there is none, it can't stream, or it is not clear which is meant
 */
export async function findSherpaModel(path: string): Promise<SherpaModel> {
  const named = path.endsWith(".onnx") ? basename(path) : undefined;
  const folder = named === undefined ? path : dirname(path);
  const names = namesIn(folder);
  const models = names.filter((name) => name.endsWith(".onnx"));
  if (models.length === 0) throw noModel(folder, names);
  if (named !== undefined && !models.includes(named)) {
    throw BenchError.usage(`there is no ${named} in ${folder}`, `There are ${models.join(", ")}.`);
  }
  const of = (role: string): string[] => models.filter((name) => partsOf(name).includes(role));
  const isTransducer = ROLES.some((role) => of(role).length > 0);
  const main = isTransducer
    ? onlyOne(folder, "encoder", of("encoder"), named)
    : onlyOne(folder, "model", models, named);
  const { isNemo, ...steps } = await stepsOf(join(folder, main), isTransducer ? TRANSDUCERS : CTC_MODELS);
  const beside = (role: string): string => onlyOne(folder, role, alike(of(role), role, main), undefined);
  const files: Record<string, string> = isTransducer
    ? { encoder: main, decoder: beside("decoder"), joiner: beside("joiner") }
    : { model: main };
  const rest = Object.values(files).filter((name) => name !== main);
  const facts = await Promise.all(rest.map((name) => onnxMetadata(join(folder, name))));
  const vocabulary = facts.map((each) => Number(each.get("vocab_size"))).find((size) => size > 0) ?? 0;
  const tokens = join(folder, "tokens.txt");
  const isThere = statSync(tokens, { throwIfNoEntry: false })?.isFile() === true;
  const known = isThere ? readFileSync(tokens, "utf8").trim().split("\n").length : 0;
  if (known <= 1 || known < vocabulary) {
    throw BenchError.usage(
      `${tokens} is missing, empty or of another model: it has ${known} tokens of ${vocabulary || "many"}`,
      "It comes with the model: the file that says which number is which piece of text.",
    );
  }
  return {
    ...steps,
    name: basename(folder),
    kind: isTransducer ? "transducer" : isNemo ? "nemoCtc" : "zipformer2Ctc",
    files: Object.fromEntries(Object.entries(files).map(([role, name]) => [role, join(folder, name)])),
    tokens,
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (!existsSync(folder)) throw BenchError.usage(`there is no folder ${folder}`, "Check --model.");
    throw BenchError.usage(
      `can't read ${folder} as a folder: ${messageOf(error)}`,
      "--model is the folder of a model, or the .onnx file of an encoder in it.",
    );
  }
}

function noModel(folder: string, names: readonly string[]): BenchError {
  const deeper = names.find((name) => existsSync(join(folder, name, "tokens.txt")));
  const isSphinx = names.some((name) => name === "mdef" || name.endsWith(".lm.bin"));
  return BenchError.usage(
    `there is no ONNX model in ${folder}`,
    deeper !== undefined
      ? `Did you mean ${join(folder, deeper)}?`
      : isSphinx
        ? "These are models of PocketSphinx: --engine pocketsphinx."
        : `It is empty, or holds another kind of model. ${NAME_SOME}`,
  );
}

/** How an encoder or a CTC model streams, by its metadata. */
async function stepsOf(
  path: string,
  icefallTypes: readonly string[],
): Promise<Pick<SherpaModel, "type" | "windowMs" | "stepMs" | "frameMs"> & { isNemo: boolean }> {
  const metadata = await onnxMetadata(path);
  const type = metadata.get("model_type") ?? "";
  const frames = (key: string): number | undefined => {
    const value = Number(metadata.get(key));
    return Number.isInteger(value) && value > 0 && value < MOST_FRAMES ? value : undefined;
  };
  const isNemo = metadata.has("window_size");
  const window = frames(isNemo ? "window_size" : "T");
  const step = frames(isNemo ? "chunk_shift" : "decode_chunk_len");
  const subsampling = isNemo ? frames("subsampling_factor") : ICEFALL_SUBSAMPLING;
  const of = `${path} (model_type ${type === "" ? "not set" : type})`;
  if (window === undefined || step === undefined || subsampling === undefined) {
    throw BenchError.usage(
      `${of} is no streaming model: its metadata has no length of a chunk`,
      `Models of whole recordings, such as Whisper and parakeet-tdt, can't stream. ${NAME_SOME}`,
    );
  }
  if (!isNemo && !icefallTypes.includes(type)) {
    throw BenchError.usage(
      `${of} is of a kind that this engine does not know`,
      `It knows NeMo's, and here ${icefallTypes.join(", ")}. ${NAME_SOME}`,
    );
  }
  return {
    ...{ type, isNemo },
    windowMs: window * FEATURE_MS,
    stepMs: step * FEATURE_MS,
    frameMs: subsampling * FEATURE_MS,
  };
}

/** `tiny`, `en`, `encoder`, `onnx` of `tiny.en-encoder.onnx`. */
function partsOf(name: string): string[] {
  return name.toLowerCase().split(/[-_.]/);
}

function precisionOf(name: string): string {
  return PRECISIONS.find((ending) => ending !== ".onnx" && name.endsWith(ending)) ?? ".onnx";
}

/** Those of a role that belong to `main` by their name, of its precision where there are such: others where there are none. */
function alike(names: readonly string[], role: string, main: string): readonly string[] {
  const stem = (name: string): string => name.slice(0, -precisionOf(name).length).replace(role, "encoder");
  const same = names.filter((name) => stem(name) === stem(main));
  const of = same.length > 0 ? same : names;
  const exact = of.filter((name) => precisionOf(name) === precisionOf(main));
  return exact.length > 0 ? exact : of;
}

/** The one that is named, or the only one of the best precision. */
function onlyOne(folder: string, role: string, names: readonly string[], named: string | undefined): string {
  if (named !== undefined && names.includes(named)) return named;
  const best = PRECISIONS.map((ending) => names.filter((name) => precisionOf(name) === ending));
  const [name, ...others] = best.find((found) => found.length > 0) ?? [];
  if (name === undefined) {
    throw BenchError.usage(
      `there is no ${role} in ${folder}`,
      `A transducer has three files: encoder, decoder and joiner (such as joiner.onnx or joiner.int8.onnx). ${NAME_SOME}`,
    );
  }
  if (named !== undefined) throw BenchError.usage(`${named} is no ${role}`, `Name it: ${join(folder, name)}`);
  if (others.length > 0) {
    throw BenchError.usage(
      `${folder} has more than one ${role}: ${[name, ...others].join(", ")}`,
      `Name the one that you mean, such as --model ${join(folder, name)}`,
    );
  }
  return name;
}
