/** HTTP answers on sockets that get nothing more. */
import { STATUS_CODES } from "node:http";
import type { Duplex } from "node:stream";

/** Answers and closes. @param retryAfterS when it may be tried again */
export function refuse(socket: Duplex, status: number, detail: string, retryAfterS?: number): void {
  const body = JSON.stringify({ detail });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? "Error"}`,
    "content-type: application/json",
    `content-length: ${Buffer.byteLength(body)}`,
    ...(status === 401 ? ["www-authenticate: Bearer"] : []),
    ...(retryAfterS === undefined ? [] : [`retry-after: ${Math.ceil(retryAfterS)}`]),
    "connection: close",
  ];
  // Whoever is refused may never close its side, and nothing reads this socket any more: it would stay for ever.
  socket.end(`${lines.join("\r\n")}\r\n\r\n${body}`, () => socket.destroy());
}
