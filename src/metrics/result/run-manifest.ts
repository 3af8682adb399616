/**
 * `run.json`: what is known of a run when it starts and can't be found in its records. With it a run that was killed can
 * still be put together. It holds no secrets.
 */
import { BenchError, messageOf } from "../../base/errors.ts";
import { checkRunManifest } from "./result-schema.ts";
import type { RunManifest } from "./result.ts";

/**
 * Reads the text of a manifest.
 * @throws BenchError (exit 2) for what isn't one of this version
 */
export function parseRunManifest(text: string, name: string): RunManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw BenchError.usage(`${name} is not JSON: ${messageOf(error)}`);
  }
  const checked = checkRunManifest(value);
  if (typeof checked === "string") throw BenchError.usage(`${name} is not a valid manifest: ${checked}`);
  return checked;
}
