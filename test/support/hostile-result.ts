/** Results whose every name is an attack: a file may say anything, and a server names its own model. */
import type { RunResult } from "../../src/metrics/result/result.ts";

export const HOSTILE = `"'><script>alert(1)</script><img src=x onerror=alert(1)>&|\`]]>--\u0000\ud800=1+1`;

/** The same result with every free text replaced; closed lists, instants and the names of metrics stay. */
export function hostile(result: RunResult): RunResult {
  return { ...(poisoned(result) as RunResult), metrics: result.metrics };
}

function poisoned(value: unknown, key = ""): unknown {
  const closed = ["schema", "verdict", "status", "phase", "class", "origin", "unit", "limit"];
  if (typeof value === "string") return closed.includes(key) || /^\d{4}-/.test(value) ? value : HOSTILE;
  if (Array.isArray(value)) return value.map((item) => poisoned(item, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      // What a server says of itself; in the timeline it is numbers by names of ours.
      key === "server" && typeof item === "string" ? `${HOSTILE}${name}` : name,
      poisoned(item, name),
    ]),
  );
}
