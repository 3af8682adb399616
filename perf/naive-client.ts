/**
 * The baseline: a load client as one writes it from grpc-js's documentation. Message objects through proto-loader, one
 * client, one timer per session that corrects its own drift, Node's default flags.
 */
import type { ClientDuplexStream } from "@grpc/grpc-js";
import { credentials, makeClientConstructor, status } from "@grpc/grpc-js";
import type {
  Partially,
  StreamingRecognizeRequest,
  StreamingRecognizeResponse,
} from "../src/base/riva-proto.ts";
import { rivaServices } from "../src/base/riva-proto.ts";
import type { Generated } from "./messages.ts";
import { runGenerator } from "./messages.ts";
import { monotonicMs } from "./monotonic.ts";
import type { Plan } from "./workload.ts";
import {
  CHUNK_MS,
  SAMPLE_RATE_HZ,
  chunksOfStream,
  idOfStream,
  makeChunk,
  phaseOfStream,
  startOfStream,
} from "./workload.ts";

type Call = ClientDuplexStream<Partially<StreamingRecognizeRequest>, StreamingRecognizeResponse>;

const Client = makeClientConstructor(rivaServices().asr, "RivaSpeechRecognition");
const audio: Buffer = makeChunk();

runGenerator(async (plan, generated) => {
  const client = new Client(`127.0.0.1:${plan.port}`, credentials.createInsecure());
  await Promise.all(
    Array.from({ length: plan.streams }, (_, index) => runSession(client, plan, index, generated)),
  );
  client.close();
});

async function runSession(
  client: InstanceType<typeof Client>,
  plan: Plan,
  index: number,
  generated: Generated,
): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, startOfStream(plan, index) - monotonicMs()));
  const id = idOfStream(plan, index);
  const call = (client["StreamingRecognize"] as unknown as () => Call).call(client);
  const ended = new Promise<number>((resolve) => {
    call.on("status", ({ code }) => resolve(code));
  });
  const heardMs: number[] = [];
  call.on("data", (response: StreamingRecognizeResponse) => {
    if (response.results[0]?.alternatives[0]?.transcript !== undefined) heardMs.push(monotonicMs());
  });
  call.on("error", () => undefined); // its status tells
  call.write({
    streaming_config: {
      config: { encoding: "LINEAR_PCM", sample_rate_hertz: SAMPLE_RATE_HZ, language_code: "en-US" },
      interim_results: true,
    },
    id: { value: id },
  });

  const phaseMs = phaseOfStream(plan, index);
  const anchorMs = phaseMs + Math.ceil((monotonicMs() - phaseMs) / CHUNK_MS) * CHUNK_MS;
  const sentMs = new Float64Array(chunksOfStream(plan, index)).fill(Infinity);
  generated.streams.push({ id, anchorMs, sentMs, heardMs });
  let sent = 0;
  const sendChunk = (): void => {
    sentMs[sent++] = monotonicMs();
    call.write({ audio_content: audio });
    if (sent === sentMs.length) call.end();
    else schedule();
  };
  const schedule = (): void => {
    setTimeout(sendChunk, anchorMs + (sent + 1) * CHUNK_MS - monotonicMs());
  };
  schedule();
  if ((await ended) === (status.OK as number)) generated.completed++;
}
