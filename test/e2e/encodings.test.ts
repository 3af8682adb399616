/** Coded audio from end to end: what `audio.encoding` sends is what the server hears, over both transports. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import type { SessionRecord } from "../../src/metrics/result/session-record.ts";
import { bench, failuresOfOthers, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";

const STREAMS = 4;
const ITERATIONS = 2;
const { clips } = await loadDataset("default");

let emulator: RunningEmulator;
beforeAll(async () => {
  emulator = await startEmulatorProcess(["--profile", "nim"]);
});
afterAll(() => emulator.stop());

/** The sessions of a short run, in the order of its plan: the same clips for one seed, whatever their encoding. */
async function sessionsIn(encoding: string, transport: string): Promise<SessionRecord[]> {
  const folder = tempFolder();
  const scenario = join(folder, "encoded.yaml");
  writeFileSync(
    scenario,
    `name: encoded
description: A few short clips in another encoding
load: { model: concurrency, streams: ${STREAMS}, iterations: ${ITERATIONS} }
duration: { warmup: 0s, steady: 1m }
audio: { encoding: ${encoding}, chunk: 100ms, pace: 2, clips: { max: 3s } }
`,
  );
  const target = ["--target", `grpc://127.0.0.1:${emulator.port}`, "--transport", transport];
  const { result, sessions } = await undisturbed(async () => {
    const out = join(tempFolder(), "run");
    await bench(["--scenario", scenario, ...target, "--seed", "3", "--out", out, "--quiet"]);
    return readRun(out);
  });
  expect(result.sessions.scheduled).toBe(STREAMS * ITERATIONS);
  expect(failuresOfOthers(result)).toEqual([]);
  return sessions.sort((a, b) => a.slot - b.slot || a.seq - b.seq);
}

const textOf = ({ responses }: SessionRecord): string =>
  responses
    .filter(({ final }) => final)
    .map(({ text }) => text)
    .join("");

it("every session is understood in FLAC and Opus as in PCM, with as many responses", async () => {
  const [pcm, ...coded] = await Promise.all([
    sessionsIn("LINEAR_PCM", "riva-grpc"),
    sessionsIn("FLAC", "riva-grpc"),
    sessionsIn("FLAC", "riva-h2"),
    sessionsIn("OGGOPUS", "riva-grpc"),
    sessionsIn("OGGOPUS", "riva-h2"),
  ]);
  const said = pcm.map(({ clip }) => clips.find(({ id }) => id === clip)!.words);
  expect(pcm.map(textOf)).toEqual(said.map((words) => words.map(({ word }) => word).join(" ")));
  for (const sessions of coded) {
    expect(sessions.map(({ clip }) => clip)).toEqual(pcm.map(({ clip }) => clip));
    expect(sessions.map(textOf)).toEqual(pcm.map(textOf));
    expect(sessions.map(({ responses }) => responses.length)).toEqual(
      pcm.map(({ responses }) => responses.length),
    );
    for (const { audioMs, responses } of sessions)
      expect(responses.at(-1)!.audioProcessedMs).toBeCloseTo(audioMs, 0);
  }
}, 120_000);
