/** Every transport goes where its route says: through a proxy by CONNECT, and to the addresses of a name in turn. */
import { afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { createRivaUnary } from "../../src/client/grpc/riva-unary.ts";
import { streamLimit } from "../../src/client/stream-limit.ts";
import { makeCertificates, pem } from "../support/certificates.ts";
import type { ConnectProxy } from "../support/connect-proxy.ts";
import { connectProxy } from "../support/connect-proxy.ts";
import { POLITE, conformingTransports, failed, harness } from "./harness.ts";

const certificates = makeCertificates();
const ofServer = { cert: pem(certificates, "server.crt"), key: pem(certificates, "server.key") };
const trust = { rootCa: pem(certificates, "ca.crt"), serverName: "localhost" };
const AUTHORIZATION = `Basic ${Buffer.from("user:secret").toString("base64")}`;

const proxies: ConnectProxy[] = [];
afterEach(async () => {
  await Promise.all(proxies.splice(0).map((proxy) => proxy.close()));
});
async function proxied(status?: number): Promise<ConnectProxy> {
  const proxy = await connectProxy(status);
  proxies.push(proxy);
  return proxy;
}
/** The same port under a name that only the proxy knows. */
function unknownName(address: string): string {
  return `riva.test:${address.split(":").at(-1) ?? ""}`;
}

describe.each(conformingTransports)("%s", (name) => {
  const { meet, connect, session } = harness(name);

  it.each([
    ["plain text", {}, {}],
    ["TLS", { tls: ofServer }, { tls: trust }],
  ])("goes through a proxy with %s", async (_, serverOptions, clientOptions) => {
    const server = await meet(POLITE, serverOptions);
    const proxy = await proxied();
    const address = unknownName(server.address);
    const transport = connect(address, { ...clientOptions, route: { proxy: proxy.server } });
    await transport.warmUp(1, 3000);
    const { outcome, heard } = await session(transport);
    expect(outcome).toEqual({ ok: true });
    expect(heard.responses.at(-1)?.text).toBe("hello");
    expect(new Set(proxy.asked.map(({ target }) => target))).toEqual(new Set([address]));
    expect(proxy.asked[0]?.authorization).toBe(AUTHORIZATION);
  });

  it("fails with the proxy's refusal, never with undefined", async () => {
    const proxy = await proxied(407);
    const transport = connect("riva.test:9", { route: { proxy: proxy.server } });
    const { outcome } = await session(transport);
    expect(outcome).toEqual(failed({ phase: "connect", code: expect.stringMatching(/^PROXY_/) as string }));
    expect(JSON.stringify(outcome)).not.toMatch(/undefined|secret/);
    await expect(transport.warmUp(1, 3000)).rejects.toMatchObject({ exitCode: 7 });
  });

  it("fails when nobody is at the proxy's port", async () => {
    const proxy = await connectProxy();
    await proxy.close();
    const transport = connect("riva.test:9", { route: { proxy: proxy.server } });
    const { outcome } = await session(transport);
    expect(outcome).toEqual(failed({ phase: "connect", code: expect.stringMatching(/^PROXY_/) as string }));
  });

  it.each([
    ["plain text", {}, {}],
    ["TLS, held against the name", { tls: ofServer }, { tls: { rootCa: trust.rootCa } }],
  ])("takes the addresses of a name in turn with %s", async (_, serverOptions, clientOptions) => {
    const server = await meet(POLITE, serverOptions);
    const port = server.address.split(":").at(-1) ?? "";
    const route = { addresses: ["127.0.0.1"] };
    // With TLS the certificate is that of the name; in plain text the name is looked up nowhere.
    const host = "tls" in clientOptions ? "localhost" : "riva.test";
    const transport = connect(`${host}:${port}`, { ...clientOptions, route });
    await transport.warmUp(1, 3000);
    for (let i = 0; i < 3; i++) expect((await session(transport)).outcome).toEqual({ ok: true });
    expect(transport.sessionsByAddress()).toEqual({ "127.0.0.1": 3 });
  });

  it("gives each address its share, and a dead one its failures", async () => {
    const server = await meet(POLITE);
    const port = server.address.split(":").at(-1) ?? "";
    const route = { addresses: ["127.0.0.1", "::1"] };
    const transport = connect(`riva.test:${port}`, { route, firstAddress: 1 });
    const outcomes = [];
    for (let i = 0; i < 3; i++) outcomes.push((await session(transport)).outcome);
    expect(outcomes).toEqual([failed({ phase: "connect" }), { ok: true }, failed({ phase: "connect" })]);
    expect(transport.sessionsByAddress()).toEqual({ "127.0.0.1": 1, "::1": 2 });
    await expect(transport.warmUp(1, 3000)).rejects.toMatchObject({
      message: expect.stringContaining(`riva.test:${port} (::1)`) as string,
    });
  });
});

describe("calls with one answer", () => {
  const { serve } = harness("riva-grpc");

  it("go the same way", async () => {
    const server = await serve({});
    const proxy = await proxied();
    const endpoint = { address: unknownName(server.address), route: { proxy: proxy.server } };
    const unary = createRivaUnary({ ...endpoint, clock: realClock });
    const answer = await unary.health(3000);
    expect(answer.ok || answer.failure.phase !== "connect").toBe(true);
    unary.close();
    await streamLimit(endpoint, realClock, 3000);
    expect(proxy.asked.map(({ target }) => target)).toEqual([endpoint.address, endpoint.address]);
  });
});
