/** `bench transcribe`, streaming and whole, for people and for machines. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { bench } from "../support/bench-process.ts";
import { runBench } from "../support/fake-world.ts";
import { deadAddress } from "../support/misbehaving-server.ts";
import { toneBetweenSilence, wavFile } from "../support/wav.ts";

let cwd: string;
let server: DelayServer;
let target: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "bench-transcribe-"));
  await writeFile(join(cwd, "a.wav"), wavFile(toneBetweenSilence(100, 350, 100)));
  await writeFile(join(cwd, "cut.wav"), wavFile(toneBetweenSilence(100, 300, 100)).subarray(0, 5000));
  server = await startDelayServer({ partialMs: 30, finalMs: 80, text: "hello there" });
  target = `grpc://${server.address}`;
});
afterAll(async () => {
  server.close();
  await rm(cwd, { recursive: true });
});

interface Line {
  file: string;
  ok: boolean;
  text: string;
  audioMs: number;
  firstPartialMs: number;
  finalMs: number;
  target: { emulated: boolean };
}

test("one JSON object a file, with latencies of the paced stream", async () => {
  const { out, exitCode } = await runBench(["transcribe", "a.wav", "a.wav", "--json", "--target", target], {
    cwd,
  });
  expect(exitCode).toBe(0);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
  expect(lines).toHaveLength(2);
  for (const line of lines) {
    expect(line).toMatchObject({
      file: "a.wav",
      ok: true,
      text: "hello there",
      audioMs: 550,
      target: { emulated: false },
    });
    // The first chunk is complete after 100 ms; its response takes 30.
    expect(Math.abs(line.firstPartialMs - 130)).toBeLessThan(20);
    expect(Math.abs(line.finalMs - 80)).toBeLessThan(20);
  }
});

test("partials live on a terminal, finals alone in a pipe", async () => {
  const args = ["transcribe", "a.wav", "--pace", "0", "--target", target];
  const terminal = await runBench(args, { cwd, isTTY: true });
  expect(terminal.out).toContain("\r\x1b[Khello there");
  expect(terminal.out.endsWith("\r\x1b[Khello there\n")).toBe(true);
  const pipe = await runBench(args, { cwd });
  expect(pipe.out).toBe("hello there\n");
  expect(pipe.err).toMatch(/a\.wav: 0\.6 s, first partial after \d+ ms, final \d+ ms after the last chunk/);
});

test.each([
  [["gone.wav"], 2, /gone\.wav can't be read/],
  [["cut.wav"], 2, /cut\.wav: truncated/],
  [["a.wav", "--chunk", "2s"], 2, /--chunk 2s/],
  [["a.wav", "--pace", "-1"], 2, /--pace -1/],
  [["a.wav", "--target", "nin"], 2, /unknown target "nin"/],
])("%j exits %d", async (args, code, message) => {
  const { err, out, exitCode } = await runBench(["transcribe", ...args], { cwd });
  expect([exitCode, out]).toEqual([code, ""]);
  expect(err).toMatch(message);
});

test("a server that is not there exits 7, with advice", async () => {
  const dead = `grpc://${await deadAddress()}`;
  for (const mode of [[], ["--offline"]]) {
    const { err, exitCode } = await runBench(["transcribe", "a.wav", ...mode, "--target", dead], { cwd });
    expect(exitCode).toBe(7);
    expect(err).toMatch(/a\.wav: failed .*ECONNREFUSED[^]*Nothing listens there/);
  }
});

test("a whole file goes to Recognize", async () => {
  const file = join(import.meta.dirname, "../../datasets/core/wav/ps-something.wav");
  const { code, stdout } = await bench(["transcribe", "--offline", "--json", file], { cwd });
  const line = JSON.parse(stdout) as Line;
  expect([code, line.ok, line.target.emulated]).toEqual([0, true, true]);
  expect(line.text.toLowerCase()).toContain("go somewhere and do something");
});
