import type { ServiceError } from "@grpc/grpc-js";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { wavFile } from "../../test/support/wav.ts";
import type { Clock } from "../base/clock.ts";
import { realClock } from "../base/clock.ts";
import { loadDataset, selectClips } from "../base/dataset/dataset.ts";
import type {
  Partially,
  RecognitionConfig,
  RivaMethod,
  StreamingRecognizeRequest,
  StreamingRecognizeResponse,
} from "../base/riva-proto.ts";
import { rivaServices } from "../base/riva-proto.ts";
import { chunkEncoder } from "../loadgen/audio/encoded-audio.ts";
import { findProfile } from "./timing/profiles.ts";
import type { Emulator, EmulatorOptions } from "./server.ts";
import { createEmulator } from "./server.ts";

const clipId = "ps-goforward";
const dataset = selectClips(await loadDataset("default"), { only: [clipId, "librivox-sense-0880"] });
const clip = dataset.clips.find(({ id }) => id === clipId)!;
const MESSAGE_BYTES = 3200; // 100 ms
const { asr, health } = rivaServices();

type Request = Partially<StreamingRecognizeRequest>;

const running: { emulator: Emulator; client: Client }[] = [];
afterEach(async () => {
  for (const { emulator, client } of running.splice(0)) {
    client.close();
    await emulator.close();
  }
});

async function start(
  options: Partial<EmulatorOptions> = {},
): Promise<{ emulator: Emulator; client: Client }> {
  const defaults = { profile: findProfile("nim"), dataset, clock: realClock, host: "127.0.0.1", port: 0 };
  const emulator = await createEmulator({ ...defaults, ...options });
  const started = {
    emulator,
    client: new Client(`127.0.0.1:${emulator.port}`, credentials.createInsecure()),
  };
  running.push(started);
  return started;
}

function configured(fields: Partially<RecognitionConfig> = {}, interim_results = true): Request {
  const config = {
    encoding: "LINEAR_PCM" as const,
    sample_rate_hertz: 16_000,
    language_code: "en-US",
    ...fields,
  };
  return { streaming_config: { config, interim_results }, id: { value: "run/steady/1" } };
}

function audioMessages(audio: Uint8Array): Request[] {
  const messages: Request[] = [];
  for (let at = 0; at < audio.length; at += MESSAGE_BYTES) {
    messages.push({ audio_content: Buffer.from(audio.subarray(at, at + MESSAGE_BYTES)) });
  }
  return messages;
}

async function codedMessages(encoding: "FLAC" | "OGGOPUS"): Promise<{ audio_content: Buffer }[]> {
  const samples = new Int16Array(Uint8Array.from(clip.pcm).buffer);
  const chunks = (await chunkEncoder(encoding))(samples, 16_000, MESSAGE_BYTES / 2);
  return chunks.map((chunk) => ({ audio_content: Buffer.from(chunk) }));
}

interface Exchange {
  responses: (StreamingRecognizeResponse & { atMs: number })[];
  sentMs: number[];
  closedMs: number;
  code: status;
  details: string;
}

/** Sends all messages `gapMs` apart, half-closes and waits for the end. */
async function exchange(client: Client, messages: Request[], gapMs = 0): Promise<Exchange> {
  const { path, requestSerialize, responseDeserialize } = asr.StreamingRecognize;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  const result: Exchange = { responses: [], sentMs: [], closedMs: 0, code: status.OK, details: "" };
  const ended = new Promise<void>((resolve) => {
    call.on("data", (response: StreamingRecognizeResponse) =>
      result.responses.push({ ...response, atMs: performance.now() }),
    );
    call.on("error", () => undefined);
    call.on("status", ({ code, details }) => {
      Object.assign(result, { code, details });
      resolve();
    });
  });
  for (const message of messages) {
    result.sentMs.push(performance.now());
    call.write(message);
    if (gapMs > 0) await new Promise((resolve) => setTimeout(resolve, gapMs));
  }
  result.closedMs = performance.now();
  call.end();
  await ended;
  return result;
}

async function unary<Req, Res>(
  client: Client,
  method: RivaMethod<Req, Res>,
  request: Partially<Req>,
): Promise<Res> {
  return new Promise((resolve, reject) => {
    const { path, requestSerialize, responseDeserialize } = method;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, (error, response) => {
      if (error) reject(error);
      else resolve(response as Res);
    });
  });
}

const transcripts = ({ responses }: Exchange, final: boolean): string[] =>
  responses.flatMap(({ results }) =>
    results.filter((r) => r.is_final === final).map((r) => r.alternatives[0]!.transcript),
  );

