/**
 * A wide HTTP/2 window for each connection of this process's servers. gRPC servers in C++ widen theirs as traffic needs
 * it; grpc-js has no setting for its server's, and with Node's 65,535 bytes a burst of many streams on one connection crawls
 * in, a few chunks for each turn of both event loops, which would show as latency of the server that is emulated.
 */
import http2 from "node:http2";

let wide = false;

/** From now on every HTTP/2 server that this process creates (grpc-js creates its own so) gives its connections `bytes`. */
export function widenConnectionWindows(bytes: number): void {
  if (wide) return;
  wide = true;
  const { createServer } = http2;
  http2.createServer = ((...args: Parameters<typeof createServer>) => {
    const server = createServer(...args);
    server.on("session", (session) => session.setLocalWindowSize(bytes));
    return server;
  }) as typeof createServer;
}
