import { describe, expect, it } from "vitest";
import { hideSecrets, redactHeaders, redactUrl, redactUrls } from "./redact.ts";

describe("redactUrl", () => {
  it.each([
    ["http://h:9090/api/v1/write", "http://h:9090/api/v1/write"],
    ["http://user:SECRET@h:9090/metrics", "http://h:9090/metrics"],
    ["https://SECRET@h/metrics", "https://h/metrics"],
    ["https://:SECRET@h", "https://h"],
    ["grpc://user:SECRET@[::1]:50051", "grpc://[::1]:50051"],
    ["ws://h:9000/v1/realtime?intent=transcription", "ws://h:9000/v1/realtime?intent=transcription"],
    [
      "ws://h/v1?token=SECRET&intent=x&X-Amz-Signature=SECRET",
      "ws://h/v1?token=(hidden)&intent=x&X-Amz-Signature=(hidden)",
    ],
    ["http://h/?SECRET", "http://h/?(hidden)"],
    ["http://h/x#access_token=SECRET", "http://h/x#(hidden)"],
    ["http://h/x?mail=me@SECRET", "http://h/x?mail=(hidden)"],
    // Passwords that nobody percent-encoded, and what is no URL at all.
    ["http://user:SEC/RET@h/metrics", "http://h/metrics"],
    ["http://user:1SECRET/RET@h", "http://h"],
    ["http://user:SEC#RET@h/x", "http://h/x"],
    ["http://user:SEC?RET@h/x", "http://h/x"],
    ["http://user:SEC@RET@h/x", "http://h/x"],
    ["user:SECRET@h:50051", "h:50051"],
    ["htp//user:SECRET@h", "h"],
    ["", ""],
  ])("%s", (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
  });
});

it("finds URLs in a sentence and leaves its punctuation", () => {
  expect(redactUrls('can\'t fetch "http://u:SECRET@h/a?k=SECRET", nor (https://u:SECRET@b/c).')).toBe(
    'can\'t fetch "http://h/a?k=(hidden)", nor (https://b/c).',
  );
  expect(redactUrls("open '/tmp/x/http:/u:SECRET@h'")).toBe("open '/tmp/x/http:/h'");
  expect(redactUrls("no address: a/b@c, 10:20")).toBe("no address: a/b@c, 10:20");
});

it.each([
  "target ws://h/v1?token=SECRET: not known",
  "(http://u:SECRET@h/?a=SECRET&b=SECRET#SECRET).",
  "http://h/?SECRET",
])("shows the same when a text passes by twice: %s", (text) => {
  const once = redactUrls(text);
  expect(once).not.toContain("SECRET");
  expect(redactUrls(once)).toBe(once);
});

it("hides a secret in each form in which it comes back, and no word of a sentence", () => {
  const secret = "pa55/wörd";
  const text = `${secret} ${encodeURIComponent(secret)} ${Buffer.from(secret).toString("base64")}`;
  expect(hideSecrets(text, [secret])).toBe("(hidden) (hidden) (hidden)");
  expect(hideSecrets("the key nvapi-12345 is unknown", ["Bearer nvapi-12345"])).toBe(
    "the key (hidden) is unknown",
  );
  expect(hideSecrets("language en", ["en"])).toBe("language en");
});

it("shows the values of public headers alone", () => {
  expect(redactHeaders({ "X-Tenant": "blue", "x-auth": "SECRET" }, ["x-tenant"])).toEqual({
    "X-Tenant": "blue",
    "x-auth": "(hidden)",
  });
});

it("a server's text of one long word takes no time", () => {
  const word = "a".repeat(1_000_000);
  expect(redactUrls(`${word} http://u:p@h/${")".repeat(1_000_000)}`)).toContain("http://h/");
});
