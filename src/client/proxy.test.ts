import { describe, expect, test } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import type { Destination } from "./proxy.ts";
import { chooseProxy, isLoopback } from "./proxy.ts";

function choose(env: Record<string, string>, destination: Partial<Destination> = {}) {
  const to = { address: "riva.test:50051", protocol: "grpc", overTls: false, ...destination } as const;
  return chooseProxy(to, (name) => {
    const value = env[name];
    return value === undefined || value === "" ? undefined : { value, source: name };
  });
}

const P = "http://proxy.test:3128";

describe("which variable names the proxy", () => {
  test.each<[string, Record<string, string>, Partial<Destination>, string | undefined]>([
    ["none", {}, {}, undefined],
    ["plain text", { http_proxy: P }, {}, "http_proxy"],
    ["upper case", { HTTP_PROXY: P }, {}, "HTTP_PROXY"],
    ["lower before upper case", { http_proxy: P, HTTP_PROXY: "http://other:1" }, {}, "http_proxy"],
    ["empty is not set", { http_proxy: "", HTTP_PROXY: P }, {}, "HTTP_PROXY"],
    ["not that of the other protocol", { https_proxy: P }, {}, undefined],
    ["TLS", { https_proxy: P, http_proxy: "http://other:1" }, { overTls: true }, "https_proxy"],
    ["TLS, not the plain one", { http_proxy: P }, { overTls: true }, undefined],
    ["gRPC's own", { grpc_proxy: P, http_proxy: "http://other:1" }, {}, "grpc_proxy"],
    ["gRPC's own is not for WebSockets", { grpc_proxy: P }, { protocol: "web" }, undefined],
    ["all_proxy comes last", { ALL_PROXY: P, http_proxy: "http://other:1" }, {}, "http_proxy"],
    ["all_proxy alone", { all_proxy: P }, { protocol: "web", overTls: true }, "all_proxy"],
  ])("%s", (_, env, destination, source) => {
    expect(choose(env, destination).proxy?.source).toBe(source);
  });
});

describe("the proxy's URL", () => {
  test.each([
    ["http://p:3128", { host: "p", port: 3128, url: "http://p:3128" }],
    ["p:3128", { host: "p", port: 3128, url: "http://p:3128" }],
    ["http://p", { host: "p", port: 80, url: "http://p:80" }],
    ["http://[fd00::1]:8080/", { host: "fd00::1", port: 8080, url: "http://[fd00::1]:8080" }],
    ["http://u:p%40ss@p:1", { host: "p", port: 1, credentials: "u:p@ss", url: "http://p:1" }],
  ])("%s", (http_proxy, server) => {
    expect(choose({ http_proxy }).proxy).toEqual({ ...server, source: "http_proxy" });
  });

  test.each([
    "socks5://u:SECRET@p:1080",
    "https://u:SECRET@p:443",
    "http://u:SECRET@",
    "http://u:SECRET%@p:1",
  ])("%s is refused without a word of its credentials", (http_proxy) => {
    const error = thrownBy(() => choose({ http_proxy }));
    expect(error).toMatchObject({ exitCode: 2, message: expect.stringMatching(/^http_proxy: /) as string });
    expect(JSON.stringify([error.message, error.hint])).not.toContain("SECRET");
  });
});

describe("what goes direct", () => {
  test.each([
    "localhost:1",
    "api.localhost:1",
    "127.0.0.1:1",
    "127.9.8.7:1",
    "[::1]:1",
    "[::ffff:127.0.0.1]:1",
    "LOCALHOST:1",
  ])("%s is loopback", (address) => {
    expect(choose({ http_proxy: P }, { address })).toEqual({
      direct: "http_proxy is not used for loopback addresses",
    });
  });

  test.each(["localhost.example:1", "128.0.0.1:1", "[::2]:1", "127.example:1"])("%s is not", (address) => {
    expect(choose({ http_proxy: P }, { address }).proxy?.source).toBe("http_proxy");
  });

  test.each([
    ["*", "riva.test:50051", true],
    ["riva.test", "riva.test:50051", true],
    ["RIVA.Test", "riva.test:50051", true],
    ["riva.test.", "riva.test:50051", true],
    ["test", "riva.test:50051", true],
    [".test", "riva.test:50051", true],
    ["*.test", "riva.test:50051", true],
    ["iva.test", "riva.test:50051", false],
    ["riva.test:50051", "riva.test:50051", true],
    ["riva.test:9000", "riva.test:50051", false],
    ["a.example, riva.test", "riva.test:50051", true],
    ["a.example riva.test", "riva.test:50051", true],
    [",, ,", "riva.test:50051", false],
    ["10.0.0.0/8", "10.1.2.3:50051", true],
    ["10.0.0.0/8", "11.1.2.3:50051", false],
    ["10.0.0.0/99", "10.1.2.3:50051", false],
    ["10.0.0.0/-0", "10.1.2.3:50051", false],
    ["10.0.0.0/", "10.1.2.3:50051", false],
    ["10.0.0.0/0", "11.1.2.3:50051", true],
    ["10.1.2.3", "10.1.2.3:50051", true],
    ["10.1.2.3:50051", "10.1.2.3:50051", true],
    ["10.1.2.3:1", "10.1.2.3:50051", false],
    ["fd00::/8", "[fd12::1]:50051", true],
    ["fd12::1", "[fd12::1]:50051", true],
    ["[fd12::1]:50051", "[fd12::1]:50051", true],
    ["[fd12::1]:1", "[fd12::1]:50051", false],
  ])("no_proxy=%s, %s: %s", (no_proxy, address, direct) => {
    const choice = choose({ http_proxy: P, no_proxy }, { address });
    expect(choice.proxy === undefined).toBe(direct);
    expect(choice.direct?.startsWith("no_proxy excepts ")).toBe(direct ? true : undefined);
  });

  test("no_grpc_proxy comes before no_proxy, for gRPC", () => {
    const env = { http_proxy: P, no_grpc_proxy: "other", no_proxy: "*" };
    expect(choose(env).proxy?.source).toBe("http_proxy");
    expect(choose(env, { protocol: "web" }).proxy).toBeUndefined();
  });
});

test("loopback addresses may have a zone", () => {
  expect(isLoopback("::1%lo")).toBe(true);
  expect(isLoopback("fe80::1%lo")).toBe(false);
});
