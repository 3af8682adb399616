/** sherpa-onnx with a streaming model of the user's, on this machine's CPUs. */
import { basename } from "node:path";
import { BenchError } from "../../base/errors.ts";
import type { SherpaSettings } from "../sherpa/backend.ts";
import { sherpaVersion } from "../sherpa/binding.ts";
import { findSherpaModel } from "../sherpa/model-folder.ts";
import type { Engine } from "./engine.ts";
import type { EngineSetup } from "./engine-setup.ts";
import { hostedEngine } from "./hosted-engine.ts";

/** Streams computed together: what each costs falls to about a half by then, and little further. */
const BATCH = 8;
const CHUNK_MS = 100;
const STOP_HISTORY_MS = 800;

/**
 * Makes the engine.
 * @throws BenchError (exit 2) when the package is missing, or the folder has no model that streams, saying what to do
 */
export async function sherpaEngine(setup: EngineSetup): Promise<Engine> {
  const { flags, warn, clock, launch, cpus } = setup;
  const {
    model: path,
    batch = BATCH,
    recognizers = 1,
    chunkMs = CHUNK_MS,
    stopHistoryMs = STOP_HISTORY_MS,
  } = flags;
  if (path === undefined) {
    throw BenchError.usage(
      "--engine sherpa needs --model",
      "It is the folder of a streaming model of sherpa-onnx (docs/emulator.md names some).",
    );
  }
  const model = await findSherpaModel(path);
  const version = sherpaVersion();
  // One of its own for the emulator; a model is in memory once for each process.
  const threads = Math.max(1, Math.floor((cpus - 1) / recognizers));
  const settings: SherpaSettings = { model, threads, batch };
  return hostedEngine({
    ...{ clock, launch, warn, chunkMs, stopHistoryMs, settings, batch, processes: recognizers },
    engine: "sherpa",
    name: "sherpa-onnx",
    standIn: `sherpa-onnx ${model.name}, CPU`,
    modelName: model.name,
    facts: {
      recognizer: `sherpa-onnx ${version}`,
      license: "Apache-2.0; the model has its own",
      model_type: model.type,
      search: model.kind === "transducer" ? "transducer, greedy" : "CTC, greedy",
      files: Object.values(model.files)
        .map((file) => basename(file))
        .join(", "),
      step_ms: String(model.stepMs),
      window_ms: String(model.windowMs),
      chunk_ms: String(chunkMs),
      stop_history_ms: String(stopHistoryMs),
      processes: String(recognizers),
      threads: String(threads),
      batch: String(batch),
    },
  });
}
