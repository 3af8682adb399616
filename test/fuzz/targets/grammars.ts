import fc from "fast-check";
import { durationFlag, formatDuration, parseDurationMs } from "../../../src/base/duration.ts";
import { redactUrl, redactUrls } from "../../../src/base/text/redact.ts";
import { printable, printableLines } from "../../../src/base/text/printable.ts";
import { httpService } from "../../../src/base/http-service.ts";
import { formatTargetUri, parseTargetUri } from "../../../src/scenario/target/target-uri.ts";
import { hostAndPort } from "../../../src/client/endpoint.ts";
import { parseFaults } from "../../../src/emulator/faults/fault-spec.ts";
import { createAddresses } from "../../../src/gateway/door/address.ts";
import { parseFigure, parseSlo } from "../../../src/metrics/judge/slo.ts";
import { each, fail, refusable } from "../target.ts";
import type { FuzzTarget } from "../target.ts";

const words = [
  "p95",
  "p99.9",
  "first_partial_from_onset",
  "error_ratio",
  "goodput",
  "wer",
  "@stage",
  " < ",
  " >= ",
  "ms",
  "s",
  "m",
  "h",
  "%",
  "grpc://",
  "grpcs://",
  "wss://",
  "ws://",
  "http://",
  "user:pass@",
  "host",
  "[::1]",
  ":50051",
  ":0",
  ":99999",
  "/v1/stream",
  "?a=b",
  "#x",
  "%zz",
  "10.0.0.0/8",
  "::/129",
  "every=",
  "delay",
  "reset",
  "abort",
  "after=",
  "seed=",
  "0.5",
  "1e999",
  "-1",
  ".5",
  " ",
  ";",
  ",",
  "=",
];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...words) },
  { weight: 1, arbitrary: fc.string({ maxLength: 4 }) },
);

export const grammars: FuzzTarget = {
  name: "grammars",
  about: "one line of text: SLOs, durations, addresses, URLs, faults, networks",
  dictionary: words,
  grammar: fc.array(word, { maxLength: 8 }).map((parts) => parts.join("")),
  longestBytes: 2048,
  run(input) {
    const text = input.toString("utf8");
    return each(
      () => refusable(() => parseSlo(text)),
      () => refusable(() => parseFigure(text)),
      () => duration(text),
      () => refusable(() => durationFlag("--x", text)),
      () =>
        refusable(() => {
          const uri = parseTargetUri(text);
          const again = parseTargetUri(formatTargetUri(uri));
          if (again.address !== uri.address || again.kind !== uri.kind)
            fail("the URI does not read back as itself");
        }),
      () => `${hostAndPort(text) !== undefined}`,
      () => refusable(() => parseFaults(text)),
      () => refusable(() => createAddresses([text])),
      () => refusable(() => httpService({ url: text, what: "--x", example: "http://x" }, () => undefined)),
      () => hidden(text),
    );
  },
};

function duration(text: string): string {
  const ms = parseDurationMs(text);
  if (ms !== undefined && !(ms >= 0 && ms < Infinity)) fail(`a duration of ${ms} ms`);
  if (ms !== undefined && Number.isInteger(ms) && ms < 1e12 && parseDurationMs(formatDuration(ms)) !== ms)
    fail(`${ms} ms is written as ${formatDuration(ms)}`);
  return `${ms !== undefined}`;
}

function hidden(text: string): string {
  redactUrl(text);
  redactUrls(text);
  if (/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/.test(printable(text))) fail("a control character is left");
  printableLines(text);
  return "hidden";
}
