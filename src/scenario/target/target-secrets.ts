/** What a target is sent and nobody else is shown. Servers repeat in their errors what they got. */
import { createHash } from "node:crypto";
import { BenchError } from "../../base/errors.ts";
import { hideSecrets, redactUrls } from "../../base/text/redact.ts";
import type { ResolvedTarget } from "./target.ts";

type Holder = Pick<ResolvedTarget, "metadata" | "publicMetadata">;

/** The values of the metadata but those of public names. */
export function secretsOf({ metadata, publicMetadata }: Holder): string[] {
  const open = new Set(publicMetadata.map((name) => name.toLowerCase()));
  return Object.entries(metadata).flatMap(([name, value]) => (open.has(name.toLowerCase()) ? [] : [value]));
}

/** SHA-256 over the names of the metadata, whatever their order and case, and over the values that are no secrets: it tells targets apart. */
export function metadataSha256({ metadata, publicMetadata }: Holder): string {
  const open = new Set(publicMetadata.map((name) => name.toLowerCase()));
  const facts = Object.entries(metadata)
    .map(([key, value]): [string, string?] => {
      const name = key.toLowerCase();
      return open.has(name) ? [name, value] : [name];
    })
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}

/** Any JSON value, without the secrets of the target in its texts. */
export function withoutSecrets<T>(value: T, secrets: readonly string[]): T {
  const shown = (part: unknown): unknown => {
    if (typeof part === "string") return hideSecrets(redactUrls(part), secrets);
    if (Array.isArray(part)) return part.map(shown);
    if (typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, shown(each)]));
  };
  return shown(value) as T;
}

/** Does the work; an error meant for the user says nothing that the target was sent. */
export async function tellingNoSecrets<T>(target: Holder, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    const { message, hint, exitCode, cause } = error;
    const secrets = secretsOf(target);
    throw new BenchError(hideSecrets(message, secrets), {
      exitCode,
      hint: hint === undefined ? undefined : hideSecrets(hint, secrets),
      cause,
    });
  }
}
