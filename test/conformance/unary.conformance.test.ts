/** The calls with one answer, against servers that answer well, badly and not at all. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { realClock } from "../../src/base/clock.ts";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { createRivaUnary } from "../../src/client/grpc/riva-unary.ts";
import type { RivaUnary } from "../../src/client/grpc/riva-unary.ts";
import { deadAddress, scriptedServer } from "../support/misbehaving-server.ts";
import type { Script, TestServer } from "../support/misbehaving-server.ts";

const { asr, health } = rivaServices();

let open: { close(): unknown }[] = [];

beforeEach(() => (open = []));
afterEach(() => Promise.all(open.map((thing) => thing.close())));

function connect(address: string): RivaUnary {
  const unary = createRivaUnary({ address, clock: realClock });
  open.unshift(unary);
  return unary;
}

async function serve(script: Script): Promise<{ server: TestServer; unary: RivaUnary }> {
  const server = await scriptedServer(script);
  open.push(server);
  return { server, unary: connect(server.address) };
}

/** A server that answers every call with these bytes. */
const says = (bytes: Buffer): Script => ({
  onHalfClose: (call) => {
    call.send(bytes);
    call.end(0);
  },
});

const refuses = (status: number, details: string): Script => ({
  onHalfClose: (call) => call.end(status, details),
});

describe("health", () => {
  it.each([
    ["SERVING", "serving"],
    ["NOT_SERVING", "not-serving"],
    ["SERVICE_UNKNOWN", "unknown"],
  ] as const)("%s", async (status, expected) => {
    const { unary } = await serve(says(health.Check.responseSerialize({ status })));
    expect(await unary.health(1000)).toEqual({ ok: true, value: expected });
  });

  it.each([5, 12])("a server without the health service (status %i) is not a failed one", async (status) => {
    const { unary } = await serve(refuses(status, "unknown service"));
    expect(await unary.health(1000)).toEqual({ ok: true, value: "no-health-service" });
  });

  it("tells why there is no answer", async () => {
    expect(await connect(await deadAddress()).health(1000)).toMatchObject({
      ok: false,
      failure: { phase: "connect", class: "refused", code: "ECONNREFUSED" },
    });
    const { unary } = await serve({});
    expect(await unary.health(100)).toMatchObject({
      ok: false,
      failure: { class: "timeout", code: "DEADLINE_EXCEEDED" },
    });
  });
});

it("lists models", async () => {
  const parameters = { type: "online", language_code: "en-US" };
  const { unary } = await serve(
    says(
      asr.GetRivaSpeechRecognitionConfig.responseSerialize({
        model_config: [{ model_name: "m", parameters }],
      }),
    ),
  );
  expect(await unary.models(1000)).toEqual({ ok: true, value: [{ name: "m", parameters }] });
});

describe("recognition of a whole recording", () => {
  const request = {
    audio: Uint8Array.from([1, 2, 3, 4]).subarray(1, 3),
    encoding: "LINEAR_PCM" as const,
    sampleRateHz: 16_000,
    recognition: { language: "en-US", interim: false, wordTimeOffsets: true },
    requestId: "r",
  };

  it("sends the audio and joins the results", async () => {
    let received: Buffer | undefined;
    const word = { word: "hello", start_time: 80, end_time: 400 };
    const { unary } = await serve({
      onHalfClose: (call) => {
        received = call.messages[0];
        call.send(
          asr.Recognize.responseSerialize({
            results: [
              {
                alternatives: [{ transcript: "hello", words: [word] }, { transcript: "yellow" }],
                audio_processed: 1.5,
              },
              { alternatives: [] },
              { alternatives: [{ transcript: " world" }], audio_processed: 2.5 },
            ],
          }),
        );
        call.end(0);
      },
    });
    expect(await unary.recognize(request, 1000)).toEqual({
      ok: true,
      value: {
        text: "hello world",
        words: [{ word: "hello", startMs: 80, endMs: 400 }],
        audioProcessedS: 2.5,
      },
    });
    expect(asr.Recognize.requestDeserialize(received!)).toMatchObject({
      audio: Buffer.from([2, 3]),
      id: { value: "r" },
      config: { language_code: "en-US", enable_word_time_offsets: true, sample_rate_hertz: 16_000 },
    });
  });

  it("tells what the server refuses", async () => {
    const { unary } = await serve(
      refuses(3, "Error: Unavailable model requested. Lang: ru-RU, Type: offline"),
    );
    expect(await unary.recognize(request, 1000)).toMatchObject({
      ok: false,
      failure: { class: "bad-config", origin: "client-config", code: "INVALID_ARGUMENT" },
    });
  });
});
