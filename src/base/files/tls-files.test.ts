import { execFileSync } from "node:child_process";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { makeCertificates } from "../../../test/support/certificates.ts";
import { readAuthorities, readCertificateAndKey } from "./tls-files.ts";

const folder = makeCertificates();
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string): string => join(folder, name);
const bytes = (name: string): Buffer => readFileSync(path(name));
const openssl = (...args: string[]): void =>
  void execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "ignore"] });

openssl(
  "pkcs8",
  "-topk8",
  "-in",
  "client.key",
  "-out",
  "enc.key",
  "-passout",
  "pass:geheim",
  "-v2",
  "aes-256-cbc",
);
openssl(
  "pkcs12",
  "-export",
  "-in",
  "client.crt",
  "-inkey",
  "client.key",
  "-out",
  "it's.p12",
  "-passout",
  "pass:geheim",
);
openssl("crl2pkcs7", "-nocrl", "-certfile", "ca.crt", "-out", "ca.p7b", "-outform", "DER");
openssl("x509", "-in", "ca.crt", "-outform", "DER", "-out", "ca.der");
openssl("pkey", "-in", "client.key", "-outform", "DER", "-out", "key.der");
openssl(
  "pkey",
  "-in",
  "client.key",
  "-aes256",
  "-passout",
  "pass:geheim",
  "-traditional",
  "-out",
  "legacy.key",
);
openssl("req", "-x509", "-key", "client.key", "-subj", "/CN=old", "-days", "1", "-out", "own.crt");
writeFileSync(path("empty"), "");
writeFileSync(path("blank"), " \r\n");
writeFileSync(path("text"), "nothing");
writeFileSync(path("photo.jpg"), Buffer.from("ffd8ffe000104a46494600010100", "hex"));
writeFileSync(path("utf16"), Buffer.from(bytes("ca.crt").toString(), "utf16le"));
writeFileSync(path("cut"), bytes("ca.crt").subarray(0, 300));
writeFileSync(path("bad"), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
writeFileSync(path("badkey"), "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
writeFileSync(path("bom"), Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), bytes("ca.crt")]));
writeFileSync(path("crlf"), bytes("ca.crt").toString().replaceAll("\n", "\r\n"));
writeFileSync(
  path("bag"),
  `Bag Attributes\n${bytes("client.crt").toString()}Key Attributes\n${bytes("client.key").toString()}`,
);
writeFileSync(path("chain"), Buffer.concat([bytes("client.crt"), bytes("ca.crt")]));
writeFileSync(path("reversed"), Buffer.concat([bytes("ca.crt"), bytes("client.crt")]));
mkdirSync(path("folder"));
symlinkSync("/dev/zero", path("zero"));

const ca = (name: string): Promise<Buffer> => readAuthorities({ source: "RIVA_SSL_CA", path: path(name) });
const pair = (cert: string, key: string, passphrase?: string, nowEpochMs?: number) =>
  readCertificateAndKey(
    { source: "RIVA_SSL_CERT", path: path(cert) },
    { source: "RIVA_SSL_KEY", path: path(key) },
    { passphrase, encryptedKeyHint: "Give its passphrase.", nowEpochMs },
  );

