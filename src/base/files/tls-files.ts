/** Certificate and key files, read and checked before anything connects or listens: what is wrong is told by what is in them. */
import type { KeyObject } from "node:crypto";
import { X509Certificate, createPrivateKey } from "node:crypto";
import { BenchError, messageOf } from "../errors.ts";
import { readNamedBytes } from "./read-file.ts";

/** A file and how people are told of it. */
export interface TlsFile {
  /** What names it: a flag, a variable, a key of a file. */
  source: string;
  path: string;
}

/** Who may have signed the other side's certificate: PEM. @throws BenchError (exit 2) that names the file and what is wrong */
export async function readAuthorities(file: TlsFile): Promise<Buffer> {
  return pemOf(certificatesIn(file, await read(file)));
}

export interface CertificateAndKey {
  /** PEM, the certificate of the key first. */
  cert: Buffer;
  /** PEM, without a passphrase. */
  key: Buffer;
}

/**
 * A certificate, with its chain, and its private key.
 *
 * @param passphrase of the key; undefined = none is given
 * @param encryptedKeyHint said of an encrypted key without its passphrase
 * @param nowEpochMs refuses a certificate that is not valid then; undefined = any
 * @throws BenchError (exit 2) that names the file and what is wrong
 */
export async function readCertificateAndKey(
  certFile: TlsFile,
  keyFile: TlsFile,
  {
    passphrase,
    encryptedKeyHint,
    nowEpochMs,
  }: { passphrase?: string | undefined; encryptedKeyHint: string; nowEpochMs?: number | undefined },
): Promise<CertificateAndKey> {
  const chain = certificatesIn(certFile, await read(certFile));
  const key = privateKeyIn(keyFile, await read(keyFile), passphrase, encryptedKeyHint);
  const [first] = chain;
  if (first?.checkPrivateKey(key) !== true) {
    const elsewhere = chain.findIndex((each) => each.checkPrivateKey(key));
    throw elsewhere === -1
      ? wrong(
          keyFile,
          `does not belong to the certificate ${certFile.path}`,
          "Give the private key that the certificate was made for.",
        )
      : wrong(
          certFile,
          `has the certificate of the key as number ${elsewhere + 1}`,
          "Put it first, the intermediate certificates after it.",
        );
  }
  if (nowEpochMs !== undefined) checkValidity(certFile, first, nowEpochMs);
  return { cert: pemOf(chain), key: Buffer.from(key.export({ type: "pkcs8", format: "pem" })) };
}

function checkValidity(file: TlsFile, { validFrom, validTo }: X509Certificate, nowEpochMs: number): void {
  if (Date.parse(validTo) < nowEpochMs)
    throw wrong(file, `has expired (${validTo})`, "Renew the certificate, or set the clock of this machine.");
  if (Date.parse(validFrom) > nowEpochMs)
    throw wrong(file, `is valid only from ${validFrom} on`, "Set the clock of this machine.");
}

function wrong({ source, path }: TlsFile, what: string, hint: string): BenchError {
  return BenchError.usage(`${source}: ${path} ${what}`, hint);
}

/** More than any bundle of authorities is. */
const MAX_BYTES = 16 * 1024 * 1024;

const READ_ERRORS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist",
  EISDIR: "is a folder",
  EACCES: "can't be read: permission denied",
  EPERM: "can't be read: permission denied",
};

async function read(file: TlsFile): Promise<Buffer> {
  let bytes: Buffer;
  try {
    bytes = await readNamedBytes(file.path);
  } catch (error) {
    const known = READ_ERRORS[(error as NodeJS.ErrnoException).code ?? ""];
    throw wrong(file, known ?? `can't be read (${messageOf(error)})`, `Check ${file.source}.`);
  }
  if (bytes.length > MAX_BYTES) throw wrong(file, "is too large for certificates", PEM_HINT);
  if (bytes.toString("latin1").trim() === "") throw wrong(file, "is empty", PEM_HINT);
  return bytes;
}

const PEM_HINT = "It must be a PEM file: text with -----BEGIN ...-----.";

interface Block {
  label: string;
  text: string;
}

/** The PEM blocks of a file, whatever stands between them (a byte order mark, text, CRLF). */
function blocksIn(file: TlsFile, bytes: Buffer): Block[] {
  const text = bytes.toString("latin1");
  const blocks = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----.*?-----END \1-----/gs)].map((match) => ({
    label: match[1] ?? "",
    text: match[0].replaceAll("\r\n", "\n"),
  }));
  const begun = text.match(/-----BEGIN [A-Z0-9 ]+-----/g)?.length ?? 0;
  if (begun > blocks.length)
    throw wrong(file, "is cut off: a -----BEGIN has no -----END", "Copy the file again.");
  return blocks;
}

