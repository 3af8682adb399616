/**
 * NVIDIA's own Python client against the emulator: it must understand the dataset's words, whichever way it asks. Needs
 * `scripts/setup-interop.sh`, which `npm run test:interop` calls.
 */
import { execFile } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clip } from "../../src/base/dataset/dataset.ts";
import { loadDataset, padClip } from "../../src/base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../../src/base/process/package-root.ts";
import { rivaPackage } from "../../src/base/riva-proto.ts";
import { chunkEncoder } from "../../src/loadgen/audio/encoded-audio.ts";
import { tempFolder } from "../support/bench-process.ts";
import { makeCertificates } from "../support/certificates.ts";
import type { RunningEmulator } from "../support/emulator-process.ts";
import { startEmulatorProcess } from "../support/emulator-process.ts";
import { wavFile } from "../support/wav.ts";

const BUILD = join(PACKAGE_ROOT, "build/interop");
const PYTHON = join(BUILD, "venv/bin/python");
const GRPCURL = join(BUILD, "grpcurl");
const JUDGE = join(PACKAGE_ROOT, "test/interop/riva_judge.py");
const run = promisify(execFile);
const { clips } = await loadDataset("default");

interface Told {
  file: string;
  finals: string[];
  words: {
    word: string;
    start: number;
    end: number;
    speaker: number;
    confidence: number;
    language: string;
  }[];
  confidence: number;
  languages: string[];
  partials: number;
  eou: string[];
  responses: number;
  vad: number;
  audio_processed: number;
}

