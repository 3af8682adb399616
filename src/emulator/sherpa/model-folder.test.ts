/** Folders as people have them: downloads of models that stream, that don't, and that are none. */
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { writeOnnx } from "../../../test/support/onnx.ts";
import {
  writeToyNemoCtc,
  writeToyNemoTransducer,
  writeToyTransducer,
} from "../../../test/support/sherpa-toys.ts";
import { findSherpaModel } from "./model-folder.ts";

const root = mkdtempSync(join(tmpdir(), "riva-bench-models-"));
afterAll(() => rmSync(root, { recursive: true }));

/** A new folder, filled by `fill`. */
function folder(fill: (at: string) => void): string {
  const at = join(mkdtempSync(join(root, "of-")), "model");
  mkdirSync(at);
  fill(at);
  return at;
}

/** A file of a model that has nothing but metadata. */
function writeModel(at: string, metadata: Record<string, string | number>): void {
  writeOnnx(at, {
    ...{ inputs: [["x", "float", [1]]], outputs: [["y", "float", [1]]], metadata },
    operations: [["Identity", ["x"], ["y"]]],
  });
}

const ZIPFORMER = { model_type: "zipformer2", T: 45, decode_chunk_len: 32 };

/** As the archives of zipformers are: each file twice, with the chunk in its name. */
function writeZipformer(at: string, chunks: readonly string[]): void {
  for (const chunk of chunks) {
    for (const ending of [".onnx", ".int8.onnx"]) {
      writeModel(join(at, `encoder-epoch-99-${chunk}${ending}`), ZIPFORMER);
      for (const role of ["decoder", "joiner"])
        writeModel(join(at, `${role}-epoch-99-${chunk}${ending}`), {});
    }
  }
  writeFileSync(join(at, "tokens.txt"), "<blk> 0\n▁a 1\n");
}

