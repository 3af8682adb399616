import { describe, expect, test } from "vitest";
import { thrownBy } from "../../../test/support/thrown.ts";
import { formatTargetUri, parseTargetUri } from "./target-uri.ts";

/** Kind, address, path, TLS, as printed. */
type Read = [kind: string, address: string, path: string, secure: boolean, printed: string];

const NIM = "/v1/realtime";
const GATEWAY = "/v1/stream";

describe("addresses that are read", () => {
  test.each<[string, ...Read]>([
    ["grpc://h", "riva-grpc", "h:50051", "", false, "grpc://h:50051"],
    ["grpc://h:1/", "riva-grpc", "h:1", "", false, "grpc://h:1"],
    ["GRPC://H.Example:1", "riva-grpc", "h.example:1", "", false, "grpc://h.example:1"],
    ["grpcs://h", "riva-grpc", "h:443", "", true, "grpcs://h:443"],
    ["grpc://[::1]:50052", "riva-grpc", "[::1]:50052", "", false, "grpc://[::1]:50052"],
    [
      "grpc://[::ffff:10.0.0.1]",
      "riva-grpc",
      "[::ffff:10.0.0.1]:50051",
      "",
      false,
      "grpc://[::ffff:10.0.0.1]:50051",
    ],
    ["grpc://[fe80::1%eth0]:1", "riva-grpc", "[fe80::1]:1", "", false, "grpc://[fe80::1%eth0]:1"],
    ["grpc://[fe80::1%25eth0]:1", "riva-grpc", "[fe80::1]:1", "", false, "grpc://[fe80::1%eth0]:1"],
    [
      "grpc://m\u00fcnchen.example",
      "riva-grpc",
      "xn--mnchen-3ya.example:50051",
      "",
      false,
      "grpc://xn--mnchen-3ya.example:50051",
    ],
    [
      "grpc://my_host.svc.cluster.local.",
      "riva-grpc",
      "my_host.svc.cluster.local.:50051",
      "",
      false,
      "grpc://my_host.svc.cluster.local.:50051",
    ],
    ["ws://h", "nim-realtime", "h:9000", NIM, false, "ws://h:9000"],
    ["ws://h/", "nim-realtime", "h:9000", NIM, false, "ws://h:9000"],
    ["ws://h:1/v1/realtime/", "nim-realtime", "h:1", NIM, false, "ws://h:1"],
    ["ws://h:1/v1/realtime?intent=transcription", "nim-realtime", "h:1", NIM, false, "ws://h:1"],
    ["ws://h:1?intent=transcription", "nim-realtime", "h:1", NIM, false, "ws://h:1"],
    ["ws://h:1/asr/v1/realtime", "nim-realtime", "h:1", `/asr${NIM}`, false, "ws://h:1/asr/v1/realtime"],
    [
      "wss://h/a/b/v1/realtime/?intent=transcription",
      "nim-realtime",
      "h:443",
      `/a/b${NIM}`,
      true,
      "wss://h:443/a/b/v1/realtime",
    ],
    ["ws://h:1/v1/stream/", "gateway", "h:1", GATEWAY, false, "ws://h:1/v1/stream"],
    ["Wss://h/asr/v1/stream", "gateway", "h:443", `/asr${GATEWAY}`, true, "wss://h:443/asr/v1/stream"],
    ["wss://[::1]/v1/stream", "gateway", "[::1]:443", GATEWAY, true, "wss://[::1]:443/v1/stream"],
  ])("%s", (uri, kind, address, path, secure, printed) => {
    const read = parseTargetUri(uri);
    expect(read).toMatchObject({ kind, address, path, secure });
    expect(formatTargetUri(read)).toBe(printed);
    // What is printed is read as the same.
    expect(parseTargetUri(printed)).toEqual(read);
  });
});

describe("addresses that are refused", () => {
  test.each([
    ["http://h:9000", /http:\/\/ is not supported/],
    ["h:50051", /not a server's address/],
    ["grpc://", /not a server's address/],
    ["grpc:///x", /not a server's address/],
    ["grpc://h:", /the port is not a number/],
    ["grpc://h:0", /port 0 does not exist/],
    ["grpc://h:65536", /port 65536 does not exist/],
    ["grpc://h:99999999999999999999", /does not exist/],
    ["grpc://h:1a", /the port is not a number/],
    ["grpc://::1", /in brackets/],
    ["grpc://::1:50051", /in brackets/],
    ["grpc://fe80::1:2:50051", /in brackets/],
    ["grpc://[::g]:1", /not an IPv6 address/],
    ["grpc://[10.0.0.1]:1", /not an IPv6 address/],
    ["grpc://[::1", /not a server's address/],
    ["grpc://[::1]x:1", /not a server's address/],
    ["grpc://10.0.0.256", /not an IPv4 address/],
    ["grpc://10.0.0", /not an IPv4 address/],
    ["grpc://a..b", /not a server's address/],
    ["grpc://-a", /not a server's address/],
    ["grpc://a b", /not a server's address/],
    [" grpc://a", /not a server's address/],
    ["grpc://a\n", /not a server's address/],
    ["grpc://a,b", /not a server's address/],
    ["grpc://h/x", /no path/],
    ["grpc://h?x=1", /no path and no query/],
    ["ws://h/v1/realtimes", /no dialect is known/],
    ["ws://h/xv1/streams", /no dialect is known/],
    ["ws://h/v1/realtime?intent=other", /the query intent is not known/],
    ["ws://h/v1/realtime?token=SECRET", /the query token is not known/],
    ["ws://h/v1/stream?token=SECRET", /has no query/],
    ["ws://h/v1/stream#SECRET", /has no #fragment/],
    ["grpc://user:SECRET@h:1", /no credentials/],
    ["wss://SECRET@h/v1/stream", /no credentials/],
  ])("%s", (uri, message) => {
    const error = thrownBy(() => parseTargetUri(uri));
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) as string });
    expect(`${error.message} ${error.hint ?? ""}`).not.toContain("SECRET");
  });
});

test.each([
  ["grpc://localhost", true],
  ["grpc://LOCALHOST", true],
  ["grpc://127.9.9.9", true],
  ["grpc://[::1]", true],
  ["grpc://localhost.example", false],
  ["grpc://127.example", false],
  ["grpc://[::2]", false],
])("%s is this machine: %s", (uri, loopback) => {
  expect(parseTargetUri(uri).loopback).toBe(loopback);
});
