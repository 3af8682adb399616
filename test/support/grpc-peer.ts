/** Riva's gRPC as a peer of the conformance suite. */
import { rivaServices } from "../../src/base/riva-proto.ts";
import type { StreamingRecognizeRequest } from "../../src/base/riva-proto.ts";
import { scriptedServer } from "./misbehaving-server.ts";
import type { GrpcServerOptions, ServerCall, TestServer } from "./misbehaving-server.ts";
import type { Peer, PeerScript } from "./peer.ts";

const { requestDeserialize, responseSerialize } = rivaServices().asr.StreamingRecognize;
const INTERNAL = 13;

/** A response with one result. */
export function answer(transcript: string, final: boolean): Buffer {
  const result = { alternatives: [{ transcript }], is_final: final, audio_processed: 0.5 };
  return responseSerialize({ results: [result] });
}

export function grpcPeerServer(script: PeerScript, options: GrpcServerOptions = {}): Promise<TestServer> {
  const peers = new Map<ServerCall, Peer>();
  const peerOf = (call: ServerCall): Peer => {
    const peer = peers.get(call) ?? grpcPeer(call);
    peers.set(call, peer);
    return peer;
  };
  return scriptedServer(
    {
      onMessage(call, index) {
        if (index > 0) return script.onChunk?.(peerOf(call), index - 1);
        script.onConfig?.(peerOf(call));
        script.onOpen?.(peerOf(call));
      },
      onHalfClose: (call) => script.onHalfClose?.(peerOf(call)),
    },
    options,
  );
}

function grpcPeer(call: ServerCall): Peer {
  const requests = (): StreamingRecognizeRequest[] =>
    call.messages.map((message) => requestDeserialize(message));
  return {
    headers: call.headers,
    get audio() {
      return requests()
        .slice(1)
        .map((request) => request.audio_content ?? Buffer.alloc(0));
    },
    get config() {
      const config = requests()[0]?.streaming_config?.config;
      if (config === undefined || config === null) return undefined;
      return { language: config.language_code, sampleRateHz: config.sample_rate_hertz };
    },
    say: (text, final) => call.send(answer(text, final)),
    end(text) {
      if (text !== undefined) call.send(answer(text, true));
      call.end(0);
    },
    refuse: (message) => call.end(INTERNAL, message),
    dropConnection: (how) => call.dropConnection(how),
    setReading(reading) {
      if (reading) call.stream.resume();
      else call.stream.pause();
    },
    onClose: (closed) => void call.stream.on("close", closed),
  };
}
