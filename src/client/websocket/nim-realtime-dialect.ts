/** A NIM's realtime dialect: a POST that makes the session, its WebSocket, one event that configures it, audio as base64. */
import { messageOf } from "../../base/errors.ts";
import { noConnectionFailure, socketErrorText } from "../grpc/failures.ts";
import type { HttpAnswer, HttpRequest } from "../http/http-request.ts";
import { httpRequest } from "../http/http-request.ts";
import type { RealtimeEndpoint } from "../http/nim-realtime-endpoint.ts";
import { COMMIT, DONE, readEvent } from "./nim-realtime-events.ts";
import type { CreatedSession } from "./nim-realtime-session.ts";
import { readSession, sessionUpdate } from "./nim-realtime-session.ts";
import type { Rotation } from "../rotation.ts";
import type { AsrResponse, StreamSpec } from "../transport.ts";
import { errorEventFailure, httpFailure, nonsenseFailure } from "../http/web-failures.ts";
import type { DialectSession, SocketDialect, SocketSession } from "./web-socket-call.ts";
import { TEXT } from "./web-socket-call.ts";

/** @param rotation gives each session its address: the server that made a session is the one that knows it */
export function realtimeDialect(
  endpoint: RealtimeEndpoint,
  rotation: Rotation,
  nowMs: () => number,
): SocketDialect {
  return {
    name: "realtime",
    begin(spec, session) {
      const abort = new AbortController();
      let created: CreatedSession | undefined;
      const withoutRepeats = repeatsOfFinals();
      void createSession({ ...endpoint, ip: rotation.take() }, spec, session, nowMs, abort.signal).then(
        (made) => (created = made),
      );
      return {
        finish: DONE,
        left: () => abort.abort(),
        sendChunk(socket, chunk, onWritten) {
          socket.send(chunk, TEXT);
          socket.send(COMMIT, TEXT, onWritten);
        },
        heard(text, atMs) {
          const event = readEvent(text, atMs);
          switch (event.kind) {
            case "created":
              if (created !== undefined) session.sendConfiguration(updateEvent(created, spec));
              break;
            case "updated":
              session.becomeReady();
              break;
            case "response": {
              const { response, last } = event;
              session.responded(response.final ? withoutRepeats(response, last) : response);
              if (last) session.end(atMs);
              break;
            }
            case "error":
              session.end(atMs, errorEventFailure(event.code, event.message, session.phase));
              break;
            case "other":
          }
        },
      } satisfies DialectSession;
    },
  };
}

/** Has the server make a session. */
export function sessionRequest(endpoint: RealtimeEndpoint): Omit<HttpRequest, "signal"> {
  const { sessionUrl, headers, tls, proxy } = endpoint;
  return {
    ...{ method: "POST", url: sessionUrl, body: Buffer.from("{}"), tls, proxy },
    headers: { ...headers, "content-type": "application/json" },
  };
}

/** Has the server make a session, and connects to it; undefined when it ended instead. */
async function createSession(
  endpoint: RealtimeEndpoint & { ip: string | undefined },
  { traceparent }: StreamSpec,
  session: SocketSession,
  nowMs: () => number,
  signal: AbortSignal,
): Promise<CreatedSession | undefined> {
  const { socketUrl, address, headers, tls, proxy, ip } = endpoint;
  const trace = traceparent === undefined ? {} : { traceparent };
  let answer: HttpAnswer;
  try {
    const request = sessionRequest(endpoint);
    answer = await httpRequest({ ...request, headers: { ...request.headers, ...trace }, ip, signal });
  } catch (error) {
    session.end(nowMs(), noConnectionFailure(socketErrorText(error)));
    return undefined;
  }
  if (answer.status !== 200) {
    session.end(nowMs(), httpFailure(answer.status, answer.body, "connect"));
    return undefined;
  }
  try {
    const created = readSession(answer.body);
    const { secret } = created;
    session.connect({
      ...{ url: socketUrl, address, proxy, ip },
      // The secret stands in for the key from here on.
      headers: { ...(secret === undefined ? headers : withoutKey(headers)), ...trace },
      tls,
      ...(secret === undefined ? {} : { protocols: ["realtime", `realtime-token.${secret}`] }),
    });
    return created;
  } catch (error) {
    session.end(nowMs(), nonsenseFailure(messageOf(error), "connect"));
    return undefined;
  }
}

function updateEvent(created: CreatedSession, spec: StreamSpec): string {
  return JSON.stringify({ type: "transcription_session.update", session: sessionUpdate(created, spec) });
}

/**
 * The last result may hold the text of the whole session, as NVIDIA's client takes it; listeners join finals, so what
 * they have heard is taken off.
 */
function repeatsOfFinals(): (response: AsrResponse, last: boolean) => AsrResponse {
  let finals = "";
  return (response, last) => {
    const { text } = response;
    const told = finals.trim();
    finals += text;
    if (!last || told === "" || !text.trimStart().startsWith(told)) return response;
    return { ...response, text: text.trimStart().slice(told.length) };
  };
}

function withoutKey(headers: RealtimeEndpoint["headers"]): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([key]) => !/^(authorization|x-api-key)$/.test(key)),
  );
}
