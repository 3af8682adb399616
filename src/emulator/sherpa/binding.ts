/**
 * The only importer of npm's sherpa-onnx-node, which the user installs: 32 MB of native code. It ends its process over a broken model,
 * so it is loaded in one of its own.
 */
import { createRequire } from "node:module";
import type { OnlineRecognizer } from "sherpa-onnx-node";
import { BenchError, messageOf } from "../../base/errors.ts";
import { DECODER_RATE_HZ } from "../host/decoder.ts";
import type { SherpaModel } from "./model-folder.ts";

const INSTALL = "Install it: npm install sherpa-onnx-node@1.13";

/**
 * The version of the package that is installed; does not load its native part.
 * @throws BenchError (exit 2) when it is not installed
 */
export function sherpaVersion(): string {
  try {
    const { version } = createRequire(import.meta.url)("sherpa-onnx-node/package.json") as {
      version: string;
    };
    return version;
  } catch {
    throw BenchError.usage("the package sherpa-onnx-node is not installed", INSTALL);
  }
}

/**
 * Loads a model; holds up the thread for as long as that takes.
 * @param threads CPU threads of one step
 * @throws BenchError (exit 2) when the package can't be loaded or does not take the model; a broken model ends the process
 */
export async function openRecognizer(model: SherpaModel, threads: number): Promise<OnlineRecognizer> {
  const { default: sherpa } = await import("sherpa-onnx-node").catch((error: unknown) => {
    const [reason] = messageOf(error).split("\n");
    throw BenchError.usage(`the package sherpa-onnx-node can't be loaded: ${reason ?? ""}`, INSTALL);
  });
  const { kind, files, tokens } = model;
  try {
    return new sherpa.OnlineRecognizer({
      featConfig: { sampleRate: DECODER_RATE_HZ, featureDim: 80 },
      modelConfig: { [kind]: files, tokens, numThreads: threads, provider: "cpu", debug: 0 },
      decodingMethod: "greedy_search",
      enableEndpoint: false,
    });
  } catch (error) {
    throw BenchError.usage(`sherpa-onnx does not take the model: ${messageOf(error)}`, "Check its files.");
  }
}
