/** PocketSphinx on this machine's CPUs: a recogniser that really listens, far weaker than Riva's. */
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Dataset } from "../../base/dataset/dataset.ts";
import { BenchError, messageOf, nearestName } from "../../base/errors.ts";
import { writePrivate } from "../../base/files/private-files.ts";
import { closedDomain } from "../pocketsphinx/closed-domain.ts";
import type { SphinxSettings } from "../pocketsphinx/backend.ts";
import type { Engine } from "./engine.ts";
import type { EngineSetup } from "./engine-setup.ts";
import { hostedEngine } from "./hosted-engine.ts";

/** Where Debian's pocketsphinx-en-us puts its models. */
const MODEL_FOLDER = "/usr/share/pocketsphinx/model/en-us";
const ACOUSTIC = "en-us";
const LANGUAGE_MODEL = "en-us.lm.bin";
const DICTIONARY = "cmudict-en-us.dict";
const NEEDED = [`${ACOUSTIC}/mdef`, `${ACOUSTIC}/means`, `${ACOUSTIC}/variances`];

/** How hard it searches: arguments of pocketsphinx for the general and for the closed-domain model. */
const ONE_PASS = ["-fwdflat", "no", "-bestpath", "no", "-pl_window", "10", "-topn", "2"];
const SEARCHES = {
  default: { general: [], closed: [] },
  fast: {
    general: [...ONE_PASS, "-maxhmmpf", "3000", "-maxwpf", "10"],
    closed: [...ONE_PASS, "-maxhmmpf", "1500", "-maxwpf", "5"],
  },
  fastest: {
    general: [...ONE_PASS, "-maxhmmpf", "1500", "-maxwpf", "5", "-ds", "2"],
    closed: [
      ...[...ONE_PASS, "-maxhmmpf", "1000", "-maxwpf", "5", "-ds", "2"],
      ...["-beam", "1e-40", "-pbeam", "1e-40", "-wbeam", "1e-25"],
    ],
  },
} as const;

const LANGUAGE_MODELS = ["general", "closed-domain"];
const CHUNK_MS = 100;
const STOP_HISTORY_MS = 800;

/**
 * Makes the engine.
 * @throws BenchError (exit 2) when a model, a library or koffi is missing, saying what to install
 */
export async function pocketSphinxEngine(setup: EngineSetup): Promise<Engine> {
  const { flags, dataset, warn, clock, launch, cpus } = setup;
  const search = oneOf("--search", flags.search ?? "default", Object.keys(SEARCHES)) as keyof typeof SEARCHES;
  const languageModel = oneOf("--language-model", flags.languageModel ?? "general", LANGUAGE_MODELS);
  const folder = flags.model ?? MODEL_FOLDER;
  const { recognizers = Math.max(1, cpus - 1), chunkMs = CHUNK_MS, stopHistoryMs = STOP_HISTORY_MS } = flags;
  const closed = languageModel === "closed-domain";
  mustHave(folder, [...NEEDED, DICTIONARY, ...(closed ? [] : [LANGUAGE_MODEL])]);

  const domain = closed ? writeDomain(dataset, join(folder, DICTIONARY)) : undefined;
  const missing = domain?.missing ?? [];
  if (missing.length > 0) {
    warn(`not in PocketSphinx's dictionary, so never recognised: ${missing.join(", ")}`);
  }
  const settings: SphinxSettings = {
    scores: search === "default" ? "yes" : "no",
    argv: [
      ...["-hmm", join(folder, ACOUSTIC)],
      ...["-lm", domain?.languageModel ?? join(folder, LANGUAGE_MODEL)],
      ...["-dict", domain?.dictionary ?? join(folder, DICTIONARY)],
      // By default the frames of silence are not counted, and times are wrong.
      ...["-logfn", "/dev/null", "-remove_silence", "no"],
      ...SEARCHES[search][closed ? "closed" : "general"],
    ],
  };
  return hostedEngine({
    ...{ clock, launch, warn, chunkMs, stopHistoryMs, processes: recognizers, batch: 1 },
    engine: "pocketsphinx",
    name: "PocketSphinx",
    standIn: `PocketSphinx, CPU${closed ? ", closed-domain" : ""}`,
    modelName: `pocketsphinx-en-us-${languageModel}-${search}`,
    facts: {
      recognizer: "PocketSphinx 0.8+5prealpha (soname 3)",
      license: "BSD-2-Clause",
      language_model: closed ? "closed-domain: made of the dataset's own texts" : "general",
      search,
      chunk_ms: String(chunkMs),
      stop_history_ms: String(stopHistoryMs),
      processes: String(recognizers),
      ...(closed ? { dataset: dataset.name, not_in_dictionary: missing.join(", ") || "none" } : {}),
    },
    settings,
    afterStop: () => domain?.remove(),
  });
}

function oneOf(flag: string, value: string, known: readonly string[]): string {
  if (known.includes(value)) return value;
  const near = nearestName(value, known);
  const hint = near === undefined ? `It is one of ${known.join(", ")}.` : `Did you mean "${near}"?`;
  throw BenchError.usage(`${flag} ${value} is not known`, hint);
}

function mustHave(folder: string, files: readonly string[]): void {
  for (const file of files) {
    const path = join(folder, file);
    const found = statSync(path, { throwIfNoEntry: false });
    if (found?.isFile() === true && found.size > 0) continue;
    throw BenchError.usage(
      `PocketSphinx's models are not in ${folder}: ${file} is ${found === undefined ? "missing" : "empty"}`,
      "Install them: apt-get install --no-install-recommends libpocketsphinx3 pocketsphinx-en-us; or name their folder with --model.",
    );
  }
}

function writeDomain(
  dataset: Dataset,
  dictionaryPath: string,
): { languageModel: string; dictionary: string; missing: string[]; remove: () => void } {
  const texts = dataset.clips.flatMap(({ text }) => (text === undefined || text === "" ? [] : [text]));
  const { arpa, dictionary, missing } = closedDomain(texts, readText(dictionaryPath));
  if (dictionary === "") {
    throw BenchError.usage(
      `dataset ${dataset.name} has no text that a closed-domain model could be made of`,
      "Give its manifest texts in English, or use --language-model general.",
    );
  }
  const folder = mkdtempSync(join(tmpdir(), "riva-bench-domain-"));
  const paths = { languageModel: join(folder, "domain.arpa"), dictionary: join(folder, "domain.dict") };
  writePrivate(paths.languageModel, arpa);
  writePrivate(paths.dictionary, dictionary);
  return { ...paths, missing, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw BenchError.usage(`can't read ${path}: ${messageOf(error)}`, "Check its permissions.");
  }
}
