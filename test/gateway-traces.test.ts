/** A caller's trace goes through the gateway: into its log, and on to the recogniser. */
import { afterEach, expect, test } from "vitest";
import { answer } from "./support/grpc-peer.ts";
import { Caller, testGateway } from "./support/gateway.ts";
import { scriptedServer } from "./support/misbehaving-server.ts";

const UNIMPLEMENTED = 12;
const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const TRACEPARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`;

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** One session in each dialect; what the recogniser was told, and the log's lines of sessions. */
async function sessions(traceparent: string): Promise<{ told: unknown[]; logged: unknown[] }> {
  const told: unknown[] = [];
  const server = await scriptedServer({
    onCall(call) {
      const recognises = call.headers[":path"]?.endsWith("/StreamingRecognize") === true;
      // No health service, no list of models.
      if (recognises) told.push(call.headers["traceparent"]);
      else call.end(UNIMPLEMENTED);
    },
    onHalfClose(call) {
      call.send(answer("hello", true));
      call.end(0);
    },
  });
  stops.push(() => server.close());
  const { gateway, url, log } = await testGateway([server.address]);
  const stream = await new Caller(`${url}/v1/stream`, { headers: { traceparent } }).opened();
  stream.json({ type: "start" });
  await stream.heard("ready");
  stream.socket.send(Buffer.alloc(3200));
  stream.json({ type: "finish" });
  await stream.closed;
  const realtime = await new Caller(`${url}/v1/realtime?intent=transcription`, {
    headers: { traceparent },
  }).opened();
  realtime.json({ type: "transcription_session.update", session: {} });
  realtime.json({ type: "input_audio_buffer.append", audio: Buffer.alloc(3200).toString("base64") });
  realtime.json({ type: "input_audio_buffer.commit" });
  realtime.json({ type: "input_audio_buffer.done" });
  await realtime.closed;
  // Its log is complete when its side of the sockets is closed, too.
  await gateway.drain();
  const lines = log.map((line) => JSON.parse(line) as { message: string; traceId?: string });
  return {
    told,
    logged: lines
      .filter(({ message }) => message.startsWith("session "))
      .map(({ message, traceId }) => [message, traceId]),
  };
}

test("the recogniser and every line of the session's log have it, in both dialects", async () => {
  const { told, logged } = await sessions(TRACEPARENT);
  expect(told).toEqual([TRACEPARENT, TRACEPARENT]);
  expect(logged).toEqual([
    ["session open", TRACE_ID],
    ["session closed", TRACE_ID],
    ["session open", TRACE_ID],
    ["session closed", TRACE_ID],
  ]);
});

test("what is no traceparent goes nowhere", async () => {
  const { told, logged } = await sessions('00-"},{"evil":"1');
  expect(told).toEqual([undefined, undefined]);
  expect(logged.map((line) => (line as unknown[])[1])).toEqual([undefined, undefined, undefined, undefined]);
});
