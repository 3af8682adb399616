/** Certificates made for one test run by the project's own script; nothing secret is ever committed. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder with all that the script makes, as .crt and .key; the server's is for localhost and 127.0.0.1. */
export function makeCertificates(): string {
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-certs-"));
  execFileSync(fileURLToPath(new URL("../../scripts/make-certs.sh", import.meta.url)), [folder]);
  return folder;
}

/** A file of that folder. */
export function pem(folder: string, file: string): Buffer {
  return readFileSync(join(folder, file));
}
