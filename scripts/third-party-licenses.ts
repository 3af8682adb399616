/**
 * Writes THIRD-PARTY-LICENSES: every package that an installation can bring along, its licence, and the licence's text. npm runs it
 * before it packs. It fails when a package names no licence, or one that nobody has agreed to.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** An installed package in a package-lock.json. */
export interface LockedPackage {
  version?: string;
  license?: string;
  dev?: boolean;
  peer?: boolean;
}

/** Licences that ask for no more than to be named. */
const ALLOWED: ReadonlySet<string> = new Set([
  ...["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BlueOak-1.0.0", "ISC", "MIT", "Unlicense", "Zlib"],
]);

/** Packages that may have another, and why. */
const EXCEPTIONS: Readonly<Record<string, { license: string; because: string }>> = {
  "codec-parser": {
    license: "LGPL-3.0-or-later",
    because: "optional, unchanged, and a package of its own that its user can replace or leave out",
  },
};

/** Libraries inside compiled parts, of which the package's own licence does not speak. */
const COMPILED_IN: Readonly<Record<string, string>> = {
  "@wasm-audio-decoders/flac": "libFLAC, BSD-3-Clause",
  libflacjs: "libFLAC, BSD-3-Clause",
  "mpg123-decoder": "libmpg123, LGPL-2.1 (optional, as codec-parser)",
  "opus-decoder": "libopus, BSD-3-Clause",
  opusscript: "libopus, BSD-3-Clause",
};

/** Packages of a package-lock.json that are installed with ours, by folder: all but those for development and for a peer. */
export function runtimePackages(
  locked: Readonly<Record<string, LockedPackage>>,
): ReadonlyMap<string, LockedPackage> {
  return new Map(
    Object.entries(locked)
      .filter(([folder, { dev, peer }]) => folder !== "" && dev !== true && peer !== true)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** A sentence for each package whose licence is missing or not agreed to. */
export function licenceProblems(packages: ReadonlyMap<string, LockedPackage>): string[] {
  return [...packages].flatMap(([folder, { license }]) => {
    const name = nameOf(folder);
    if (license === undefined) return [`${name} names no licence`];
    const isAllowed = alternatives(license).some((parts) => parts.every((part) => ALLOWED.has(part)));
    return isAllowed || EXCEPTIONS[name]?.license === license
      ? []
      : [`${name} has the licence ${license}, which is not on the list of scripts/third-party-licenses.ts`];
  });
}

/** `(MIT AND Zlib) OR ISC` -> MIT with Zlib, or ISC. Of other nesting the parts keep their brackets, and are on no list. */
function alternatives(license: string): string[][] {
  const whole = /^\(([^()]*)\)$/.exec(license)?.[1] ?? license;
  return whole.split(" OR ").map((all) => (/^\(([^()]*)\)$/.exec(all)?.[1] ?? all).split(" AND "));
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf("node_modules/") + "node_modules/".length);
}

/** Texts of the licence files in a package's folder, as they are there; empty where there is none. */
function licenceTexts(folder: string): string {
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names
    .filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name))
    .sort()
    .map((name) => readFileSync(join(folder, name), "utf8").replaceAll("\r\n", "\n").trim())
    .join("\n\n");
}

/** The file: a list of packages, then every text once, under the packages that carry it. */
function fileText(packages: ReadonlyMap<string, LockedPackage>, textOf: (folder: string) => string): string {
  const list: string[] = [];
  const carriers = new Map<string, string[]>();
  for (const [folder, { version = "", license = "" }] of packages) {
    const name = nameOf(folder);
    const because = EXCEPTIONS[name]?.because;
    const compiled = COMPILED_IN[name];
    const notes = [because, compiled === undefined ? undefined : `holds ${compiled}`].filter((note) => note);
    list.push(`${name} ${version}: ${license}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`);
    const text = textOf(folder);
    if (text !== "") carriers.set(text, [...(carriers.get(text) ?? []), `${name} ${version}`]);
  }
  const texts = [...carriers].map(([text, names]) => `${"=".repeat(80)}\n${names.join("\n")}\n\n${text}\n`);
  return `Packages that an installation of riva-bench can bring along, each under its own licence. Those that come without a
file of it have the licence that they name here.

${list.join("\n")}

${texts.join("\n")}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("../", import.meta.url));
  const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, LockedPackage>;
  };
  const packages = runtimePackages(lock.packages);
  const problems = licenceProblems(packages);
  if (problems.length > 0) {
    process.stderr.write(`third-party-licenses: ${problems.join("\nthird-party-licenses: ")}\n`);
    process.exitCode = 1;
  } else {
    writeFileSync(
      join(root, "THIRD-PARTY-LICENSES"),
      fileText(packages, (folder) => licenceTexts(join(root, folder))),
    );
  }
}