/** What NVIDIA's client prints, asked so. */
async function judge<T>(emulator: RunningEmulator, ...args: string[]): Promise<T[]> {
  const { stdout } = await run(PYTHON, [JUDGE, "--uri", `localhost:${emulator.port}`, ...args]);
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

const fileOf = ({ id }: Clip): string => join(PACKAGE_ROOT, `datasets/core/wav/${id}.wav`);
const filesOf = (list: readonly Clip[]): string[] => list.map(fileOf);
/** A WAV file of the clip with silence behind it. */
function padded(clip: Clip, silenceMs: number): string {
  const path = join(tempFolder(), "padded.wav");
  const { pcm, sampleRateHz } = padClip(clip, { beforeMs: 0, afterMs: silenceMs });
  writeFileSync(path, wavFile(pcm, { sampleRateHz }));
  return path;
}

const textOf = ({ words }: Clip): string => words.map(({ word }) => word).join(" ");

function expectWords(told: readonly Told[], list: readonly Clip[]): void {
  expect(told.map(({ finals }) => finals.join(""))).toEqual(list.map(textOf));
  for (const [i, { words }] of told.entries()) {
    for (const [j, { start, end }] of words.entries()) {
      const spoken = list[i]!.words[j]!;
      expect([start, end]).toEqual([Math.round(spoken.startMs), Math.round(spoken.endMs)]);
    }
    expect(words).toHaveLength(list[i]!.words.length);
  }
}

describe("NVIDIA's Python client", () => {
  let emulator: RunningEmulator;
  beforeAll(async () => {
    emulator = await startEmulatorProcess(["--profile", "nim"]);
  });
  afterAll(() => emulator.stop());

  it("streams every clip, the WAV header in the first message and no encoding named", async () => {
    const told = await judge<Told>(emulator, "stream", ...filesOf(clips));
    expectWords(told, clips);
    // NVIDIA's response-count rule: one for each server chunk of 160 ms, and one more.
    expect(told.map(({ responses }) => responses)).toEqual(
      clips.map(({ audioMs }) => Math.floor(Math.round(audioMs * 16) / 2560) + 1),
    );
    for (const [i, { audio_processed: processed }] of told.entries()) {
      expect(processed).toBeCloseTo(clips[i]!.audioMs / 1000, 2);
    }
  });

  it("streams at the pace of speech, and gets partials", async () => {
    const list = clips.filter(({ id }) => id === "ps-goforward");
    const told = await judge<Told>(
      emulator,
      "--realtime",
      "--chunk-frames",
      "2560",
      "stream",
      ...filesOf(list),
    );
    expectWords(told, list);
    expect(told[0]!.partials).toBeGreaterThan(2);
  });

  it.each([
    ["stream", [], "press one now otherwise"],
    ["offline", [], "press one now otherwise"],
    ["stream", ["--punctuation"], "press one now, otherwise"],
    ["stream", ["--punctuation", "--no-verbatim"], "press 1 now, otherwise"],
    ["offline", ["--punctuation", "--no-verbatim"], "press 1 now, otherwise"],
  ])(
    "%s with %j has what its tables show: text as asked for, confidence, language",
    async (how, flags, text) => {
      const file = fileOf(clips.find(({ id }) => id === "asterisk-dir-instr")!);
      const [told] = await judge<Told>(emulator, ...flags, how, file);
      const said = told!.finals.join("");
      expect(said).toContain(text);
      expect(said.startsWith(flags.length > 0 ? "If this" : "if this")).toBe(true);
      expect(new Set(told!.words.map(({ confidence, language }) => `${confidence} ${language}`))).toEqual(
        new Set(["0.97 en-US"]),
      );
      if (how === "offline") expect([told!.confidence, told!.languages]).toEqual([0.97, ["en-US"]]);
    },
  );

  it("understands both passes of endpointing, speech probabilities and speakers", async () => {
    const file = padded(
      clips.find(({ id }) => id === "ps-goforward")!,
      1500,
    );
    const flags = [
      "--stop-history",
      "800",
      "--stop-history-eou",
      "320",
      "--custom",
      "get_vad_probabilities:true",
    ];
    const [told] = await judge<Told>(emulator, ...flags, "--speakers", "stream", file);
    expect(told!.eou).toEqual(["go forward ten meters"]);
    expect(told!.finals).toEqual(["go forward ten meters", ""]);
    expect(told!.vad).toBeGreaterThan(40);
    expect(told!.words.map(({ speaker }) => speaker)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ["FLAC", "flac"],
    ["OGGOPUS", "opus"],
  ] as const)(
    "streams and transcribes files in %s, in blocks that know nothing of frames or pages",
    async (encoding, suffix) => {
      const list = clips.slice(0, 3);
      const encode = await chunkEncoder(encoding);
      const files = list.map(({ id, pcm, sampleRateHz }) => {
        const path = join(tempFolder(), `${id}.${suffix}`);
        const samples = new Int16Array(Uint8Array.from(pcm).buffer);
        writeFileSync(path, Buffer.concat(encode(samples, sampleRateHz, sampleRateHz / 10)));
        return path;
      });
      const streamed = await judge<Told>(emulator, "stream", ...files);
      expectWords(streamed, list);
      expect(streamed.map(({ responses }) => responses)).toEqual(
        list.map(({ audioMs }) => Math.floor(audioMs / 160) + 1),
      );
      expectWords(await judge<Told>(emulator, "offline", ...files), list);
    },
  );

  it("recognises whole files", async () => {
    expectWords(await judge<Told>(emulator, "offline", ...filesOf(clips)), clips);
  });

  it("lists the models", async () => {
    expect(await judge(emulator, "models")).toEqual([
      { name: "emulated-parakeet-nim-160ms", type: "online", language: "en-US" },
      { name: "emulated-parakeet-nim-160ms-offline", type: "offline", language: "en-US" },
    ]);
  });

  it("gets the error of a wrong language in the words it knows", async () => {
    const asked = judge(emulator, "--language", "ru-RU", "stream", fileOf(clips[0]!));
    await expect(asked).rejects.toThrow(
      "Error: Unavailable model requested given these parameters: language_code=ru;",
    );
  });

  it("agrees on every field and enum value of the protocol", async () => {
    const theirs = (await judge<Field>(emulator, "fields")).filter(
      // Entries of maps: the maps themselves are compared.
      ({ message }) => !message.endsWith("Entry"),
    );
    expect(theirs.length).toBeGreaterThan(60);
    const ours = ourFields();
    expect(theirs.filter((field) => !ours.has(signature(field)))).toEqual([]);
  });
});

interface Field {
  message: string;
  name: string;
  number: number;
  /** Of a field: its number in descriptor.proto. */
  type?: number;
  repeated?: boolean;
}

const TYPE_NUMBERS: Readonly<Record<string, number>> = {
  TYPE_FLOAT: 2,
  TYPE_INT32: 5,
  TYPE_BOOL: 8,
  TYPE_STRING: 9,
  TYPE_MESSAGE: 11,
  TYPE_BYTES: 12,
  TYPE_ENUM: 14,
};

function signature({ message, name, number, type, repeated }: Field): string {
  return JSON.stringify([message, name, number, type, repeated]);
}

/** A message or enum of ours, as proto-loader describes it. */
interface Described {
  name?: string;
  field?: { name: string; number: number; type: string; label: string }[];
  value?: { name: string; number: number }[];
  nestedType?: Described[];
}

/** What our own protocol files define, as signatures. */
function ourFields(): Set<string> {
  const signaturesOf = (
    message: string,
    { field = [], value = [], nestedType = [] }: Described,
  ): string[] => [
    ...value.map(({ name, number }) => signature({ message, name, number })),
    ...field.map(({ name, number, type, label }) =>
      signature({
        message,
        name,
        number,
        type: TYPE_NUMBERS[type] ?? 0,
        repeated: label === "LABEL_REPEATED",
      }),
    ),
    ...nestedType.flatMap((nested) => signaturesOf(`${message}.${nested.name}`, nested)),
  ];
  return new Set(
    // Services have no type.
    Object.entries(rivaPackage()).flatMap(([message, definition]) =>
      "type" in definition ? signaturesOf(message, definition.type as Described) : [],
    ),
  );
}

describe("over TLS", () => {
  const folder = makeCertificates();
  const file = (name: string): string => join(folder, name);
  const server = ["--tls-cert", file("server.crt"), "--tls-key", file("server.key")];
  const list = clips.slice(0, 3);

  it.each([
    { security: "TLS", emulate: server, ask: ["--ssl-root-cert", file("ca.crt")] },
    {
      security: "TLS with metadata, which comes twice",
      emulate: server,
      ask: [
        "--ssl-root-cert",
        file("ca.crt"),
        "--metadata",
        "function-id",
        "f",
        "--metadata",
        "authorization",
        "Bearer b",
      ],
    },
    {
      security: "mTLS",
      emulate: [...server, "--tls-client-ca", file("ca.crt")],
      ask: [
        ...["--ssl-root-cert", file("ca.crt"), "--ssl-client-cert", file("client.crt")],
        ...["--ssl-client-key", file("client.key")],
      ],
    },
  ])("NVIDIA's Python client streams and transcribes: $security", async ({ emulate, ask }) => {
    const emulator = await startEmulatorProcess(emulate);
    try {
      expectWords(await judge<Told>(emulator, ...ask, "stream", ...filesOf(list)), list);
      expectWords(await judge<Told>(emulator, ...ask, "offline", ...filesOf(list)), list);
    } finally {
      await emulator.stop();
    }
  });
});

describe.skipIf(!existsSync(GRPCURL))("grpcurl", () => {
  it("finds the services and calls them by reflection alone", async () => {
    const emulator = await startEmulatorProcess([]);
    const grpcurl = async (...args: string[]): Promise<string> =>
      (await run(GRPCURL, ["-plaintext", ...args])).stdout;
    const address = `127.0.0.1:${emulator.port}`;
    const service = "nvidia.riva.asr.RivaSpeechRecognition";
    try {
      expect((await grpcurl(address, "list")).split("\n")).toEqual(
        expect.arrayContaining(["grpc.health.v1.Health", service]),
      );
      expect(await grpcurl(address, "describe", "nvidia.riva.asr.RecognitionConfig")).toContain(
        "map<string, string> custom_configuration = 24",
      );
      const health = JSON.parse(await grpcurl(address, "grpc.health.v1.Health/Check")) as unknown;
      expect(health).toEqual({ status: "SERVING" });
      const { model_config } = JSON.parse(
        await grpcurl(address, `${service}/GetRivaSpeechRecognitionConfig`),
      ) as { model_config: unknown[] };
      expect(model_config).toHaveLength(2);
    } finally {
      await emulator.stop();
    }
  });
});
