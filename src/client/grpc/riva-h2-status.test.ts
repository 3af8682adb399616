import { describe, expect, it } from "vitest";
import {
  statusInHeaders,
  statusOfHttp,
  statusOfLostConnection,
  statusOfNonsense,
  statusOfReset,
} from "./riva-h2-status.ts";
import { grpcFailure } from "./failures.ts";

describe("the status in headers or trailers", () => {
  it.each([
    ["0", undefined, { code: 0, details: "" }],
    ["3", "no such model", { code: 3, details: "no such model" }],
    ["13", "100%25 lost%2C caf%C3%A9 %e2%82%ac", { code: 13, details: "100% lost, café €" }],
    ["13", "50% off, %zz, %4", { code: 13, details: "50% off, %zz, %4" }],
    ["13", "%ff%41", { code: 13, details: "\ufffdA" }],
    ["99", "", { code: 99, details: "" }],
    ["", "", { code: undefined, details: "" }],
    ["0, 0", "", { code: undefined, details: "" }],
    ["-1", "", { code: undefined, details: "" }],
  ])("%j with %j", (status, message, expected) => {
    expect(
      statusInHeaders({ "grpc-status": status, ...(message !== undefined && { "grpc-message": message }) }),
    ).toEqual(expected);
  });

  it("there may be none", () => {
    expect(statusInHeaders({ "content-type": "application/grpc" })).toBeUndefined();
  });
});

// As in grpc/doc/http-grpc-status-mapping.md.
it.each([
  [400, 13, "protocol-violation"],
  [401, 16, "unauthenticated"],
  [403, 7, "permission"],
  [404, 12, "protocol-violation"],
  [429, 14, "unavailable"],
  [502, 14, "unavailable"],
  [503, 14, "unavailable"],
  [504, 14, "unavailable"],
  [302, 2, "protocol-violation"],
  [500, 2, "protocol-violation"],
])("HTTP status %i stands for gRPC status %i, which is %s", (http, code, class_) => {
  const status = statusOfHttp(http);
  expect(status?.code).toBe(code);
  expect(grpcFailure(status?.code, status?.details, "configure").class).toBe(class_);
});

it("HTTP status 200 says nothing yet", () => {
  expect(statusOfHttp(200)).toBeUndefined();
});

const failureOf = ({ code, details }: { code: number | undefined; details: string }): unknown =>
  grpcFailure(code, details, "streaming");

it.each([
  [0, { class: "protocol-violation", code: "UNKNOWN" }],
  [2, { class: "reset", code: "INTERNAL" }],
  [7, { class: "reset", code: "UNAVAILABLE" }],
  [8, { class: "reset", code: "CANCELLED" }],
  [11, { class: "resource-exhausted", code: "RESOURCE_EXHAUSTED" }],
])("a stream that ended with code %i and no status", (errorCode, expected) => {
  expect(failureOf(statusOfReset(errorCode))).toMatchObject({ ...expected, origin: "server" });
});

it.each([
  [undefined, "UNAVAILABLE"],
  [new Error("read ECONNRESET"), "ECONNRESET"],
  [new Error("write EPIPE"), "EPIPE"],
  [new Error("Session closed with error code 2"), "UNAVAILABLE"],
])("a lost connection: %s", (error, code) => {
  expect(failureOf(statusOfLostConnection(error))).toMatchObject({
    class: "connection-lost",
    origin: "network",
    code,
  });
});

it("nonsense is the server's breach of the protocol", () => {
  expect(failureOf(statusOfNonsense("malformed varint"))).toMatchObject({
    class: "protocol-violation",
    origin: "server",
    message: expect.stringContaining("malformed varint") as unknown,
  });
});
