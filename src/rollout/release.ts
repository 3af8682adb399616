/** A version of the speech service, pinned by its digest, in the slot that runs it. */
import { BenchError } from "../base/errors.ts";

/** A version in its slot. */
export interface Release {
  /** With its digest: `registry/name@sha256:...`. */
  image: string;
  /** Name of a slot of the rollout's file. */
  slot: string;
}

const PINNED = /^[\w][\w./:-]*@sha256:[0-9a-f]{64}$/;
/** Hexadecimal digits of a digest that are shown. */
const SHOWN = 12;

/** @throws BenchError (exit 2) for a tag without a digest: it may be another image tomorrow, and there would be no way back */
export function pinnedImage(text: string): string {
  if (PINNED.test(text)) return text;
  if (text.includes("@"))
    throw BenchError.usage(
      `${text}: not an image with its digest`,
      "A digest is sha256: and 64 hexadecimal digits in lower case.",
    );
  throw BenchError.usage(
    `${text} has no digest: a tag can be another image tomorrow, and no way leads back to it`,
    `Write IMAGE@sha256:...; \`skopeo inspect --format "{{.Digest}}" docker://IMAGE\` prints the digest.`,
  );
}

/** The image as progress lines name it: the last part of its name and the first digits of its digest. */
export function shortImage(image: string): string {
  const [name = "", digest = ""] = image.split("@sha256:");
  return `${name.replace(/^.*\//, "")}@${digest.slice(0, SHOWN)}`;
}
