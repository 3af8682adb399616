/** npm's sherpa-onnx for tests of the engine. */
import { createRequire } from "node:module";
import { messageOf } from "../../src/base/errors.ts";

/** True when it is here; says so loudly when it is not: it has native code for the usual machines only. */
export function hasSherpa(): boolean {
  try {
    createRequire(import.meta.url)("sherpa-onnx-node");
    return true;
  } catch (error) {
    process.stderr.write(`\n== sherpa-onnx: NOT RUN, it can't be loaded here\n${messageOf(error)}\n`);
    return false;
  }
}
