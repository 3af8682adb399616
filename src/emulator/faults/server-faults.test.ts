/** Each fault as a client meets it, over a real socket. */
import type { ChannelOptions, ClientDuplexStream } from "@grpc/grpc-js";
import { Client, credentials, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../base/clock.ts";
import type { Clip } from "../../base/dataset/dataset.ts";
import { loadDataset, selectClips } from "../../base/dataset/dataset.ts";
import type {
  HealthCheckResponse,
  Partially,
  StreamingRecognizeRequest,
  StreamingRecognizeResponse,
} from "../../base/riva-proto.ts";
import { rivaServices } from "../../base/riva-proto.ts";
import { parseFaults } from "./fault-spec.ts";
import { findProfile } from "../timing/profiles.ts";
import type { Emulator } from "../server.ts";
import { createEmulator } from "../server.ts";

const dataset = selectClips(await loadDataset("default"), { only: ["ps-goforward"] });
const [clip] = dataset.clips as [Clip];
const { asr, health } = rivaServices();

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function start(spec: string): Promise<{ emulator: Emulator; client: Client }> {
  const emulator = await createEmulator({
    profile: findProfile("nim"),
    dataset,
    clock: realClock,
    host: "127.0.0.1",
    port: 0,
    faults: parseFaults(spec),
    http: {
      port: 0,
      version: "",
      usage: () => ({ cpuSeconds: 0, residentBytes: 0, startedAtEpochMs: 0 }),
    },
  });
  closing.push(() => emulator.close());
  return { emulator, client: connect(emulator) };
}

function connect(emulator: Emulator): Client {
  // A pool of its own: two clients of one process would share a connection.
  const options: ChannelOptions = { "grpc.use_local_subchannel_pool": 1 };
  const client = new Client(`127.0.0.1:${emulator.port}`, credentials.createInsecure(), options);
  closing.push(() => client.close());
  return client;
}

type Call = ClientDuplexStream<Partially<StreamingRecognizeRequest>, StreamingRecognizeResponse>;

interface Ended {
  code: status;
  details: string;
  finals: number;
  responses: number;
}

/** Opens a stream and sends its configuration. */
function open(client: Client): { call: Call; ended: Promise<Ended> } {
  const { path, requestSerialize, responseDeserialize } = asr.StreamingRecognize;
  const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
  let finals = 0;
  let responses = 0;
  call.on("data", ({ results }: StreamingRecognizeResponse) => {
    responses++;
    finals += results.filter((result) => result.is_final).length;
  });
  call.on("error", () => undefined);
  const ended = new Promise<Ended>((resolve) =>
    call.on("status", ({ code, details }) => resolve({ code, details, finals, responses })),
  );
  call.write({ streaming_config: { config: { language_code: "en-US" }, interim_results: true } });
  return { call, ended };
}

/** Sends the clip at once and waits for the end. */
function speak(client: Client): Promise<Ended> {
  const { call, ended } = open(client);
  call.write({ audio_content: Buffer.from(clip.pcm) });
  call.end();
  return ended;
}

async function control(
  emulator: Emulator,
  method: string,
  body?: string,
): Promise<{ status: number; body: unknown }> {
  const url = `http://127.0.0.1:${emulator.httpPort}/emulator/faults`;
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body }) });
  return { status: response.status, body: await response.json() };
}

function check(client: Client): Promise<HealthCheckResponse> {
  const { path, requestSerialize, responseDeserialize } = health.Check;
  return new Promise((resolve, reject) =>
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service: "" },
      (error, response) =>
        error || !response ? reject(error ?? new Error("no response")) : resolve(response),
    ),
  );
}

