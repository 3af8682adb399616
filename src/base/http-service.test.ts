import { createServer } from "node:http";
import type { IncomingHttpHeaders, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { thrownBy } from "../../test/support/thrown.ts";
import type { Environment } from "./files/dot-env.ts";
import type { ServiceRequest } from "./http-service.ts";
import { callService, httpService } from "./http-service.ts";

const FROM = { headersFrom: ["X_HEADERS", "ALL_HEADERS"], tokenFrom: "X_TOKEN" };

function service(url: string, env: Record<string, string> = {}, more: Partial<ServiceRequest> = {}) {
  const environment: Environment = (name) =>
    env[name] === undefined ? undefined : { value: env[name], source: name };
  return httpService({ url, what: "--to", example: "http://h", ...FROM, ...more }, environment);
}

function basic(text: string): string {
  return `Basic ${Buffer.from(text).toString("base64")}`;
}

describe("credentials", () => {
  it.each([
    ["http://user:pass@h/w", {}, { authorization: basic("user:pass") }],
    ["http://user@h/w", {}, { authorization: basic("user:") }],
    ["http://:pass@h/w", {}, { authorization: basic(":pass") }],
    ["http://us%40er:p%2Fa%23s%25@h/w", {}, { authorization: basic("us@er:p/a#s%") }],
    ["http://user:p:a@h/w", {}, { authorization: basic("user:p:a") }],
    ["http://käthe:wört@h/w", {}, { authorization: basic("käthe:wört") }],
    ["http://h/w", {}, {}],
    ["http://h/w", { X_TOKEN: "abc" }, { authorization: "Bearer abc" }],
    [
      "http://h/w",
      { X_HEADERS: "X-Scope-OrgID=a, authorization=Basic%20abc" },
      { "x-scope-orgid": "a", authorization: "Basic abc" },
    ],
    // The nearest place decides: the URL, then its own headers, then the general ones, then the token.
    ["http://u:p@h/w", { X_HEADERS: "Authorization=no", X_TOKEN: "no" }, { authorization: basic("u:p") }],
    [
      "http://h/w",
      { X_HEADERS: "a=1", ALL_HEADERS: "a=2,b=3", X_TOKEN: "t" },
      { a: "1", b: "3", authorization: "Bearer t" },
    ],
  ])("of %s with %j", (url, env, headers) => {
    const found = service(url, env);
    expect(found.headers).toEqual(headers);
    expect(found.url).toBe("http://h/w");
  });

  it.each([
    ["http://user:SECR%zz@h", {}, "--to: user and password can't be decoded"],
    ["http://us%3Aer:SECRET@h", {}, "--to: the user's name holds a colon"],
    ["http://user:SECRET%0A@h", {}, "--to: user or password holds a control character"],
    ["http://user:1/SECRET@h", {}, "--to http://h: an @ stands behind the first slash"],
    ["http://user:SEC/RET@h", {}, "--to http://h: not a URL"],
    ["ftp://user:SECRET@h", {}, "--to ftp://h: not a URL"],
    ["user:SECRET@h", {}, "--to h: not a URL"],
    ["http://h", { X_TOKEN: "SECRET\n" }, "X_TOKEN: the value of authorization can't be sent in a header"],
    ["http://h", { X_TOKEN: "SECRET语" }, "X_TOKEN: the value of authorization can't be sent in a header"],
    ["http://h", { X_HEADERS: "a=1,SECRET" }, "X_HEADERS: its header 2 can't be read"],
    ["http://h", { X_HEADERS: "a=SECRET%" }, "X_HEADERS: its header 1 can't be read"],
    ["http://h", { X_HEADERS: "Host=SECRET" }, "X_HEADERS: the header Host can't be set"],
    ["http://h", { X_HEADERS: "a b=SECRET" }, 'X_HEADERS: "a b" is no name of a header'],
  ])("that can't be sent are bad input, and not repeated: %s with %j", (url, env, message) => {
    const error = thrownBy(() => service(url, env)) as { message: string; hint?: string };
    expect(error).toMatchObject({ exitCode: 2, message });
    expect(JSON.stringify([error.message, error.hint])).not.toMatch(/SEC|RET/);
  });
});

describe("a call", () => {
  let server: Server | undefined;
  afterEach(() => server?.close());
  const asked: { headers: IncomingHttpHeaders; body: string }[] = [];

  async function answering(status: number, headers: Record<string, string>, text: string): Promise<string> {
    asked.length = 0;
    server = createServer((request, response) => {
      let body = "";
      request.on("data", (part: Buffer) => (body += part.toString()));
      request.on("end", () => {
        asked.push({ headers: request.headers, body });
        response.writeHead(status, headers).end(text.replace("ECHO", request.headers.authorization ?? "-"));
      });
    });
    await new Promise<void>((resolve) => server?.listen(0, "127.0.0.1", resolve));
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it("takes the credentials along", async () => {
    const address = await answering(200, {}, "fine");
    const to = service(`http://user:pass@${address}/a?b=c`);
    expect(await callService(to, { method: "PUT", body: "x", limitMs: 1000 })).toBe("fine");
    expect(asked).toMatchObject([{ headers: { authorization: basic("user:pass") }, body: "x" }]);
  });

  it("does not follow a redirect with them", async () => {
    const address = await answering(302, { location: "http://u:SECRET@other/?k=SECRET" }, "");
    const call = callService(service(`http://user:pass@${address}/`), { limitMs: 1000 });
    await expect(call).rejects.toThrow(/^HTTP 302: it redirects to http:\/\/other\/\?k=\(hidden\)$/);
  });

  it("that is refused does not repeat what the service says of them", async () => {
    const address = await answering(401, {}, "bad credentials ECHO for SECRETpass and SECRETquery");
    const to = service(`http://user:SECRETpass@${address}/?key=SECRETquery`);
    await expect(callService(to, { limitMs: 1000 })).rejects.toThrow(
      /^HTTP 401: bad credentials \(hidden\) for \(hidden\) and \(hidden\)$/,
    );
  });

  it("that reaches nobody says why", async () => {
    const address = await answering(200, {}, "");
    await new Promise((resolve) => server?.close(resolve));
    const call = callService(service(`http://user:SECRET@${address}/`), { limitMs: 1000 });
    await expect(call).rejects.toThrow(`connect ECONNREFUSED ${address}`);
  });
});
