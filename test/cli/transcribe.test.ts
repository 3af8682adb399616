/** `bench transcribe`, streaming and whole, for people and for machines. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { decodeWav } from "../../src/base/audio/audio.ts";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { chunkEncoder } from "../../src/loadgen/audio/encoded-audio.ts";
import type { DelayServer } from "../support/delay-server.ts";
import { startDelayServer } from "../support/delay-server.ts";
import { bench } from "../support/bench-process.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { runBench } from "../support/fake-world.ts";
import { answer } from "../support/grpc-peer.ts";
import type { Script } from "../support/misbehaving-server.ts";
import { deadAddress, listening, scriptedServer } from "../support/misbehaving-server.ts";
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
    // The first chunk is complete after 100 ms; its response takes 30. Another file is tested beside this one: it may come
    // later, by less than the next chunk would, but never sooner.
    expect(line.firstPartialMs).toBeGreaterThan(125);
    expect(line.firstPartialMs).toBeLessThan(215);
    expect(line.finalMs).toBeGreaterThan(75);
    expect(line.finalMs).toBeLessThan(165);
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
    const args = ["transcribe", "a.wav", ...mode, "--retries", "0", "--target", dead];
    const { err, exitCode } = await runBench(args, { cwd });
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

const servers: { close(): unknown }[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.close()));
});
function kept<Server extends { close(): unknown }>(one: Server): Server {
  servers.push(one);
  return one;
}

describe("a whole file by HTTP", () => {
  const speech = join(import.meta.dirname, "../../datasets/core/wav/ps-something.wav");
  let emulator: RunningEmulator;
  beforeAll(async () => (emulator = await startEmulatorProcess(["--http-port", "0"])));
  afterAll(() => emulator.stop());

  const targetFile = async (httpAddress: string): Promise<string> => {
    const path = join(cwd, "nim.yaml");
    await writeFile(
      path,
      `name: mine\nuri: grpc://127.0.0.1:${emulator.port}\nhttp: http://${httpAddress}\n`,
    );
    return path;
  };

  test("goes to the target's HTTP port, or with a realtime target to where that is", async () => {
    const nim = await targetFile(`127.0.0.1:${emulator.httpPort}`);
    for (const flags of [
      ["--http", "--target", nim],
      ["--target", `ws://127.0.0.1:${emulator.httpPort}`],
    ]) {
      const { out, exitCode } = await runBench(["transcribe", speech, "--offline", "--json", ...flags]);
      expect(exitCode).toBe(0);
      expect(JSON.parse(out)).toMatchObject({
        ...{ file: speech, ok: true, text: "go somewhere and do something", words: [] },
        audioMs: 2998.688,
      });
    }
  });

  test.each([
    ["FLAC", "audio/flac", /a\.flac is FLAC, which goes whole to a NIM's HTTP port only[^]*--offline --http/],
    ["OGGOPUS", "audio/ogg", /a\.ogg is Ogg, which/],
  ] as const)("of %s goes as it is, and by no other way", async (encoding, type, refusal) => {
    const file = type.replace("audio/", "a.");
    const { pcm, sampleRateHz } = decodeWav(await readFile(speech), speech);
    const samples = new Int16Array(Uint8Array.from(pcm).buffer);
    const coded = Buffer.concat((await chunkEncoder(encoding))(samples, sampleRateHz, sampleRateHz / 10));
    await writeFile(join(cwd, file), coded);
    const nim = await targetFile(`127.0.0.1:${emulator.httpPort}`);
    const args = ["transcribe", file, "--json", "--target", nim];
    const { out, exitCode } = await runBench([...args, "--offline", "--http"], { cwd });
    const line = JSON.parse(out) as Partial<Line>;
    expect(exitCode).toBe(0);
    expect(line).toMatchObject({ file, ok: true, text: "go somewhere and do something" });
    // Whoever does not decode a file does not know its length.
    expect(line).not.toHaveProperty("audioMs");

    const { address, bodies } = await answering([200, '{"text":"hello"}']);
    const there = ["transcribe", file, "--offline", "--http", "--target", await targetFile(address)];
    expect((await runBench(there, { cwd })).out).toBe("hello\n");
    expect(bodies[0]).toContain(
      `filename="${file}"\r\nContent-Type: ${type}\r\n\r\n${coded.toString("latin1")}`,
    );

    for (const flags of [[], ["--offline"]]) {
      const { err, exitCode: refused } = await runBench([...args, ...flags], { cwd });
      expect([refused, err]).toEqual([2, expect.stringMatching(refusal)]);
    }
  });

  /** An HTTP port that answers so; with what it was sent. */
  const answering = async (
    ...answers: [number, string][]
  ): Promise<{ address: string; bodies: string[] }> => {
    const bodies: string[] = [];
    const respond = (request: http.IncomingMessage, response: http.ServerResponse): void => {
      const parts: Buffer[] = [];
      request.on("data", (part: Buffer) => parts.push(part));
      request.on("end", () => {
        bodies.push(Buffer.concat(parts).toString("latin1"));
        const [status, body] = answers[Math.min(bodies.length, answers.length) - 1]!;
        response.writeHead(status).end(body);
      });
    };
    return { ...kept(await listening(http.createServer(respond))), bodies };
  };

  test("as a form with the file as it is, the language and the model", async () => {
    const { address, bodies } = await answering([200, '{"text":" hello there "}']);
    const args = ["a.wav", "--offline", "--http", "--language", "de-DE", "--model", "m"];
    const { out } = await runBench(["transcribe", ...args, "--target", await targetFile(address)], { cwd });
    expect(out).toBe("hello there\n");
    expect(bodies[0]).toContain(wavFile(toneBetweenSilence(100, 350, 100)).toString("latin1"));
    const field = (name: string): string | undefined =>
      new RegExp(`name="${name}"\r\n\r\n([^\r]*)`).exec(bodies[0]!)?.[1];
    expect(["language", "model", "response_format"].map(field)).toEqual(["de-DE", "m", "json"]);
  });

  test.each([
    [400, '{"detail":"Bad Request, bad model: m"}', /HTTP 400: Bad Request, bad model: m[^]*Check model/],
    [404, '{"detail":"Not Found"}', /HTTP 404: Not Found[^]*only streams/],
    [503, '{"detail":"the model is loading"}', /HTTP 503: the model is loading/],
    [200, "<html>hello</html>", /not a transcription as JSON: "<html>hello/],
  ])("what is wrong is said in the server's words: %i %s", async (status, body, says) => {
    const target = await targetFile((await answering([status, body])).address);
    const args = ["transcribe", "a.wav", "--offline", "--http", "--retries", "0", "--target", target];
    const { err, exitCode } = await runBench(args, { cwd });
    expect([exitCode, err]).toEqual([7, expect.stringMatching(says)]);
  });

  test("a server that is loading is asked again", async () => {
    const { address, bodies } = await answering([503, "loading"], [200, '{"text":"hello"}']);
    const args = ["transcribe", "a.wav", "--offline", "--http", "--target", await targetFile(address)];
    const { out, err, exitCode } = await runBench(args, { cwd });
    expect([exitCode, out, bodies.length]).toEqual([0, "hello\n", 2]);
    expect(err).toMatch(/a\.wav: .*loading; attempt 2 of 4 in 0\.\d s/);
  });

  test.each([
    [["--offline", "--http", "--target", "grpc://127.0.0.1:1"], /names no HTTP port[^]*http:\/\/host:9000/],
    [["--http"], /Write --offline --http/],
    [["--offline", "--target", "gateway"], /takes streams only/],
    [["--retries", "-1"], /--retries -1/],
  ])("%j is refused", async (flags, says) => {
    const { err, exitCode } = await runBench(["transcribe", "a.wav", ...flags], { cwd });
    expect([exitCode, err]).toEqual([2, expect.stringMatching(says)]);
  });
});