describe("StreamingRecognize", () => {
  it("speaks the clip's words as they come, with the id, one response for each server chunk and one more", async () => {
    const { client, emulator } = await start();
    const result = await exchange(
      client,
      [configured({ enable_word_time_offsets: true }), ...audioMessages(clip.pcm)],
      5,
    );
    expect(result).toMatchObject({ code: status.OK });
    expect(result.responses).toHaveLength(Math.floor(clip.audioMs / 160) + 1);
    expect(new Set(result.responses.map(({ id }) => id?.value))).toEqual(new Set(["run/steady/1"]));
    expect([...new Set(transcripts(result, false))]).toEqual([
      "go",
      "go forward",
      "go forward ten",
      "go forward ten meters",
    ]);

    const last = result.responses.at(-1)!.results[0]!;
    expect(last).toMatchObject({ is_final: true, channel_tag: 1 });
    expect(last.audio_processed).toBeCloseTo(clip.audioMs / 1000, 3);
    const words = last.alternatives[0]!.words;
    expect(words.map(({ word }) => word)).toEqual(["go", "forward", "ten", "meters"]);
    for (const [i, { start_time, end_time }] of words.entries()) {
      expect(Math.abs(start_time - clip.words[i]!.startMs)).toBeLessThanOrEqual(5);
      expect(Math.abs(end_time - clip.words[i]!.endMs)).toBeLessThanOrEqual(5);
    }
    expect(emulator.stats()).toMatchObject({
      open: 0,
      maxOpen: 1,
      started: 1,
      completed: 1,
      byPhase: { steady: { started: 1, completed: 1, failed: 0, cancelled: 0 } },
    });
    expect(emulator.stats().audioSeconds).toBeCloseTo(clip.audioMs / 1000, 6);
  });

  it("sends empty responses when no interim results are wanted, and words with times only when asked", async () => {
    const { client } = await start();
    const result = await exchange(client, [configured({}, false), ...audioMessages(clip.pcm)]);
    const [final] = result.responses.at(-1)!.results;
    expect(result.responses.slice(0, -1).map(({ results }) => results)).toEqual(
      result.responses.slice(1).map(() => []),
    );
    expect(final?.alternatives[0]).toMatchObject({ transcript: "go forward ten meters", words: [] });
  });

  it("gives a final at once when the client forces one", async () => {
    const { client } = await start();
    const messages = audioMessages(clip.pcm);
    const forcing = { ...messages[12]!, runtime_config: { force_eou: "true" } };
    const result = await exchange(client, [
      configured(),
      ...messages.slice(0, 12),
      forcing,
      ...messages.slice(13),
    ]);
    expect(transcripts(result, true)).toEqual(["go forward", " ten meters"]);
    // One more than the rule says.
    expect(result.responses).toHaveLength(Math.floor(clip.audioMs / 160) + 2);
  });

  it("sends speech probabilities in results without alternatives, and words with their speakers, when asked", async () => {
    const { client } = await start();
    const fields = {
      custom_configuration: { get_vad_probabilities: "true" },
      diarization_config: { enable_speaker_diarization: true, max_speaker_count: 2 },
    };
    const { responses } = await exchange(client, [configured(fields, false), ...audioMessages(clip.pcm)]);
    const states = responses.flatMap(({ results }) =>
      results.filter(({ pipeline_states }) => pipeline_states),
    );
    const probabilities = states.flatMap(({ pipeline_states }) => pipeline_states!.vad_probabilities);
    expect(probabilities).toHaveLength(Math.floor(clip.audioMs / 80));
    for (const { alternatives } of states) expect(alternatives).toEqual([]);
    const final = responses.at(-1)!.results.find(({ is_final }) => is_final)!;
    expect(final.alternatives[0]!.words.map(({ speaker_tag }) => speaker_tag)).toEqual([0, 0, 0, 0]);
  });

  describe.each(["FLAC", "OGGOPUS"] as const)("%s", (encoding) => {
    // Nothing waits for a decoder to be loaded: all that comes meanwhile, the end too, is heard in its order.
    it.each([encoding, "ENCODING_UNSPECIFIED"] as const)(
      "is understood when announced as %s",
      async (announced) => {
        const { client, emulator } = await start();
        const fields = { encoding: announced, sample_rate_hertz: 0, enable_word_time_offsets: true };
        const coded = await codedMessages(encoding);
        const result = await exchange(client, [configured(fields), ...coded]);
        expect(result).toMatchObject({ code: status.OK });
        expect(result.responses).toHaveLength(Math.floor(clip.audioMs / 160) + 1);
        expect(transcripts(result, true)).toEqual(["go forward ten meters"]);
        expect(transcripts(result, false)).toContain("go forward");
        const { alternatives, audio_processed } = result.responses.at(-1)!.results[0]!;
        expect(audio_processed).toBeCloseTo(clip.audioMs / 1000, 5);
        for (const [i, { start_time }] of alternatives[0]!.words.entries())
          expect(Math.abs(start_time - clip.words[i]!.startMs)).toBeLessThanOrEqual(5);
        expect(emulator.stats().audioSeconds).toBeCloseTo(clip.audioMs / 1000, 9);
      },
    );

    it("is answered message by message where delays are exact", async () => {
      const { client } = await start({ delays: { partialMs: 1, finalMs: 1 } });
      const coded = await codedMessages(encoding);
      const { responses } = await exchange(client, [configured({ encoding }), ...coded]);
      expect(responses).toHaveLength(coded.length + 1);
    });

    it("is recognised as a whole file", async () => {
      const { client } = await start();
      const coded = await codedMessages(encoding);
      const audio = Buffer.concat(coded.map(({ audio_content }) => audio_content));
      for (const announced of [encoding, "ENCODING_UNSPECIFIED"] as const) {
        const config = { encoding: announced, language_code: "en-US" };
        const { results } = await unary(client, asr.Recognize, { config, audio });
        expect(results[0]!.alternatives[0]!.transcript).toBe("go forward ten meters");
        expect(results[0]!.audio_processed).toBeCloseTo(clip.audioMs / 1000, 5);
      }
      const refused = unary(client, asr.Recognize, {
        config: { encoding, language_code: "en-US" },
        audio: Buffer.concat([audio.subarray(0, 2000), audio.subarray(2001)]),
      });
      await expect(refused).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
    });
  });

  it("hears nothing in no audio: one empty final", async () => {
    const { client } = await start();
    expect(transcripts(await exchange(client, [configured()]), true)).toEqual([""]);
  });

  const sound = { audio_content: Buffer.alloc(3200) };
  const unavailable = (language: string): string =>
    `Error: Unavailable model requested given these parameters: language_code=${language}; sample_rate=16000; type=online; `;
  it.each([
    {
      name: "another language",
      messages: [configured({ language_code: "ru-RU" })],
      details: unavailable("ru"),
    },
    { name: "half a language", messages: [configured({ language_code: "en" })], details: unavailable("en") },
    { name: "another model", messages: [configured({ model: "parakeet" })], details: unavailable("en") },
    { name: "audio first", messages: [sound], details: "first message must contain streaming_config" },
    {
      name: "two configurations",
      messages: [configured(), sound, configured()],
      details: "streaming_config was already received",
    },
    { name: "no message at all", messages: [], details: "no messages received" },
    {
      name: "a header that contradicts the configuration",
      messages: [configured({ sample_rate_hertz: 8000 }), { audio_content: wavFile(Buffer.alloc(0)) }],
      details: "Error: config format doesn't match with header format",
    },
    {
      name: "samples that were announced as FLAC",
      messages: [configured({ encoding: "FLAC" }), sound],
      details: "Error: config format doesn't match with header format",
    },
    {
      name: "an Ogg stream that ends in something else",
      messages: [configured({ encoding: "OGGOPUS" }), { audio_content: Buffer.from("OggS".padEnd(100)) }],
      details: "Error: invalid OGGOPUS audio: a page does not begin where one must",
    },
  ])("refuses $name, and counts it as failed", async ({ messages, details }) => {
    const { client, emulator } = await start();
    expect(await exchange(client, messages)).toMatchObject({ code: status.INVALID_ARGUMENT, details });
    expect(emulator.stats()).toMatchObject({ started: 1, completed: 0, failed: 1, cancelled: 0, open: 0 });
  });

  it("refuses bytes that are no message, and counts that too", async () => {
    const { client, emulator } = await start();
    const call = client.makeBidiStreamRequest(
      asr.StreamingRecognize.path,
      (bytes: Buffer) => bytes,
      () => undefined,
    );
    const failed = new Promise((resolve) => call.on("error", resolve));
    call.write(Buffer.from([0x12, 0x05, 1]));
    expect(await failed).toMatchObject({ code: status.INTERNAL });
    expect(emulator.stats()).toMatchObject({ started: 1, failed: 1, cancelled: 0, open: 0 });
  });

  it("gives a stream's place away after a minute without audio", async () => {
    let skippedMs = 0;
    const clock: Clock = { ...realClock, nowMs: () => realClock.nowMs() + skippedMs };
    const { client, emulator } = await start({ clock });
    const { path, requestSerialize, responseDeserialize } = asr.StreamingRecognize;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    const ended = new Promise<ServiceError>((resolve) => call.on("error", resolve));
    call.on("data", () => undefined);
    const [first, second] = audioMessages(clip.pcm);
    call.write(configured());
    call.write(first!);
    // Only once the audio is there: a machine may take its time for it.
    await expect.poll(() => emulator.stats().audioSeconds).toBeGreaterThan(0);
    skippedMs = 60_000;
    call.write(second!);
    const { code, details } = await ended;
    expect(code).toBe(status.INVALID_ARGUMENT);
    expect(details).toMatch(
      /^inference request for sequence \d+ to model '.*' must specify the START flag on the first request of the sequence$/,
    );
  });

  it("forgets a client that goes away", async () => {
    const { client, emulator } = await start({ delays: { partialMs: 60_000, finalMs: 60_000 } });
    const { path, requestSerialize, responseDeserialize } = asr.StreamingRecognize;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.on("error", () => undefined);
    call.write(configured());
    await expect.poll(() => emulator.stats().open).toBe(1);
    await expect.poll(() => emulator.stats().started).toBe(1);
    call.cancel();
    await expect
      .poll(() => emulator.stats())
      .toMatchObject({ open: 0, started: 1, completed: 0, failed: 0, cancelled: 1 });
  });

  it("answers after exactly the delays it was told: one response for each message, then the final", async () => {
    const { client } = await start({ delays: { partialMs: 40, finalMs: 70 } });
    const messages = audioMessages(clip.pcm);
    await exchange(client, [configured(), ...messages]); // lets both ends warm up
    const { responses, sentMs, closedMs } = await exchange(client, [configured(), ...messages], 10);
    expect(responses).toHaveLength(messages.length + 1);
    const partialsMs = messages.map((_, i) => responses[i]!.atMs - sentMs[i + 1]!).sort((a, b) => a - b);
    // Never early; how late depends on what else the machine does, so the least late one speaks for the emulator.
    expect(partialsMs[0]).toBeGreaterThanOrEqual(40);
    expect(partialsMs[0]).toBeLessThan(43);
    const finalMs = responses.at(-1)!.atMs - closedMs;
    expect(finalMs).toBeGreaterThanOrEqual(70);
    expect(finalMs).toBeLessThan(100);
  });
});