describe("one stream", () => {
  it.each([
    ["error:status=UNAVAILABLE", status.UNAVAILABLE, "Socket closed"],
    ["error", status.INTERNAL, "Internal error while making inference request"],
    ["reject", status.UNAVAILABLE, "Socket closed"],
    ["reject:status=PERMISSION_DENIED", status.PERMISSION_DENIED, "injected fault: PERMISSION_DENIED"],
    [
      "lost-sequence",
      status.INVALID_ARGUMENT,
      "must specify the START flag on the first request of the sequence",
    ],
    ["reset", status.INTERNAL, "Received RST_STREAM with code 2"],
    ["disconnect", status.UNAVAILABLE, ""],
  ])("%s", async (spec, code, details) => {
    const { emulator, client } = await start(spec);
    const ended = await speak(client);
    expect(ended).toMatchObject({ code, finals: 0 });
    expect(ended.details).toContain(details);
    expect(emulator.stats()).toMatchObject({ started: 1, completed: 0, failed: 1, cancelled: 0, open: 0 });
    const [kind] = spec.split(":") as [string];
    expect((await control(emulator, "GET")).body).toMatchObject({ spec, seed: 1, struck: { [kind]: 1 } });
  });

  it("drop-final: all is well but for the final", async () => {
    const { emulator, client } = await start("drop-final");
    const ended = await speak(client);
    const chunks = Math.floor(clip.audioMs / findProfile("nim").chunkMs);
    expect(ended).toMatchObject({ code: status.OK, finals: 0, responses: chunks });
    expect(emulator.stats()).toMatchObject({ completed: 1, failed: 0 });
  });

  it("reset leaves the other streams of the connection alone, disconnect takes them along", async () => {
    for (const [spec, other, failed] of [
      ["reset:after=30ms", status.OK, 1],
      ["disconnect:after=30ms", status.UNAVAILABLE, 2],
    ] as const) {
      const { emulator, client } = await start("");
      const spared = open(client);
      await expect.poll(() => emulator.stats().started).toBe(1);
      await control(emulator, "PUT", spec);
      const struck = open(client);
      expect((await struck.ended).code).not.toBe(status.OK);
      spared.call.end();
      expect((await spared.ended).code).toBe(other);
      expect(emulator.stats()).toMatchObject({ started: 2, failed, completed: 2 - failed, cancelled: 0 });
    }
  });
});

describe("the server", () => {
  it("crash and restart: what is under way fails, what comes later succeeds, and the counts are exact", async () => {
    const { emulator, client } = await start("");
    const streams = [open(client), open(client), open(connect(emulator))];
    await expect.poll(() => emulator.stats().started).toBe(3);
    await control(emulator, "PUT", "crash:restart=100ms");
    for (const { ended } of streams) expect((await ended).code).toBe(status.UNAVAILABLE);
    await expect.poll(async () => (await speak(connect(emulator))).code, { timeout: 5000 }).toBe(status.OK);
    const { started, completed, failed, cancelled, open: left } = emulator.stats();
    expect({ failed, cancelled, completed, left }).toEqual({
      failed: 3,
      cancelled: 0,
      completed: 1,
      left: 0,
    });
    expect(started).toBe(4);
  });

  it("crash without restart: nothing answers any more, over HTTP either, until the faults are cleared", async () => {
    const { emulator, client } = await start("crash");
    const health = `http://127.0.0.1:${emulator.httpPort}/v1/health/ready`;
    await expect
      .poll(() =>
        fetch(health).then(
          () => true,
          () => false,
        ),
      )
      .toBe(false);
    expect((await speak(client)).code).toBe(status.UNAVAILABLE);
    expect((await control(emulator, "DELETE")).body).toEqual({ spec: "", seed: 1, struck: {} });
    await expect.poll(async () => (await speak(connect(emulator))).code, { timeout: 5000 }).toBe(status.OK);
    expect((await fetch(health)).status).toBe(200);
  });

  it("goaway: what is under way goes on, what comes later takes another connection", async () => {
    const { emulator, client } = await start("");
    const { call, ended } = open(client);
    await expect.poll(() => emulator.stats().started).toBe(1);
    await control(emulator, "PUT", "goaway");
    await expect.poll(async () => (await speak(client)).code).toBe(status.OK);
    call.write({ audio_content: Buffer.from(clip.pcm) });
    call.end();
    expect(await ended).toMatchObject({ code: status.OK, finals: 1 });
  });

  it("unready: health says so on both ports, calls are served", async () => {
    const { emulator, client } = await start("unready");
    const http = `http://127.0.0.1:${emulator.httpPort}/v1/health/ready`;
    await expect.poll(async () => (await fetch(http)).status).toBe(503);
    expect(await check(client)).toEqual({ status: "NOT_SERVING" });
    expect((await speak(client)).code).toBe(status.OK);
    await control(emulator, "DELETE");
    expect((await fetch(http)).status).toBe(200);
    expect(await check(client)).toEqual({ status: "SERVING" });
  });

  it("what can't be ordered is refused with its place, and changes nothing", async () => {
    const { emulator } = await start("drop-final");
    expect(await control(emulator, "PUT", "reset:rate=9")).toEqual({
      status: 400,
      body: { detail: 'fault, character 12: "rate" must be a share, such as 5% or 0.05.' },
    });
    expect((await control(emulator, "GET")).body).toMatchObject({ spec: "drop-final" });
  });
});
