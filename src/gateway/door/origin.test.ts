import { describe, expect, test } from "vitest";
import { createPages } from "./origin.ts";

interface Sent {
  origin?: string;
  host?: string;
  localAddress?: string;
  encrypted?: boolean;
}

function at(allowedOrigins: string[], host = "0.0.0.0") {
  const pages = createPages(() => ({ allowedOrigins, host }));
  const request = ({ localAddress = "10.0.0.5", encrypted = false, ...headers }: Sent) => ({
    headers,
    socket: { localAddress, ...(encrypted ? { encrypted } : {}) },
  });
  return {
    page: (sent: Sent) => pages.of(request(sent)),
    misdirected: (sent: Sent) => pages.isMisdirected(request(sent)),
  };
}

describe("pages", () => {
  test.each<[string, Sent, string]>([
    ["no page", { host: "localhost:9000" }, "none"],
    ["localhost", { origin: "http://localhost:9000", host: "localhost:9000" }, "named"],
    ["127.0.0.1", { origin: "http://127.0.0.1:9000", host: "127.0.0.1:9000" }, "named"],
    ["IPv6 loopback", { origin: "http://[::1]:9000", host: "[::1]:9000" }, "named"],
    ["IPv6 loopback, long", { origin: "http://[::1]:9000", host: "[0:0:0:0:0:0:0:1]:9000" }, "named"],
    ["capitals", { origin: "http://localhost:9000", host: "LocalHost:9000" }, "named"],
    ["a dot at the end", { origin: "http://localhost.:9000", host: "localhost:9000" }, "named"],
    ["the default port", { origin: "http://localhost", host: "localhost:80" }, "named"],
    [
      "the default port of https",
      { origin: "https://localhost", host: "localhost:443", encrypted: true },
      "named",
    ],
    ["https on a port with TLS", { origin: "https://[::1]:9", host: "[::1]:9", encrypted: true }, "named"],
    ["https on a plain port", { origin: "https://localhost:9962", host: "localhost:9962" }, "foreign"],
    [
      "http on a port with TLS",
      { origin: "http://localhost:9962", host: "localhost:9962", encrypted: true },
      "foreign",
    ],
    ["the socket's own address", { origin: "http://10.0.0.5:9000", host: "10.0.0.5:9000" }, "named"],
    [
      "the same, as IPv6 writes it",
      { origin: "http://10.0.0.5", host: "10.0.0.5", localAddress: "::ffff:10.0.0.5" },
      "named",
    ],
    ["a rebound name", { origin: "http://evil.example:9000", host: "evil.example:9000" }, "foreign"],
    ["a rebound name of one label", { origin: "http://evil:9000", host: "evil:9000" }, "foreign"],
    ["a name below localhost", { origin: "http://a.localhost:9000", host: "a.localhost:9000" }, "foreign"],
    [
      "a name that begins like loopback",
      { origin: "http://127.evil.example", host: "127.evil.example" },
      "foreign",
    ],
    ["another address", { origin: "http://192.0.2.1:9000", host: "192.0.2.1:9000" }, "foreign"],
    ["another port", { origin: "http://localhost:3000", host: "localhost:9000" }, "foreign"],
    ["another loopback name", { origin: "http://127.0.0.1:9000", host: "localhost:9000" }, "foreign"],
    ["a foreign page", { origin: "https://evil.example", host: "localhost:9000" }, "foreign"],
    ["a sandboxed page", { origin: "null", host: "localhost:9000" }, "foreign"],
    ["another scheme", { origin: "chrome-extension://abc", host: "localhost:9000" }, "foreign"],
    [
      "an origin with a user",
      { origin: "http://localhost:9000@evil.example", host: "localhost:9000" },
      "foreign",
    ],
    ["no Host", { origin: "http://localhost:9000" }, "foreign"],
    ["an empty origin", { origin: "", host: "localhost:9000" }, "foreign"],
  ])("%s", (_, sent, page) => expect(at([]).page(sent)).toBe(page));

  test("allowed origins come in under any Host; a star lets in anybody, and is known for it", () => {
    const app = { origin: "https://app.example", host: "gw.example" };
    expect(at(["https://app.example"]).page(app)).toBe("named");
    expect(at(["https://APP.example:443/"]).page(app)).toBe("named");
    expect(at(["https://other.example"]).page(app)).toBe("foreign");
    expect(at(["*"]).page(app)).toBe("any");
    expect(at(["*", "https://app.example"]).page(app)).toBe("named");
    expect(at(["*"]).page({ host: "gw.example" })).toBe("none");
  });

  test("the name that it listens on is its own", () => {
    const sent = { origin: "http://gw.example:9000", host: "gw.example:9000" };
    expect(at([], "gw.example").page(sent)).toBe("named");
    expect(at([], "GW.example.").page(sent)).toBe("named");
  });
});

describe("Host", () => {
  test.each<[string, Sent, boolean]>([
    ["loopback", { host: "localhost:9000" }, false],
    ["the socket's own address", { host: "10.0.0.5:9000" }, false],
    ["another address: of a host before it", { host: "192.0.2.1:9000" }, false],
    ["an IPv6 address", { host: "[2001:db8::1]:9000" }, false],
    ["a name of one label, as containers have", { host: "gateway:9000" }, false],
    ["none, as load balancers send", {}, false],
    ["a name that anybody can register", { host: "evil.example:9000" }, true],
    ["the same in capitals, with a dot", { host: "EVIL.EXAMPLE.:9000" }, true],
    ["a page at another address", { host: "192.0.2.1:9000", origin: "http://192.0.2.1:9000" }, true],
    ["no name at all", { host: "" }, true],
    ["a name with a path", { host: "localhost/x" }, true],
    ["a user before it", { host: "localhost@evil.example" }, true],
  ])("%s", (_, sent, misdirected) => expect(at([]).misdirected(sent)).toBe(misdirected));

  test("the host of an allowed origin is the gateway's own", () => {
    expect(at(["https://gw.example"]).misdirected({ host: "gw.example" })).toBe(false);
    expect(at(["https://gw.example"]).misdirected({ host: "evil.example" })).toBe(true);
    expect(at(["*"]).misdirected({ host: "evil.example" })).toBe(false);
  });
});
