/** A server's answers without load from a stored run: what `unloaded.ts` asks for, without asking again. */
import { isDeepStrictEqual } from "node:util";
import { readTextSync } from "../base/files/text-file.ts";
import type { OpenDataset } from "../base/dataset/dataset.ts";
import { BenchError } from "../base/errors.ts";
import { finalText } from "../metrics/observation/accuracy.ts";
import { readClips } from "../metrics/result/stored-sessions.ts";
import type { RunResult } from "../metrics/result/result.ts";
import type { ResolvedTarget } from "../scenario/target/target.ts";
import type { Scenario } from "../scenario/scenario.ts";
import { parseScenario } from "../scenario/scenario.ts";
import { scoringRules } from "../scenario/scoring-schema.ts";
import { recordFiles } from "../store/run-folder.ts";
import { completedSessions } from "../store/session-details.ts";
import { openStoredRun } from "../store/stored-run.ts";
import type { UnloadedAnswers } from "./unloaded.ts";

/** The facts that tell one server from another at the same address. */
export type ServerFacts = Pick<RunResult["target"], "emulated" | "standIn" | "model">;

/** The run that wants the answers. */
export interface StoredAnswersInput {
  /** Folder of the stored run, or its `result.json`. */
  run: string;
  target: Pick<ResolvedTarget, "name" | "uri">;
  /** The server by its own account, now. */
  server: ServerFacts;
  /** Seed of this run: it decides which clips long recordings are made of. */
  seed: number;
  scenario: Scenario;
  /** The clips that the load plays. */
  dataset: Pick<OpenDataset, "clips" | "sha256">;
}

/** Answers to some of the clips, and the clips that the stored run has none for. */
export interface StoredAnswers extends Pick<UnloadedAnswers, "answers"> {
  missing: readonly string[];
}

/**
 * The answers of a stored run: those that it measured without load itself, else those of its completed sessions if it never had more than
 * one stream open (of several answers to a clip the first).
 *
 * @throws BenchError (exit 2) for no run there; one of another server, dataset, recognition, audio or scoring, each named; one under load;
 * one without an answer to any of the clips
 */
export async function storedAnswers(input: StoredAnswersInput): Promise<StoredAnswers> {
  const { folder, result } = await openStoredRun(input.run, ".");
  const path = `${folder}/scenario.yaml`;
  mustMatch(input, folder, result, parseScenario(readTextSync(path), path));
  const known = await answersOf(folder, result);
  const answers: UnloadedAnswers["answers"] = [];
  const missing: string[] = [];
  for (const { id } of input.dataset.clips) {
    const answer = known.get(id);
    if (answer === undefined) missing.push(id);
    else answers.push([id, answer]);
  }
  if (answers.length === 0)
    throw refused(folder, "has no answer to any of the clips that this scenario plays");
  return { answers, missing };
}

function mustMatch(
  { target, server, scenario, dataset, seed }: StoredAnswersInput,
  folder: string,
  result: RunResult,
  stored: Scenario,
): void {
  if (result.target.uri !== target.uri && result.target.name !== target.name)
    throw refused(folder, `is of another server: ${result.target.uri}, not ${target.uri}`);
  for (const name of ["emulated", "standIn", "model"] as const)
    if (result.target[name] !== server[name])
      throw refused(
        folder,
        `is of another server: ${name} is ${String(result.target[name])}, here ${String(server[name])}`,
      );
  if (result.dataset.sha256 !== dataset.sha256)
    throw refused(
      folder,
      `played another dataset: its hash is ${result.dataset.sha256}, not ${dataset.sha256}`,
    );
  const { longForm, clips } = scenario.audio;
  if (longForm !== undefined && (result.run.seed !== seed || !isDeepStrictEqual(stored.audio.clips, clips)))
    throw refused(folder, "joined its clips to other long recordings: seed or audio.clips differ");
  const differ = ([one, other]: readonly [unknown, unknown]): boolean => !isDeepStrictEqual(one, other);
  const different = Object.entries(asAsked(stored)).flatMap(([name, value]) => {
    const own = asAsked(scenario)[name];
    return differ([value, own]) ? [`${name} (${JSON.stringify(value)}, here ${JSON.stringify(own)})`] : [];
  });
  if (different.length > 0) throw refused(folder, `differs in ${different.join(", ")}`);
}

/** The settings that decide the answers, and how they are compared. */
function asAsked(scenario: Scenario): Record<string, unknown> {
  const { recognition, audio } = scenario;
  const { encoding, chunkMs, paddingBeforeMs, paddingAfterMs, longForm } = audio;
  return {
    recognition,
    audio: { encoding, chunkMs, paddingBeforeMs, paddingAfterMs, longForm },
    scoring: scoringRules(scenario),
  };
}

async function answersOf(folder: string, { metrics }: RunResult): Promise<Map<string, string>> {
  const clips = await readClips(recordFiles(folder).clipsFile);
  const measured = new Map(
    [...clips.values()].flatMap(({ id, unloaded }) =>
      unloaded === undefined ? [] : [[id, unloaded] as const],
    ),
  );
  if (measured.size > 0) return measured;
  const { max, value = 0 } = metrics["concurrency"] ?? {};
  // The maximum looks at whole seconds, the mean at all of the time.
  const most = max === undefined ? undefined : Math.max(max, Math.ceil(value - 0.001));
  if (most === undefined || most > 1)
    throw refused(
      folder,
      `had ${most === undefined ? "an unknown number of" : `up to ${most}`} streams at once, and measured no answers without load`,
    );
  const answers = new Map<string, string>();
  for await (const session of completedSessions(folder)) {
    // An answer to audio that was damaged on purpose is another.
    if (session.faults !== undefined) continue;
    const { id } = session.clip;
    if (!answers.has(id)) answers.set(id, finalText(session));
  }
  return answers;
}

function refused(folder: string, why: string): BenchError {
  return BenchError.usage(
    `scoring.parity: the run in ${folder} ${why}`,
    "Name a run of the same server, dataset, recognition and scoring with `parity: measure` or one stream, or write `parity: measure`.",
  );
}
