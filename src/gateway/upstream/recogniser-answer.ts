/** Answers of a recogniser that are not taken as they come. */
import type { Outcome } from "../../base/outcome.ts";
import type { AsrResponse } from "../../client/transport.ts";

/** A recogniser that ends a stream well without the final of what it had begun to say has lost text. */
export const NO_FINAL: Outcome = {
  ok: false,
  failure: {
    phase: "flush",
    class: "no-final",
    origin: "server",
    code: "OK",
    message: "the stream ended without the final result of its last words",
  },
};

/** A time that is none is left out: it would spoil all that is counted with it. */
export function plausible(response: AsrResponse): AsrResponse {
  const { audioProcessedS, ...rest } = response;
  return audioProcessedS === undefined || (Number.isFinite(audioProcessedS) && audioProcessedS >= 0)
    ? response
    : rest;
}
