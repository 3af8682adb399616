/**
 * The connections of this process's HTTP/2 servers, which grpc-js creates and keeps to itself.
 *
 * Each gets a wide window: gRPC servers in C++ widen theirs as traffic needs it; grpc-js has no setting for its server's, and
 * with Node's 65,535 bytes a burst of many streams on one connection crawls in, a few chunks for each turn of both event loops,
 * which would show as latency of the server that is emulated.
 */
import http2 from "node:http2";
import type { Http2Server, Http2SecureServer } from "node:http2";

let watching = false;

/**
 * From now on every HTTP/2 server of this process (grpc-js creates its own through here) gives its connections windows of
 * `windowBytes`.
 */
export function watchConnections(windowBytes: number): void {
  if (watching) return;
  watching = true;
  const { createServer, createSecureServer } = http2;
  http2.createServer = ((...args: Parameters<typeof createServer>) =>
    watched(createServer(...args), windowBytes)) as typeof createServer;
  http2.createSecureServer = ((...args: Parameters<typeof createSecureServer>) =>
    watched(createSecureServer(...args), windowBytes)) as typeof createSecureServer;
}

function watched<S extends Http2Server | Http2SecureServer>(server: S, windowBytes: number): S {
  server.on("session", (session) => session.setLocalWindowSize(windowBytes));
  return server;
}
