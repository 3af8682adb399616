import { afterEach, expect, it } from "vitest";
import { realClock } from "../base/clock.ts";
import { loadDataset, openDataset, selectClips } from "../base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import { createEmulator, type Emulator } from "../emulator/server.ts";
import { findProfile } from "../emulator/timing/profiles.ts";
import { checkAgainstDataset, parseScenario } from "../scenario/scenario.ts";
import { resolveTarget } from "../scenario/target/target.ts";
import { askUnloaded, type UnloadedAnswers } from "./unloaded.ts";

const SELECTION = { maxMs: 3000 };

let emulator: Emulator | undefined;
afterEach(() => emulator?.close());

/** Asks the short clips of the package at once, without a microphone's pace. */
async function ask(language: string): Promise<UnloadedAnswers> {
  const dataset = selectClips(await openDataset("default"), SELECTION);
  emulator = await createEmulator({
    ...{ profile: findProfile("nim"), delays: { partialMs: 1, finalMs: 1 } },
    ...{ dataset: await loadDataset("default"), clock: realClock, host: "127.0.0.1", port: 0 },
  });
  const yaml = `name: x\nload: { model: offline, streams: 1 }\nduration: { steady: 9s }\ntransport: riva-grpc\nrecognition: { language: ${language} }\n`;
  const scenario = checkAgainstDataset(parseScenario(yaml, "x.yaml"), dataset);
  const target = await resolveTarget({
    ...{ flag: `grpc://127.0.0.1:${emulator.port}`, env: {}, cwd: "/", root: PACKAGE_ROOT },
  });
  const signal = new AbortController().signal;
  return askUnloaded({ clock: realClock, target, scenario, dataset, signal });
}

it("asks each clip once", async () => {
  const { clips } = selectClips(await openDataset("default"), SELECTION);
  expect(await ask("en-US")).toEqual({ answers: clips.map(({ id, text }) => [id, text]), failed: 0 });
  expect(emulator?.stats().started).toBe(clips.length);
});

it("ends with advice when a target refuses the first three clips", async () => {
  await expect(ask("de-DE")).rejects.toMatchObject({
    exitCode: 7,
    message: expect.stringMatching(
      /answers no clip without load \(scoring\.parity\): .*language_code=de/,
    ) as string,
    hint: expect.stringContaining("Check model, language and sample rate") as string,
  });
  expect(emulator?.stats().started).toBe(3);
});
