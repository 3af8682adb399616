/**
 * The null server: a process that drinks Riva audio streams as cheaply as Node can, answers the least a client needs, and
 * knows when every chunk arrived and every answer left. It is the other end of `npm run perf`; what it reports is the wire's view of a
 * generator's schedule.
 */
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Usage } from "./messages.ts";
import { serveParent, tellParent, usageInWindow } from "./messages.ts";
import { serveConnection } from "./null-connection.ts";
import type { NullStream } from "./null-stream.ts";

const sessions: NullStream[] = [];
let usage: Promise<Usage> | undefined;

const server = createServer((socket) => {
  serveConnection(socket, (session) => sessions.push(session));
});

server.listen(0, "127.0.0.1", () => {
  serveParent((server.address() as AddressInfo).port, (message) => {
    if (message.type === "plan") usage = usageInWindow(message.plan);
    else if (message.type === "report") void report();
  });
});

async function report(): Promise<void> {
  if (usage === undefined) throw new Error("asked for a report before the plan");
  const byId = <T>(of: (session: NullStream) => T): Map<string, T> =>
    new Map(sessions.map((session) => [session.sessionId ?? "", of(session)]));
  const arrivalsMs = byId((session) => session.arrivalsMs());
  const answersMs = byId(({ answersMs: times }) => Float64Array.from(times));
  tellParent({ type: "served", arrivalsMs, answersMs, usage: await usage });
}
