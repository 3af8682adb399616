/** What HTTP statuses, WebSocket close codes and error events mean, in the words of `outcome.ts`. */
import type { Failure, FailureClass, FailureOrigin, FailurePhase } from "../../base/outcome.ts";
import { toldFailure } from "../grpc/failures.ts";

type Meaning = readonly [class_: FailureClass, origin: FailureOrigin];

const HTTP: Readonly<Record<number, Meaning>> = {
  400: ["bad-config", "client-config"],
  401: ["unauthenticated", "client-config"],
  403: ["permission", "client-config"],
  404: ["not-found", "client-config"],
  408: ["timeout", "server"],
  413: ["bad-config", "client-config"],
  415: ["bad-config", "client-config"],
  422: ["bad-config", "client-config"],
  429: ["resource-exhausted", "server"],
  500: ["internal", "server"],
  502: ["unavailable", "server"],
  503: ["unavailable", "server"],
  504: ["timeout", "server"],
};

/** https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1 and the registry that goes on from there. */
const CLOSE_CODES: Readonly<Record<number, Meaning>> = {
  1000: ["protocol-violation", "server"],
  1001: ["unavailable", "server"],
  1002: ["protocol-violation", "server"],
  1003: ["bad-config", "client-config"],
  // Closed, but no reason given.
  1005: ["protocol-violation", "server"],
  // No close frame at all: the connection was lost.
  1006: ["connection-lost", "network"],
  1007: ["bad-config", "client-config"],
  1008: ["permission", "client-config"],
  1009: ["bad-config", "client-config"],
  1011: ["internal", "server"],
  1012: ["unavailable", "server"],
  1013: ["resource-exhausted", "server"],
  1014: ["unavailable", "server"],
  3000: ["unauthenticated", "client-config"],
  3003: ["permission", "client-config"],
  3008: ["timeout", "server"],
};

/** The failure that an HTTP status other than the wanted one stands for. @param body its text, or FastAPI's `detail` */
export function httpFailure(status: number, body: string, phase: FailurePhase): Failure {
  const [class_, origin] = HTTP[status] ?? ["protocol-violation", "server"];
  const message = `HTTP ${status}${detailOf(body)}`;
  const auth = class_ === "unauthenticated" || class_ === "permission";
  return toldFailure(message, {
    ...{ phase: auth ? "auth" : phase, class: class_, origin, code: `HTTP_${status}`, message },
  });
}

/** The failure that the end of a WebSocket stands for, when it came too early. */
export function closeFailure(code: number, reason: string, phase: FailurePhase): Failure {
  const [class_, origin] = CLOSE_CODES[code] ?? ["other", "server"];
  const message =
    code === 1006
      ? "the connection was lost"
      : `the WebSocket was closed (${code})${reason && `: ${reason}`}`;
  return toldFailure(message, { phase, class: class_, origin, code: `WS_${code}`, message });
}

/** The failure that a server tells in an error event. */
export function errorEventFailure(code: string, message: string, phase: FailurePhase): Failure {
  const invalid = /invalid|unsupported|not.?found/i.test(code);
  const [class_, origin]: Meaning = invalid ? ["bad-config", "client-config"] : ["internal", "server"];
  return toldFailure(message, {
    ...{ phase, class: class_, origin, code: code === "" ? "ERROR" : code },
    message: message === "" ? "no message" : message,
  });
}

/** What came does not belong to the dialect. */
export function nonsenseFailure(why: string, phase: FailurePhase): Failure {
  const message = `can't be read: ${why}`;
  return { phase, class: "protocol-violation", origin: "server", code: "NONSENSE", message };
}

function detailOf(body: string): string {
  const text = body.trim().replaceAll(/\s+/g, " ");
  // A page for browsers says no more than its status.
  if (text === "" || text.startsWith("<")) return "";
  const detail = /"detail"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(text)?.[1];
  return `: ${(detail ?? text).slice(0, 200)}`;
}
