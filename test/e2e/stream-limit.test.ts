/**
 * A server that takes fewer streams on a connection than the scenario puts there: the run opens more connections instead of
 * letting streams wait unseen in the client, and says so.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { rivaServices } from "../../src/base/riva-proto.ts";
import { bench, failuresOfOthers, readRun, tempFolder, undisturbed } from "../support/bench-process.ts";
import { answer } from "../support/grpc-peer.ts";
import type { Script } from "../support/misbehaving-server.ts";
import { scriptedServer } from "../support/misbehaving-server.ts";

const LIMIT = 5;
const CALLERS = 12;
const { path } = rivaServices().asr.StreamingRecognize;

test.each(["riva-grpc", "riva-h2"])("%s", { timeout: 120_000 }, async (transport) => {
  let open = 0;
  let mostOpen = 0;
  const onConnections = new Set<unknown>();
  const script: Script = {
    onCall: (call) => {
      if (call.headers[":path"] !== path) {
        call.end(12);
        return;
      }
      onConnections.add(call.stream.session);
      mostOpen = Math.max(mostOpen, ++open);
      call.stream.on("close", () => open--);
    },
    onMessage: (call, index) => {
      if (call.headers[":path"] === path && index % 5 === 4) call.send(answer("hello", false));
    },
    onHalfClose: (call) => {
      if (call.headers[":path"] !== path) return;
      call.send(answer("as many words as the clip has or more", true));
      call.end(0);
    },
  };
  const server = await scriptedServer(script, { settings: { maxConcurrentStreams: LIMIT } });
  try {
    const folder = tempFolder();
    const scenario = join(folder, "crowd.yaml");
    writeFileSync(
      scenario,
      `name: crowd
load: { model: concurrency, streams: ${CALLERS} }
duration: { warmup: 1s, steady: 1s }
audio: { clips: { max: 2500ms } }
connections: { streamsPerConnection: 50 }
`,
    );
    const { stderr, result } = await undisturbed(async () => {
      const out = join(tempFolder(), "run");
      onConnections.clear();
      const finished = await bench([
        ...["--scenario", scenario, "--target", `grpc://${server.address}`, "--out", out],
        ...["--workers", "1", "--transport", transport],
      ]);
      return { ...finished, ...readRun(out) };
    });
    expect(stderr).toMatch(
      /takes 5 streams a connection .* would put 12 on one: about 3 connections are used.* streamsPerConnection: 5/,
    );
    expect(result.target.server?.["max_concurrent_streams"]).toBe("5");
    expect(result.scenario).toMatchObject({ connections: { streamsPerConnection: 50 } });
    expect(failuresOfOthers(result)).toEqual([]);
    // With one connection no more than five would ever have been open.
    expect([mostOpen, onConnections.size]).toEqual([CALLERS, Math.ceil(CALLERS / LIMIT)]);
  } finally {
    await server.close();
  }
});
