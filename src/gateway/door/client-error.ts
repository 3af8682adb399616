/** Connections that end before Node has a request of them: which are worth a line in the log, and which count as an offence. */
import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";

/** Node's error; `rawPacket` holds what its parser refused. */
export type ClientError = Error & { code?: string; rawPacket?: Buffer };

/** Worth a line: no HTTP or TLS, a client certificate that is missing or untrusted, a request that is begun and not ended. */
export function isRefusal({ code = "" }: ClientError, { bytesRead }: Socket): boolean {
  // A connection that is opened early and not used is not: browsers do that.
  return /^(HPE|ERR_SSL)_/.test(code) || (code === "ERR_HTTP_REQUEST_TIMEOUT" && bytesRead > 0);
}

/** An address that a page names may be long; an upload may be given up in the middle. */
const BROWSER_ERRORS = new Set(["HPE_HEADER_OVERFLOW", "HPE_INVALID_EOF_STATE"]);
/** First bytes that a page can make a browser send: TLS to a port without it, and STUN to a port that is no TURN server. */
const TLS_HANDSHAKE = 0x16;
const LAST_STUN_TYPE = 0x03;

/**
 * Whether no browser can have caused it, whatever a page makes it do. On a port with TLS nothing is known of what came, and a
 * visitor's browser may have no client certificate: nothing counts there.
 *
 * @param hasRequest headers of a request came on it whose answer is not sent
 */
export function isOffence(
  { code = "", rawPacket }: ClientError,
  socket: Socket,
  hasRequest: boolean,
): boolean {
  if (socket instanceof TLSSocket) return false;
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return socket.bytesRead > 0 && !hasRequest;
  if (!code.startsWith("HPE_") || BROWSER_ERRORS.has(code)) return false;
  const first = rawPacket?.[0];
  return first !== undefined && first !== TLS_HANDSHAKE && first > LAST_STUN_TYPE;
}