function certificatesIn(file: TlsFile, bytes: Buffer): X509Certificate[] {
  const blocks = blocksIn(file, bytes);
  const own = blocks.filter(({ label }) => /^(?:X509 |TRUSTED )?CERTIFICATE$/.test(label));
  if (own.length === 0) throw notWanted(file, bytes, blocks, "certificate");
  return own.map(({ text }, index) => {
    try {
      return new X509Certificate(text);
    } catch {
      throw wrong(file, `has a certificate that can't be read (number ${index + 1})`, "Copy the file again.");
    }
  });
}

function privateKeyIn(
  file: TlsFile,
  bytes: Buffer,
  passphrase: string | undefined,
  encryptedKeyHint: string,
): KeyObject {
  const blocks = blocksIn(file, bytes);
  const block = blocks.find(({ label }) => label !== "OPENSSH PRIVATE KEY" && label.endsWith("PRIVATE KEY"));
  if (block === undefined) throw notWanted(file, bytes, blocks, "private key");
  const encrypted = block.label.startsWith("ENCRYPTED") || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
  if (encrypted && passphrase === undefined)
    throw wrong(file, "is encrypted with a passphrase", encryptedKeyHint);
  try {
    return createPrivateKey({ key: block.text, ...(encrypted && { passphrase: passphrase ?? "" }) });
  } catch {
    // OpenSSL's own words ("bad decrypt") help nobody.
    throw encrypted
      ? wrong(file, "can't be decrypted: the passphrase is not its own", encryptedKeyHint)
      : wrong(file, "has a private key that can't be read", "Copy the file again.");
  }
}

/** What the file holds instead, and how to make of it what is wanted. */
function notWanted(
  file: TlsFile,
  bytes: Buffer,
  blocks: readonly Block[],
  wanted: "certificate" | "private key",
): BenchError {
  const [first] = blocks;
  if (first !== undefined) {
    const held = /PRIVATE KEY$/.test(first.label) ? "a private key" : `a ${first.label.toLowerCase()}`;
    return wrong(file, `holds ${held}, no ${wanted}`, "Are certificate and key given the other way round?");
  }
  const name = `'${file.path.replaceAll("'", `'\\''`)}'`;
  const pem = `'${file.path.replace(/\.\w+$/, "").replaceAll("'", `'\\''`)}.pem'`;
  if (isUtf16(bytes)) return wrong(file, "is UTF-16 text", "Save it as UTF-8 or ASCII.");
  if (isPkcs12(bytes)) {
    const part = wanted === "certificate" ? "-nokeys" : "-nocerts -nodes";
    return wrong(
      file,
      "is PKCS#12 (.p12, .pfx)",
      `Convert it: openssl pkcs12 -in ${name} ${part} -out ${pem}`,
    );
  }
  if (bytes.includes(PKCS7_SIGNED_DATA))
    return wrong(
      file,
      "is PKCS#7",
      `Convert it: openssl pkcs7 -inform der -in ${name} -print_certs -out ${pem}`,
    );
  if (isDerCertificate(bytes)) {
    if (wanted === "private key") return wrong(file, `holds a certificate (DER), no ${wanted}`, PEM_HINT);
    return wrong(file, "is DER, not PEM", `Convert it: openssl x509 -inform der -in ${name} -out ${pem}`);
  }
  if (isDerKey(bytes)) {
    if (wanted === "certificate") return wrong(file, `holds a private key (DER), no ${wanted}`, PEM_HINT);
    return wrong(file, "is DER, not PEM", `Convert it: openssl pkey -inform der -in ${name} -out ${pem}`);
  }
  return wrong(file, `holds no ${wanted}`, PEM_HINT);
}

function isUtf16(bytes: Buffer): boolean {
  return /^(?:\xff\xfe|\xfe\xff)/.test(bytes.toString("latin1", 0, 2)) || bytes.includes("-\0-\0-\0");
}

/** PFX: a sequence that begins with version 3 and holds PKCS#7 data. */
function isPkcs12(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 64);
  return start[0] === 0x30 && start.includes(Buffer.from([2, 1, 3, 0x30])) && start.includes(PKCS7_DATA);
}

const PKCS7_DATA = Buffer.from("2a864886f70d010701", "hex");
const PKCS7_SIGNED_DATA = Buffer.from("2a864886f70d010702", "hex");

function isDerCertificate(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false;
  try {
    return new X509Certificate(bytes).raw.length > 0;
  } catch {
    return false;
  }
}

function isDerKey(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false;
  return (["pkcs8", "pkcs1", "sec1"] as const).some((type) => {
    try {
      return createPrivateKey({ key: bytes, format: "der", type }).type === "private";
    } catch (error) {
      // An encrypted one is a key too.
      return (error as NodeJS.ErrnoException).code === "ERR_MISSING_PASSPHRASE";
    }
  });
}

function pemOf(certificates: readonly X509Certificate[]): Buffer {
  return Buffer.from(certificates.map((certificate) => certificate.toString()).join(""));
}
