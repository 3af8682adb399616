import { readFileSync } from "node:fs";
import { request } from "node:https";
import { Client, credentials } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { makeCertificates, pem } from "../../../test/support/certificates.ts";
import { realClock } from "../../base/clock.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset, selectClips } from "../../base/dataset/dataset.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { findProfile } from "../timing/profiles.ts";
import type { Emulator } from "../server.ts";
import { createEmulator } from "../server.ts";

const dataset = selectClips(await loadDataset("default"), { only: ["ps-goforward"] });
const [clip] = dataset.clips as [Clip];
const usage = { cpuSeconds: 1.5, residentBytes: 1000, startedAtEpochMs: 2000 };
const MODEL = findProfile("nim").model;

const running: Emulator[] = [];
afterEach(async () => {
  for (const emulator of running.splice(0)) await emulator.close();
});

async function start(fields: Partial<Parameters<typeof createEmulator>[0]> = {}): Promise<Emulator> {
  const emulator = await createEmulator({
    profile: findProfile("nim"),
    dataset,
    clock: realClock,
    host: "127.0.0.1",
    port: 0,
    http: { port: 0, version: "1.2.3", usage: () => usage },
    ...fields,
  });
  running.push(emulator);
  return emulator;
}

async function get(
  emulator: Emulator,
  path: string,
): Promise<{ status: number; body: string; emulated: boolean }> {
  const response = await fetch(`http://127.0.0.1:${emulator.httpPort}${path}`);
  return {
    status: response.status,
    body: await response.text(),
    emulated: response.headers.get("x-emulated") === "riva-bench",
  };
}

