/**
 * The connections of this process's HTTP/2 servers, which grpc-js creates and keeps to itself.
 *
 * Each gets a wide window: gRPC servers in C++ widen theirs as traffic needs it; grpc-js has no setting for its server's, and
 * with Node's 65,535 bytes a burst of many streams on one connection crawls in, a few chunks for each turn of both event loops,
 * which would show as latency of the server that is emulated.
 */
import http2 from "node:http2";
import type { Http2Server, Http2SecureServer, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";

interface Connection {
  socket: Socket;
  session: ServerHttp2Session | undefined;
}

const connections = new Set<Connection>();
let watching = false;

/**
 * From now on every HTTP/2 server of this process (grpc-js creates its own through here) gives its connections windows of
 * `windowBytes`, and its connections are known to `connectionsOf`.
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

/** The connections to a port of this process; with `peer` ("host:port", as gRPC names it) only the one from there. */
export function connectionsOf(localPort: number, peer?: string): Connection[] {
  const peerPort = peer === undefined ? undefined : Number(peer.slice(peer.lastIndexOf(":") + 1));
  return [...connections].filter(
    ({ socket }) =>
      socket.localPort === localPort && (peerPort === undefined || socket.remotePort === peerPort),
  );
}

function watched<S extends Http2Server | Http2SecureServer>(server: S, windowBytes: number): S {
  server.on("connection", (socket: Socket) => {
    const connection: Connection = { socket, session: undefined };
    connections.add(connection);
    socket.once("close", () => connections.delete(connection));
  });
  server.on("session", (session: ServerHttp2Session) => {
    session.setLocalWindowSize(windowBytes);
    const { localPort, remotePort } = session.socket;
    for (const connection of connections) {
      const { socket } = connection;
      if (socket.localPort === localPort && socket.remotePort === remotePort) connection.session = session;
    }
  });
  return server;
}
