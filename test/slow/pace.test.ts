/** A minute of audio in one stream: no drift. The clips of the dataset, looped. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadDataset } from "../../src/base/dataset/dataset.ts";
import { bench, readRun, tempFolder } from "../support/bench-process.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { wavFile } from "../support/wav.ts";

it("audio leaves at 1.000 times real time over more than a minute, by the server's clock", async () => {
  const { clips } = await loadDataset("default");
  const folder = tempFolder();
  const samples = Buffer.concat(clips.slice(-7).map((clip) => clip.pcm));
  writeFileSync(join(folder, "minute.wav"), wavFile(samples));
  writeFileSync(join(folder, "manifest.jsonl"), `{"file": "minute.wav"}\n`);
  const scenario = join(folder, "minute.yaml");
  writeFileSync(
    scenario,
    `name: minute
description: three callers who speak for more than a minute
load: { model: concurrency, streams: 3, iterations: 1, rampIn: 0s }
duration: { warmup: 0s, steady: 5m }
audio: { dataset: ${folder} }
recognition: { interim: true }
`,
  );
  const server = await startDelayServer({ partialMs: 20, finalMs: 20 });
  const out = join(folder, "run");
  const { code } = await bench([
    "--scenario",
    scenario,
    "--target",
    `grpc://${server.address}`,
    "--out",
    out,
    "--quiet",
  ]);
  const { arrivals: streams } = await server.served();
  server.close();
  expect(code).toBe(0);
  const { sessions } = readRun(out);
  expect(streams.length).toBe(3);
  expect(sessions.length).toBe(3);
  for (const arrivals of streams) {
    // The last message holds what is left of the audio, so it is not a whole chunk after the one before.
    const whole = arrivals.slice(0, -1);
    const audioMs = (whole.length - 1) * 100;
    expect(audioMs).toBeGreaterThan(60_000);
    expect((whole.at(-1)! - whole[0]!) / audioMs).toBeCloseTo(1, 3);
  }
}, 150_000);