/** Values of one metric by the text of its labels. */
function valuesOf(exposition: string, name: string): Record<string, number> {
  const lines = exposition
    .split("\n")
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  return Object.fromEntries(
    lines.map((line) => {
      const [, labels = "", value = ""] = /^[a-z_]+(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
      return [labels, Number(value)];
    }),
  );
}

describe("a NIM's HTTP port", () => {
  it.each([
    ["/v1/health/live", { status: "live" }],
    ["/v1/health/ready", { status: "ready" }],
    ["/v1/metadata", { version: "1.2.3", emulated: true }],
    ["/v1/version", { release: "1.2.3", emulated: true }],
    ["/v1/models", { object: "list", data: [{ id: MODEL }, { id: `${MODEL}-offline` }] }],
    ["/v1/manifest", { models: [{ model_name: MODEL, parameters: { type: "online" } }, {}] }],
    ["/v1/license", { emulated: true }],
  ])("GET %s", async (path, expected) => {
    const { status, body, emulated } = await get(await start(), path);
    expect(status).toBe(200);
    expect(emulated).toBe(true);
    expect(JSON.parse(body)).toMatchObject(expected);
  });

  it("answers what it does not have as FastAPI does", async () => {
    const emulator = await start();
    expect(await get(emulator, "/v1/none")).toMatchObject({ status: 404, body: '{"detail":"Not Found"}' });
    expect(await get(emulator, "/v1/audio/transcriptions")).toMatchObject({ status: 405 });
  });

  it("is not there unless asked for, and says when its port is in use", async () => {
    const first = await start();
    expect((await start({ http: undefined as never })).httpPort).toBeUndefined();
    await expect(
      start({ http: { port: first.httpPort!, version: "", usage: () => usage } }),
    ).rejects.toMatchObject({
      exitCode: 2,
      hint: "Take another with --http-port N, or 0 for any free one.",
    });
  });
});

describe("metrics", () => {
  it("count what the queue did, under Triton's names", async () => {
    const emulator = await start();
    const client = new Client(`127.0.0.1:${emulator.port}`, credentials.createInsecure());
    const { path, requestSerialize, responseDeserialize } = rivaServices().asr.StreamingRecognize;
    const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.write({ streaming_config: { config: { language_code: "en-US" }, interim_results: true } });
    call.write({ audio_content: Buffer.from(clip.pcm) });
    call.end();
    let responses = 0;
    for await (const response of call) responses += response === undefined ? 0 : 1;
    client.close();

    const { body, emulated } = await get(emulator, "/metrics");
    expect(emulated).toBe(true);
    const online = `model="${MODEL}",version="1"`;
    const value = (name: string): number => valuesOf(body, name)[online]!;
    expect(value("nv_inference_request_success")).toBe(responses);
    expect(value("nv_inference_count")).toBe(responses);
    expect(value("nv_inference_exec_count")).toBeGreaterThanOrEqual(1);
    expect(value("nv_inference_exec_count")).toBeLessThanOrEqual(responses);
    expect(value("nv_inference_pending_request_count")).toBe(0);
    const parts = ["queue", "compute_input", "compute_infer", "compute_output"].map((part) =>
      value(`nv_inference_${part}_duration_us`),
    );
    const total = value("nv_inference_request_duration_us");
    expect(Math.abs(total - parts.reduce((sum, part) => sum + part, 0))).toBeLessThanOrEqual(2);
    expect(total).toBeGreaterThan(responses * findProfile("nim").pathMs * 1000);
    expect(valuesOf(body, "nv_inference_request_success")[`model="${MODEL}-offline",version="1"`]).toBe(0);
    expect(valuesOf(body, "nv_inference_request_failure")).toEqual(
      Object.fromEntries(
        ["REJECTED", "CANCELED", "BACKEND", "OTHER"].map((reason) => [
          `model="${MODEL}",reason="${reason}",version="1"`,
          0,
        ]),
      ),
    );
    expect(valuesOf(body, "nv_gpu_utilization")['gpu_uuid="GPU-emulated"']).toBeGreaterThanOrEqual(0);
    expect(valuesOf(body, "riva_bench_emulated")).toEqual({ 'profile="nim"': 1 });
  });

  it("of the process are on the NIM's own endpoint", async () => {
    const { body } = await get(await start(), "/v1/metrics");
    expect(valuesOf(body, "process_cpu_seconds_total")).toEqual({ "": 1.5 });
    expect(valuesOf(body, "process_resident_memory_bytes")).toEqual({ "": 1000 });
    expect(valuesOf(body, "process_start_time_seconds")).toEqual({ "": 2 });
    expect(valuesOf(body, "riva_bench_emulated")).toEqual({ 'profile="nim"': 1 });
  });
});

describe("POST /v1/audio/transcriptions", () => {
  const wav = readFileSync(new URL("../../../datasets/core/wav/ps-goforward.wav", import.meta.url));

  async function upload(
    fields: Record<string, string>,
    file: Buffer = wav,
  ): Promise<{ status: number; body: string }> {
    const form = new FormData();
    form.set("file", new Blob([new Uint8Array(file)]), "a.wav");
    for (const [name, value] of Object.entries(fields)) form.set(name, value);
    const emulator = await start();
    const response = await fetch(`http://127.0.0.1:${emulator.httpPort}/v1/audio/transcriptions`, {
      method: "POST",
      body: form,
    });
    return { status: response.status, body: await response.text() };
  }

  it("gives the words of a file, as JSON or text", async () => {
    const { status, body } = await upload({ language: "en-US" });
    expect(status).toBe(200);
    const { text, usage: used } = JSON.parse(body) as {
      text: string;
      usage: { type: string; seconds: number };
    };
    expect(text).toBe("go forward ten meters");
    expect(used.type).toBe("duration");
    expect(used.seconds).toBeCloseTo(clip.audioMs / 1000, 3);
    expect(await upload({ model: `${MODEL}-offline`, response_format: "text" })).toEqual({
      status: 200,
      body: "go forward ten meters",
    });
  });

  it.each([
    { what: "neither language nor model", fields: {}, detail: "language or model must be given" },
    { what: "another model", fields: { model: "x" }, detail: "Bad Request, bad model" },
    { what: "another language", fields: { language: "de-DE" }, detail: "Bad Request, bad model" },
    {
      what: "another format",
      fields: { language: "en-US", response_format: "srt" },
      detail: "response_format",
    },
    { what: "no audio", fields: { language: "en-US" }, file: Buffer.alloc(0), detail: "empty audio" },
    {
      what: "a file over 25 MB",
      fields: { language: "en-US" },
      file: Buffer.alloc(26 * 1024 * 1024),
      detail: "audio too long",
    },
  ])("answers 400 to $what", async ({ fields, file, detail }) => {
    const { status, body } = await upload(fields, file);
    expect(status).toBe(400);
    expect((JSON.parse(body) as { detail: string }).detail).toContain(detail);
  });

  it("answers 400 to what is no form", async () => {
    const emulator = await start();
    const response = await fetch(`http://127.0.0.1:${emulator.httpPort}/v1/audio/transcriptions`, {
      method: "POST",
      body: "hello",
    });
    expect(response.status).toBe(400);
  });
});

describe("over TLS", () => {
  const folder = makeCertificates();
  const tls = { certificate: pem(folder, "server.crt"), key: pem(folder, "server.key") };
  const ca = pem(folder, "ca.crt");
  const client = { cert: pem(folder, "client.crt"), key: pem(folder, "client.key") };

  function health(emulator: Emulator, options: { cert?: Buffer; key?: Buffer }): Promise<number | undefined> {
    return new Promise((resolve, reject) => {
      const url = `https://localhost:${emulator.httpPort}/v1/health/ready`;
      request(url, { ca, lookup: loopback, ...options }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  }

  it("serves HTTPS", async () => {
    expect(await health(await start({ tls }), {})).toBe(200);
  });

  it("wants a client's certificate when it has an authority for them", async () => {
    const emulator = await start({ tls: { ...tls, clientCa: ca } });
    expect(await health(emulator, client)).toBe(200);
    await expect(health(emulator, {})).rejects.toThrow();
  });
});

const loopback: NonNullable<Parameters<typeof request>[1]["lookup"]> = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};
