import { join } from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import type { MethodDefinition, ServiceDefinition } from "@grpc/proto-loader";
import { afterAll, beforeAll, expect, it } from "vitest";
import { realClock } from "../base/clock.ts";
import { loadDataset, selectClips } from "../base/dataset/dataset.ts";
import { PACKAGE_ROOT } from "../base/process/package-root.ts";
import { findProfile } from "./timing/profiles.ts";
import type { Emulator } from "./server.ts";
import { createEmulator } from "./server.ts";

/** The parts of a reflection answer that are looked at. */
interface Answer {
  list_services_response?: { service: { name: string }[] };
  file_descriptor_response?: { file_descriptor_proto: Buffer[] };
  error_response?: { error_code: number };
}

let emulator: Emulator;
beforeAll(async () => {
  const dataset = selectClips(await loadDataset("default"), { only: ["ps-goforward"] });
  const profile = findProfile("nim");
  emulator = await createEmulator({ profile, dataset, clock: realClock, host: "127.0.0.1", port: 0 });
});
afterAll(() => emulator.close());

/** Asks as grpcurl does: a stream with one request. */
async function ask(version: string, request: object): Promise<Answer> {
  const proto = `node_modules/@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`;
  const loaded = loadSync(join(PACKAGE_ROOT, proto), { keepCase: true, oneofs: true });
  const service = loaded[`grpc.reflection.${version}.ServerReflection`] as ServiceDefinition;
  const method = service["ServerReflectionInfo"] as MethodDefinition<object, object, object, Answer>;
  const client = new Client(`127.0.0.1:${emulator.port}`, credentials.createInsecure());
  const call = client.makeBidiStreamRequest(method.path, method.requestSerialize, method.responseDeserialize);
  const answer = new Promise<Answer>((resolve, reject) => call.on("data", resolve).on("error", reject));
  call.write(request);
  call.end();
  return answer.finally(() => client.close());
}

it.each(["v1", "v1alpha"])("tells of its services and messages by reflection %s", async (version) => {
  const { list_services_response: services } = await ask(version, { list_services: "" });
  expect(services?.service.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["nvidia.riva.asr.RivaSpeechRecognition", "grpc.health.v1.Health"]),
  );
  const symbol = { file_containing_symbol: "nvidia.riva.asr.RivaSpeechRecognition" };
  const { file_descriptor_response: file } = await ask(version, symbol);
  const descriptors = Buffer.concat(file?.file_descriptor_proto ?? []).toString("latin1");
  // Full names, the files they come from, and protoc's name for the entries of a map: grpcurl wants all three.
  for (const part of [
    "StreamingRecognize",
    ".nvidia.riva.RequestId",
    "nvidia_riva.proto",
    "CustomConfigurationEntry",
  ]) {
    expect(descriptors).toContain(part);
  }
  const { error_response: error } = await ask(version, { file_containing_symbol: "nvidia.riva.tts.Riva" });
  expect(error?.error_code).toBe(5);
});
