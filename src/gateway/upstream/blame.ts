/** Who is to blame for a failed stream: its caller, its recogniser, or this gateway. */
import type { Failure } from "../../base/outcome.ts";

/** The recogniser refused what the caller asked for: another one would, too, and it is no fault of the recogniser. */
export function isCallersFault({ class: kind, code, phase }: Failure): boolean {
  // A host name that is not found, and a server without the service, are faults of the gateway's configuration.
  return kind === "bad-config" || (kind === "not-found" && phase !== "resolve" && code !== "UNIMPLEMENTED");
}

/** Whether a failure says that the next session on this upstream would fail, too. @param responded the stream had a response */
export function isUpstreamsFault(failure: Failure, responded: boolean): boolean {
  if (failure.origin === "generator" || failure.origin === "caller" || isCallersFault(failure)) return false;
  // A recogniser ends single streams like this under load; only one that never answers them is away.
  return !(responded && ["cancelled", "start-flag"].includes(failure.class));
}
