/** Requests as Node's parser would hand them over, from text: a request line, headers, an empty line, the body. */
import { EventEmitter } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import fc from "fast-check";

export function requestOf(input: Buffer): IncomingMessage {
  const text = input.toString("latin1");
  const end = text.search(/\r?\n\r?\n/);
  const [line = "", ...headerLines] = text.slice(0, end < 0 ? text.length : end).split(/\r?\n/);
  const [method = "GET", url = "/"] = line.split(" ");
  const headers: Record<string, string> = {};
  for (const header of headerLines) {
    const [, name, value = ""] = /^([\w-]+): ?([\t\x20-\xff]*)$/.exec(header) ?? [];
    if (name !== undefined) headers[name.toLowerCase()] ??= value;
  }
  const body = end < 0 ? "" : text.slice(end).replace(/^\r?\n\r?\n/, "");
  const pieces = body === "" ? [] : body.match(/[^]{1,100}/g)!.map((piece) => Buffer.from(piece, "latin1"));
  const socket = Object.assign(new EventEmitter(), {
    remoteAddress: "192.0.2.7",
    localAddress: "192.0.2.1",
    destroy: () => undefined,
  });
  return Object.assign(Readable.from(pieces, { objectMode: false }), {
    ...{ method, url, headers, socket },
  }) as unknown as IncomingMessage;
}

/** As strict as Node's: headers are sent once, their values are valid. */
export class FakeResponse {
  status = 0;
  headersSent = false;
  body: Buffer | string = "";
  readonly done: Promise<void>;
  #resolve: () => void = () => undefined;

  constructor() {
    this.done = new Promise((resolve) => (this.#resolve = resolve));
  }

  get asResponse(): ServerResponse {
    return this as unknown as ServerResponse;
  }

  setHeader(name: string, value: string): void {
    if (/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/.test(value))
      throw new TypeError(`invalid value of ${name}`);
  }

  writeHead(status: number, headers: Record<string, string> = {}): this {
    if (this.headersSent) throw new Error("headers were sent twice");
    if (!Number.isInteger(status) || status < 100 || status > 599) throw new RangeError(`status ${status}`);
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value);
    this.status = status;
    this.headersSent = true;
    return this;
  }

  end(body: Buffer | string = ""): this {
    this.body = body;
    this.#resolve();
    return this;
  }

  destroy(): this {
    this.#resolve();
    return this;
  }
}

/** Requests with the given lines and headers, and any body. */
export function httpGrammar(
  lines: readonly string[],
  headers: readonly string[],
  bodies: readonly string[],
): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...lines),
      fc.array(
        fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...headers) }, fc.string({ maxLength: 20 })),
        { maxLength: 6 },
      ),
      fc.oneof(fc.constantFrom("", ...bodies), fc.string({ maxLength: 60 })),
    )
    .map(([line, all, body]) => `${[line, ...all].join("\r\n")}\r\n\r\n${body}`);
}
