/**
 * Which web pages may use the gateway, and which names it answers to. A page's `Origin` is checked against names that the
 * operator or the machine gives, never against the request's own `Host` alone: with DNS rebinding an attacker's page has its
 * own name in both.
 */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { bareHost } from "../../base/host-port.ts";

/**
 * `none`: not sent by a page. `named`: the gateway's own page, or one of `allowedOrigins`. `any`: let in by "*" alone, so
 * that anybody's page may be behind it. `foreign`: refused.
 */
export type Page = "none" | "named" | "any" | "foreign";

export interface Pages {
  of(request: PageRequest): Page;
  /** The name in `Host` is one that this gateway does not have: a page may be behind it whose name was bound to this address. */
  isMisdirected(request: PageRequest): boolean;
  /**
   * Why this request gets nothing but 403 whatever it asks for; undefined when it may go on.
   * @param keysRequired sessions need a key, so that a name bound to this address gives a page nothing
   */
  refusalOf(request: PageRequest, keysRequired: boolean): string | undefined;
}

const FOREIGN_PAGE = "pages of this origin may not connect: if they should, add it to allowedOrigins";
const MISDIRECTED =
  "the gateway does not answer to this host name: if it should, add its origin, such as http://NAME:9000, to allowedOrigins";

export type PageRequest = Pick<IncomingMessage, "headers"> & {
  /** `encrypted`: that of a TLS port. */
  socket: Pick<IncomingMessage["socket"], "localAddress"> & { encrypted?: boolean };
};

export interface PageSettings {
  allowedOrigins: readonly string[];
  /** The address it listens on: a name given there is its own. */
  host: string;
}

/** @param settings as they are now */
export function createPages(settings: () => PageSettings): Pages {
  function isOwnName(name: string, { socket }: PageRequest): boolean {
    const { allowedOrigins, host } = settings();
    return (
      isLoopback(name) ||
      name === hostName(socket.localAddress ?? "") ||
      name === hostName(bareHost(host)) ||
      allowedOrigins.some((origin) => name === parse(origin)?.name)
    );
  }

  const pages: Pages = {
    of(request) {
      const { origin, host } = request.headers;
      if (origin === undefined) return "none";
      const { allowedOrigins } = settings();
      const page = parse(origin);
      if (allowedOrigins.some((allowed) => allowed === origin || isSame(parse(allowed), page)))
        return "named";
      if (allowedOrigins.includes("*")) return "any";
      if (page === undefined) return "foreign";
      // The page's own word on its scheme says nothing: another server may have the same name and port with the other one.
      const own = parse(`${request.socket.encrypted === true ? "https" : "http"}://${host ?? ""}`);
      return isSame(own, page) && isOwnName(page.name, request) ? "named" : "foreign";
    },
    isMisdirected(request) {
      const { host, origin } = request.headers;
      // No browser leaves it out.
      if (host === undefined || settings().allowedOrigins.includes("*")) return false;
      const name = parse(`http://${host}`)?.name;
      if (name === undefined) return true;
      if (isOwnName(name, request)) return false;
      // Only a name that a stranger can register can be bound to this address, and a page tells its origin when it opens a session.
      return origin !== undefined || !(isIP(bare(name)) !== 0 || !name.includes("."));
    },
    refusalOf(request, keysRequired) {
      if (pages.of(request) === "foreign") return FOREIGN_PAGE;
      return !keysRequired && pages.isMisdirected(request) ? MISDIRECTED : undefined;
    },
  };
  return pages;
}

interface Place {
  scheme: string;
  name: string;
  port: string;
}

/** Scheme, name and port as browsers compare them; a dot at the end of a name is left out. */
function parse(url: string): Place | undefined {
  if (!/^https?:\/\/[^/\\?#@\s]+\/?$/i.test(url) || !URL.canParse(url)) return undefined;
  const { protocol, hostname, port } = new URL(url);
  return { scheme: protocol, name: hostname.replace(/\.$/, ""), port };
}

function isSame(a: Place | undefined, b: Place | undefined): boolean {
  return (
    a !== undefined && b !== undefined && a.scheme === b.scheme && a.name === b.name && a.port === b.port
  );
}

/** An address or name as it stands in a URL. */
function hostName(address: string): string | undefined {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "").replace(/%[^]*/, "");
  return parse(`http://${isIP(plain) === 6 ? `[${plain}]` : plain}`)?.name;
}

function bare(name: string): string {
  return name.replace(/^\[|\]$/g, "");
}

function isLoopback(name: string): boolean {
  return name === "localhost" || name === "[::1]" || (isIP(name) === 4 && name.startsWith("127."));
}