describe("a failure that may pass", () => {
  /** A recogniser that ends its first stream so, after `responses` interim results, and is good from then on. */
  const failingOnce = async (
    status: number,
    responses = 0,
  ): Promise<{ target: string; calls: () => number }> => {
    let calls = 0;
    const { path } = rivaServices().asr.StreamingRecognize;
    const script: Script = {
      onCall: ({ headers }) => {
        if (headers[":path"] === path) calls++;
      },
      onMessage: (call, index) => {
        if (calls > 1 || index !== 1) return;
        for (let i = 0; i < responses; i++) call.send(answer("hel", false));
        call.end(status, "not now");
      },
      onHalfClose: (call) => {
        call.send(answer("hello", true));
        call.end(0);
      },
    };
    const { address } = kept(await scriptedServer(script));
    return { target: `grpc://${address}`, calls: () => calls };
  };
  const run = (target: string, ...flags: string[]): ReturnType<typeof runBench> =>
    runBench(["transcribe", "a.wav", "--pace", "0", "--target", target, ...flags], { cwd });

  test("is tried again, and that is said", async () => {
    const { target, calls } = await failingOnce(14);
    const { out, err, exitCode } = await run(target);
    expect([exitCode, out, calls()]).toEqual([0, "hello\n", 2]);
    expect(err).toMatch(/a\.wav: UNAVAILABLE: not now; attempt 2 of 4 in 0\.\d s/);
  });

  test.each([
    ["that can't pass", 3, 0, []],
    ["after the first words", 14, 1, []],
    ["with --retries 0", 14, 0, ["--retries", "0"]],
  ])("is final %s", async (_, status, responses, flags) => {
    const { target, calls } = await failingOnce(status, responses);
    const { err, exitCode } = await run(target, ...flags);
    expect([exitCode, calls()]).toEqual([7, 1]);
    expect(err).not.toContain("attempt");
  });
});