describe("the other calls", () => {
  it("Recognize gives the words of a whole file", async () => {
    const { client } = await start();
    const { streaming_config } = configured({ enable_word_time_offsets: true });
    const { results } = await unary(client, asr.Recognize, {
      config: streaming_config!.config!,
      audio: Buffer.from(clip.pcm),
    });
    expect(results[0]!.alternatives[0]!.transcript).toBe("go forward ten meters");
    expect(results[0]!.alternatives[0]!.words).toHaveLength(4);
    expect(results[0]!.audio_processed).toBeCloseTo(clip.audioMs / 1000, 3);
  });

  it("Recognize refuses what it has no model for", async () => {
    const { client } = await start();
    const refused = unary(client, asr.Recognize, {
      config: { language_code: "de-DE" },
      audio: Buffer.alloc(2),
    });
    await expect(refused).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      details:
        "Error: Unavailable model requested given these parameters: language_code=de; sample_rate=16000; type=offline; ",
    } satisfies Partial<ServiceError>);
  });

  it("GetRivaSpeechRecognitionConfig says what it is", async () => {
    const { client, emulator } = await start();
    const { model_config } = await unary(client, asr.GetRivaSpeechRecognitionConfig, {});
    expect(model_config.map(({ parameters }) => parameters["type"])).toEqual(["online", "offline"]);
    for (const { model_name, parameters } of model_config) {
      expect(model_name).toContain("emulated");
      expect(parameters).toMatchObject({ language_code: "en-US", emulated: "true", profile: "nim" });
    }
    const one = await unary(client, asr.GetRivaSpeechRecognitionConfig, { model_name: emulator.model });
    expect(one.model_config.map(({ model_name }) => model_name)).toEqual([emulator.model]);
    expect(
      (await unary(client, asr.GetRivaSpeechRecognitionConfig, { model_name: "x" })).model_config,
    ).toEqual([]);
  });

  it("health is SERVING, of the whole and of the speech service, and NOT_FOUND of others", async () => {
    const { client } = await start();
    for (const service of ["", "nvidia.riva.asr.RivaSpeechRecognition"]) {
      expect(await unary(client, health.Check, { service })).toEqual({ status: "SERVING" });
    }
    await expect(unary(client, health.Check, { service: "x" })).rejects.toMatchObject({
      code: status.NOT_FOUND,
    });
  });
});

it("says so when its port is in use", async () => {
  const { emulator } = await start();
  await expect(start({ port: emulator.port })).rejects.toMatchObject({
    exitCode: 2,
    message: `port ${emulator.port} on 127.0.0.1 is in use`,
  });
});