const namesOf = (files: Readonly<Record<string, string>>): string[] =>
  Object.values(files).map((file) => file.replace(/.*\//, ""));

describe("what streams", () => {
  it.each([
    [writeToyTransducer, { kind: "transducer", type: "lstm", windowMs: 320, stepMs: 320, frameMs: 40 }],
    [writeToyNemoTransducer, { kind: "transducer", windowMs: 410, stepMs: 320, frameMs: 80 }],
    [writeToyNemoCtc, { kind: "nemoCtc", type: "EncDecCTCModelBPE", windowMs: 410, frameMs: 80 }],
    [
      (at: string) => {
        writeModel(join(at, "ctc-epoch-20-avg-1-chunk-16-left-128.int8.onnx"), ZIPFORMER);
        writeFileSync(join(at, "tokens.txt"), "<blk> 0\n▁a 1\n");
      },
      { kind: "zipformer2Ctc", type: "zipformer2", windowMs: 450, stepMs: 320, frameMs: 40 },
    ],
  ])("%o", async (write, model) => {
    expect(await findSherpaModel(folder(write))).toMatchObject({ ...model, name: "model" });
  });

  it("prefers int8, all of a kind", async () => {
    const at = folder((path) => writeZipformer(path, ["left-64"]));
    expect(namesOf((await findSherpaModel(at)).files)).toEqual([
      "encoder-epoch-99-left-64.int8.onnx",
      "decoder-epoch-99-left-64.int8.onnx",
      "joiner-epoch-99-left-64.int8.onnx",
    ]);
    // Archives have an int8 decoder less often.
    rmSync(join(at, "decoder-epoch-99-left-64.int8.onnx"));
    expect(namesOf((await findSherpaModel(at)).files)[1]).toBe("decoder-epoch-99-left-64.onnx");
  });

  it("takes the one whose encoder is named where there are several", async () => {
    const at = folder((path) => writeZipformer(path, ["left-64", "left-128"]));
    await expect(findSherpaModel(at)).rejects.toThrow(
      /more than one encoder: .*left-128.int8.onnx, .*left-64.int8.onnx/,
    );
    const named = await findSherpaModel(join(at, "encoder-epoch-99-left-64.onnx"));
    expect(named.name).toBe("model");
    expect(namesOf(named.files)).toEqual([
      "encoder-epoch-99-left-64.onnx",
      "decoder-epoch-99-left-64.onnx",
      "joiner-epoch-99-left-64.onnx",
    ]);
    await expect(findSherpaModel(join(at, "decoder-epoch-99-left-64.onnx"))).rejects.toThrow("is no encoder");
    await expect(findSherpaModel(join(at, "nowhere.onnx"))).rejects.toThrow("there is no nowhere.onnx");
  });
});

describe("what does not", () => {
  it.each<[string, (at: string) => void, RegExp, RegExp]>([
    ["empty", () => undefined, /no ONNX model/, /It is empty/],
    [
      "PocketSphinx's",
      (at) => {
        writeFileSync(join(at, "en-us.lm.bin"), "x");
        mkdirSync(join(at, "en-us"));
      },
      /no ONNX model/,
      /--engine pocketsphinx/,
    ],
    [
      "one too high",
      (at) => writeToyTransducer(join(at, "toy")),
      /no ONNX model/,
      /Did you mean .*model\/toy\?/,
    ],
    [
      "Whisper",
      (at) => {
        for (const role of ["encoder", "decoder"]) {
          writeModel(join(at, `tiny.en-${role}.int8.onnx`), { model_type: "whisper-tiny.en", n_mels: 80 });
        }
        writeFileSync(join(at, "tiny.en-tokens.txt"), "x");
      },
      /model_type whisper-tiny.en\) is no streaming model/,
      /Whisper and parakeet-tdt, can't stream.*nemotron/,
    ],
    [
      "parakeet-tdt",
      (at) => {
        const metadata = { vocab_size: 1024, subsampling_factor: 8, model_type: "EncDecRNNTBPEModel" };
        for (const role of ["encoder", "decoder", "joiner"])
          writeModel(join(at, `${role}.int8.onnx`), metadata);
        writeFileSync(join(at, "tokens.txt"), "x");
      },
      /encoder.int8.onnx \(model_type EncDecRNNTBPEModel\) is no streaming model/,
      /parakeet-tdt/,
    ],
    [
      "a kind that would end the process",
      (at) => {
        writeToyTransducer(at);
        writeModel(join(at, "encoder.onnx"), { ...ZIPFORMER, model_type: "mamba" });
      },
      /model_type mamba\) is of a kind/,
      /zipformer2/,
    ],
    [
      "no joiner",
      (at) => {
        writeToyTransducer(at);
        rmSync(join(at, "joiner.onnx"));
      },
      /there is no joiner/,
      /three files/,
    ],
    [
      "no tokens",
      (at) => {
        writeToyTransducer(at);
        writeFileSync(join(at, "tokens.txt"), "");
      },
      /tokens.txt is missing, empty or of another model/,
      /comes with the model/,
    ],
    [
      "tokens of another model",
      (at) => {
        writeToyTransducer(at);
        writeFileSync(join(at, "tokens.txt"), "<blk> 0\n▁a 1\n");
      },
      /of another model: it has 2 tokens of 8/,
      /comes with the model/,
    ],
    [
      "cut off",
      (at) => {
        writeToyTransducer(at);
        const whole = readFileSync(join(at, "encoder.onnx"));
        writeFileSync(join(at, "encoder.onnx"), whole.subarray(0, 300));
      },
      /encoder.onnx is not an ONNX model: it is cut off: 300 bytes of at least/,
      /checksum/,
    ],
    [
      "text instead of weights",
      (at) => {
        writeToyTransducer(at);
        writeFileSync(join(at, "joiner.onnx"), "version https://git-lfs.github.com/spec/v1\n");
      },
      /joiner.onnx is not an ONNX model: it begins with something else/,
      /git lfs pull/,
    ],
    [
      "an empty file",
      (at) => {
        writeToyTransducer(at);
        writeFileSync(join(at, "decoder.onnx"), "");
      },
      /decoder.onnx is not an ONNX model: it has no graph/,
      /Download it again/,
    ],
    [
      "a folder with the name of a file",
      (at) => {
        writeToyTransducer(at);
        renameSync(join(at, "decoder.onnx"), join(at, "other"));
        mkdirSync(join(at, "decoder.onnx"));
      },
      /decoder.onnx is not an ONNX model: EISDIR/,
      /./,
    ],
    [
      "two CTC models",
      (at) => {
        writeToyNemoCtc(at);
        copyFileSync(join(at, "model.onnx"), join(at, "other.onnx"));
      },
      /more than one model: model.onnx, other.onnx/,
      /Name the one that you mean, such as --model .*model.onnx/,
    ],
  ])("%s", async (_what, fill, message, hint) => {
    const at = folder(fill);
    await expect(findSherpaModel(at)).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
      exitCode: 2,
    });
  });

  it("a file, and nothing at all", async () => {
    const at = folder((path) => writeFileSync(join(path, "a.wav"), "x"));
    await expect(findSherpaModel(join(at, "a.wav"))).rejects.toThrow(
      /can't read .*a.wav as a folder: ENOTDIR/,
    );
    await expect(findSherpaModel(join(at, "b"))).rejects.toThrow(/there is no folder .*\/b/);
  });
});
