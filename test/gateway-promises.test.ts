/** Promises of docs/gateway-protocol.md that no other test holds; docs/security.md has the list. */
import { afterEach, expect, test } from "vitest";
import { parseApiKeys } from "../src/gateway/door/auth.ts";
import { answer } from "./support/grpc-peer.ts";
import { Caller, testGateway } from "./support/gateway.ts";
import type { TestGateway } from "./support/gateway.ts";
import { scriptedServer } from "./support/misbehaving-server.ts";

const UNIMPLEMENTED = 12;
const KEY = "sixteen-or-more-characters";
const SAID = "a confidential sentence";
/** Told apart from anything that a log would hold by chance. */
const AUDIO = Buffer.from("secret audio! ".repeat(200));

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A gateway with a key before a server that says one sentence, or fails with it as its reason. */
async function gateway(status = 0): Promise<TestGateway> {
  const server = await scriptedServer({
    onCall(call) {
      if (call.headers[":path"]?.endsWith("/StreamingRecognize") !== true) call.end(UNIMPLEMENTED);
    },
    onHalfClose(call) {
      call.send(answer(SAID, true));
      call.end(status);
    },
  });
  stops.push(() => server.close());
  const one = await testGateway([server.address], { keys: parseApiKeys(`web ${KEY}`, "keys") });
  stops.push(() => one.gateway.drain());
  return one;
}

async function tokenOf(http: string): Promise<string> {
  const response = await fetch(`${http}/v1/realtime/transcription_sessions`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}` },
  });
  const session = (await response.json()) as { client_secret: { value: string } };
  return session.client_secret.value;
}

test.each([0, 13])("its log holds no audio, no text, no key and no token (status %i)", async (status) => {
  const one = await gateway(status);
  const stream = await new Caller(`${one.url}/v1/stream`, { headers: { "x-api-key": KEY } }).opened();
  stream.json({ type: "start", boosting: [{ phrases: ["confidential"], boost: 1 }] });
  await stream.heard("ready");
  stream.socket.send(AUDIO);
  stream.json({ type: "finish" });
  await stream.closed;
  const token = await tokenOf(one.http);
  const realtime = await new Caller(`${one.url}/v1/realtime?intent=transcription`, {
    protocols: ["realtime", `realtime-token.${token}`],
  }).opened();
  realtime.json({ type: "input_audio_buffer.append", audio: AUDIO.toString("base64") });
  realtime.json({ type: "input_audio_buffer.done" });
  await realtime.closed;
  // A message that is refused for what it holds, and a key that is wrong.
  const wrong = await new Caller(`${one.url}/v1/stream`, { headers: { "x-api-key": KEY } }).opened();
  wrong.json({ type: "start", [SAID]: SAID });
  await wrong.closed;
  await new Caller(`${one.url}/v1/stream`, { headers: { "x-api-key": `${KEY}-not` } }).closed;
  await one.gateway.drain();

  expect(stream.of("final").map(({ text }) => text)).toEqual([SAID]);
  expect(one.log.filter((line) => line.includes("session closed"))).toHaveLength(3);
  const log = one.log.join("\n");
  const base64 = AUDIO.toString("base64").slice(0, 40);
  for (const secret of [KEY, token, "confidential", AUDIO.toString("latin1", 0, 14), base64])
    expect(log).not.toContain(secret);
});

test.each([
  ["stream", "/v1/stream"],
  ["realtime", "/v1/realtime?intent=transcription"],
])("more than 16,384 characters that are no audio are refused in the %s dialect", async (_, path) => {
  const one = await gateway();
  const codeAfter = async (characters: number): Promise<number> => {
    const headers = { "x-api-key": KEY };
    const caller = await new Caller(`${one.url}${path}`, { headers }).opened();
    const frame = JSON.stringify({ type: "nonsense", more: "" }).length;
    caller.json({ type: "nonsense", more: "x".repeat(characters - frame) });
    return (await caller.closed).code;
  };
  expect([await codeAfter(16_384), await codeAfter(16_385)]).toEqual([4400, 4413]);
});
