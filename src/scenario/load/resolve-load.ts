/** A load between the words of a scenario file and what they mean: defaults filled in, units in the names. */
import { formatDuration } from "../../base/duration.ts";
import type { Load, LoadFile } from "./models.ts";
import { modelOf } from "./models.ts";
import type { LoadContext } from "./options.ts";

/** @throws BenchError (exit 2) when it does not fit the rest of the scenario */
export function resolveLoad(file: LoadFile, context: LoadContext): Load {
  return modelOf(file).resolve(file, context) as Load;
}

/** The load as a file says it: reads back as the same load. */
export function loadAsFile(load: Load): unknown {
  const { thinkDistribution, ...rest } = load as Load & { thinkDistribution?: string };
  const file = withoutUnits(rest) as Record<string, unknown>;
  if (thinkDistribution !== undefined) {
    file["think"] = { mean: file["think"], distribution: thinkDistribution };
  }
  return file;
}

/** `forMs: 2000` is `for: 2s` in a file. */
function withoutUnits(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnits);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]: [string, unknown]) =>
      key.endsWith("Ms") && typeof inner === "number"
        ? [key.slice(0, -2), formatDuration(inner)]
        : [key, withoutUnits(inner)],
    ),
  );
}
