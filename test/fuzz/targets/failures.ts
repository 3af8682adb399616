import fc from "fast-check";
import type { IncomingHttpHeaders } from "node:http2";
import {
  grpcFailure,
  noConnectionFailure,
  socketErrorText,
  toldFailure,
} from "../../../src/client/grpc/failures.ts";
import { statusInHeaders, statusOfHttp, statusOfReset } from "../../../src/client/grpc/riva-h2-status.ts";
import { closeFailure, errorEventFailure, httpFailure } from "../../../src/client/http/web-failures.ts";
import { fail } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const texts = [
  "Received RST_STREAM with code 2",
  "No connection established. Last error: ",
  " (2025-01-01T00:00:00.000Z). Resolution note: ",
  "triggered by internal client error: ",
  "ECONNREFUSED",
  "error:0A000086:SSL routines:x:y:",
  '{"detail":"',
  "%E4%BD",
  "%ff",
  "must specify the START flag",
  "\\",
  '"',
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...texts), fc.string({ maxLength: 6 })), { maxLength: 8 })
  .map((parts) => parts.join(""));

/** A status on the first line, the server's text below. */
export const failures: FuzzTarget = {
  name: "failures",
  about:
    "a server's statuses, close codes and texts as failures (client/failures.ts, web-failures.ts, riva-h2-status.ts)",
  dictionary: [...texts, "\n", "14\n", "99999999999\n", "-1\n"],
  grammar: fc
    .tuple(fc.oneof(fc.integer(), fc.constantFrom("14", "0", "", "x")), text)
    .map(([status, words]) => `${status}\n${words}`),
  run(input) {
    const [status = "", ...rest] = input.toString("utf8").split("\n");
    const said = rest.join("\n");
    const number = Number(status);
    const headers = { "grpc-status": status, "grpc-message": said } as IncomingHttpHeaders;
    const told = statusInHeaders(headers);
    const all = [
      grpcFailure(told?.code, told?.details, "streaming"),
      grpcFailure(Number.isInteger(number) ? number : undefined, said, "connect"),
      httpFailure(number, said, "connect"),
      closeFailure(number, said, "streaming"),
      errorEventFailure(status, said, "flush"),
      noConnectionFailure(socketErrorText(new Error(said))),
    ];
    all.push(toldFailure(said, all[0]!));
    statusOfHttp(number);
    statusOfReset(number);
    for (const { class: kind, origin, code, message } of all)
      if ([kind, origin, code, message].some((one) => typeof one !== "string" || one === ""))
        fail(`a failure without words: ${JSON.stringify({ kind, origin, code, message })}`);
    return all.map(({ class: kind }) => kind).join(" ");
  },
};
