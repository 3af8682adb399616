/** An HTTP proxy on loopback for CONNECT, which takes any name for 127.0.0.1. */
import { createServer } from "node:http";
import { connect } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import type { ProxyServer } from "../../src/client/endpoint.ts";

export interface ConnectProxy {
  server: ProxyServer;
  /** What it was asked for, in order: host:port, and the Proxy-Authorization header. */
  asked: { target: string; authorization: string | undefined }[];
  close(): Promise<void>;
}

/** @param status answered instead of opening a tunnel */
export async function connectProxy(status?: number): Promise<ConnectProxy> {
  const asked: ConnectProxy["asked"] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(405).end());
  server.on("connection", (socket) => sockets.add(socket));
  server.on("connect", (request, client: Socket, head) => {
    asked.push({ target: request.url ?? "", authorization: request.headers["proxy-authorization"] });
    client.on("error", () => undefined);
    if (status !== undefined) {
      client.end(`HTTP/1.1 ${status} No\r\n\r\n`);
      return;
    }
    const upstream = connect(Number(request.url?.split(":").at(-1)), "127.0.0.1", () => {
      client.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.write(head);
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on("error", () => client.destroy());
    client.on("close", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    server: {
      ...{ host: "127.0.0.1", port, url: `http://127.0.0.1:${port}` },
      ...{ source: "http_proxy", credentials: "user:secret" },
    },
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
