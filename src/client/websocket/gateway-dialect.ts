/** The gateway's binary dialect: settings first, then the samples of each chunk as one binary message. */
import { FINISH, gatewayFailure, readGatewayEvent, startMessage } from "./gateway-events.ts";
import type { Rotation } from "../rotation.ts";
import type { SocketAddress, SocketDialect } from "./web-socket-call.ts";

const AUDIO = { binary: true, compress: false } as const;

/** @param rotation gives each session its address */
export function gatewayDialect(address: SocketAddress, rotation: Rotation): SocketDialect {
  return {
    name: "gateway's",
    begin(spec, session) {
      const { traceparent } = spec;
      const headers = { ...address.headers, ...(traceparent === undefined ? {} : { traceparent }) };
      session.connect({ ...address, headers, ip: rotation.take() });
      return {
        finish: FINISH,
        opened: () => session.sendConfiguration(startMessage(spec)),
        sendChunk: (socket, chunk, onWritten) => socket.send(chunk, AUDIO, onWritten),
        heard(text, atMs) {
          const event = readGatewayEvent(text, atMs);
          switch (event.kind) {
            case "ready":
              // Said again when another upstream takes over, which concerns nobody here.
              session.becomeReady();
              break;
            case "response":
              session.responded(event.response);
              break;
            case "end":
              session.end(atMs);
              break;
            case "error":
              session.end(atMs, gatewayFailure(event.code, event.message, session.phase));
              break;
            case "other":
          }
        },
      };
    },
  };
}