describe("authorities", () => {
  it.each(["ca.crt", "bom", "crlf", "chain"])("are read from %s", async (name) => {
    const [, first] =
      /(-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----)/s.exec(bytes(name).toString()) ?? [];
    const read = await ca(name);
    expect(new X509Certificate(read).fingerprint256).toBe(new X509Certificate(first ?? "").fingerprint256);
    expect(read.toString().match(/BEGIN/g)).toHaveLength(name === "chain" ? 2 : 1);
  });

  it.each([
    ["gone", /gone does not exist$/, /Check RIVA_SSL_CA/],
    ["folder", /is a folder$/, /Check/],
    ["zero", /can't be read \(a device, not a file\)$/, /Check/],
    ["empty", /is empty$/, /PEM file/],
    ["blank", /is empty$/, /PEM file/],
    ["text", /holds no certificate$/, /PEM file/],
    ["photo.jpg", /holds no certificate$/, /PEM file/],
    ["client.key", /holds a private key, no certificate$/, /other way round/],
    ["enc.key", /holds a private key, no certificate$/, /other way round/],
    ["it's.p12", /is PKCS#12/, /openssl pkcs12 -in '.*it'\\''s\.p12' -nokeys -out '.*it'\\''s\.pem'/],
    ["ca.p7b", /is PKCS#7$/, /openssl pkcs7 /],
    ["ca.der", /is DER, not PEM$/, /openssl x509 -inform der/],
    ["key.der", /holds a private key \(DER\), no certificate$/, /PEM/],
    ["utf16", /is UTF-16 text$/, /UTF-8/],
    ["cut", /is cut off/, /again/],
    ["bad", /certificate that can't be read \(number 1\)/, /again/],
  ])("are refused from %s", async (name, message, hint) => {
    await expect(ca(name)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(hint) as string,
    });
    await expect(ca(name)).rejects.toThrow(`RIVA_SSL_CA: ${path(name)} `);
  });

  it.skipIf(process.getuid?.() === 0)("are refused from a file without permission", async () => {
    writeFileSync(path("closed"), bytes("ca.crt"));
    chmodSync(path("closed"), 0);
    await expect(ca("closed")).rejects.toThrow("permission denied");
  });
});

describe("certificate and key", () => {
  it.each([
    ["client.crt", "client.key", undefined],
    ["bag", "bag", undefined],
    ["chain", "client.key", undefined],
    ["client.crt", "client.key", "not needed"],
    ["client.crt", "enc.key", "geheim"],
    ["client.crt", "legacy.key", "geheim"],
  ])("%s and %s fit, the key is decrypted", async (cert, key, passphrase) => {
    const read = await pair(cert, key, passphrase);
    expect(new X509Certificate(read.cert).checkPrivateKey(createPrivateKey(read.key))).toBe(true);
  });

  it.each([
    ["client.crt", "enc.key", undefined, /RIVA_SSL_KEY: .*enc\.key is encrypted with a passphrase$/],
    ["client.crt", "legacy.key", undefined, /is encrypted with a passphrase$/],
    ["client.crt", "enc.key", "WRONG", /enc\.key can't be decrypted: the passphrase is not its own$/],
    ["client.crt", "legacy.key", "WRONG", /can't be decrypted/],
    ["client.crt", "server.key", undefined, /RIVA_SSL_KEY: .*server\.key does not belong to the certificate/],
    [
      "client.key",
      "client.crt",
      undefined,
      /RIVA_SSL_CERT: .*client\.key holds a private key, no certificate/,
    ],
    ["client.crt", "client.crt", undefined, /holds a certificate, no private key/],
    ["reversed", "client.key", undefined, /has the certificate of the key as number 2/],
    ["client.crt", "it's.p12", undefined, /is PKCS#12/],
    ["client.crt", "key.der", undefined, /is DER, not PEM/],
    ["client.crt", "ca.der", undefined, /holds a certificate \(DER\), no private key/],
    ["client.crt", "badkey", undefined, /private key that can't be read/],
    ["client.crt", "empty", undefined, /is empty/],
  ])("%s and %s with passphrase %s are refused", async (cert, key, passphrase, message) => {
    const refused = pair(cert, key, passphrase);
    await expect(refused).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(message) as string,
    });
    await expect(refused).rejects.not.toThrow(/WRONG|bad decrypt/);
  });

  it("has expired, or is not valid yet", async () => {
    const { validTo, validFrom } = new X509Certificate(bytes("own.crt"));
    await expect(pair("own.crt", "client.key", undefined, Date.parse(validTo) + 1000)).rejects.toThrow(
      `own.crt has expired (${validTo})`,
    );
    await expect(pair("own.crt", "client.key", undefined, Date.parse(validFrom) - 1000)).rejects.toThrow(
      "is valid only from",
    );
    await expect(
      pair("own.crt", "client.key", undefined, Date.parse(validFrom) + 1000),
    ).resolves.toBeDefined();
  });
});
