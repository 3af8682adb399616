import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeCertificates } from "../../test/support/certificates.ts";
import { loadServerTls } from "./tls.ts";

const folder = makeCertificates();
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);
writeFileSync(file("empty.pem"), "nothing");

describe("loadServerTls", () => {
  it("is off when no file is named", async () => {
    expect(await loadServerTls({})).toBeUndefined();
  });

  it("reads certificate, key and the clients' authority", async () => {
    const tls = await loadServerTls({
      cert: file("server.crt"),
      key: file("server.key"),
      clientCa: file("ca.crt"),
    });
    for (const pem of [tls?.certificate, tls?.key, tls?.clientCa]) expect(pem?.toString()).toContain("BEGIN");
  });

  it.each([
    { what: "a certificate alone", paths: { cert: "server.crt" }, message: "TLS needs both" },
    { what: "a client authority alone", paths: { clientCa: "ca.crt" }, message: "TLS needs both" },
    {
      what: "a file that is not there",
      paths: { cert: "none.crt", key: "server.key" },
      message: "none.crt does not exist",
    },
    {
      what: "no certificate",
      paths: { cert: "empty.pem", key: "server.key" },
      message: "holds no certificate",
    },
    {
      what: "no authority",
      paths: { cert: "server.crt", key: "server.key", clientCa: "empty.pem" },
      message: "--tls-client-ca",
    },
    {
      what: "another one's key",
      paths: { cert: "server.crt", key: "client.key" },
      message: "does not belong to the certificate",
    },
  ])("refuses $what with exit code 2", async ({ paths, message }) => {
    const absolute = Object.fromEntries(Object.entries(paths).map(([name, value]) => [name, file(value)]));
    await expect(loadServerTls(absolute)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(message) as string,
    });
  });
});
