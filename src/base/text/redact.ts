/** What may be printed or stored of texts that can hold secrets: addresses, foreign error messages, headers. */

/** Stands where a secret was. */
export const HIDDEN = "(hidden)";

/** Parameters of a URL whose values say nothing about who asks. */
const PUBLIC_PARAMETERS = new Set(["intent"]);

/** Secrets shorter than this are too likely to be a word of an ordinary sentence: "en", "8000". */
const SHORTEST_SECRET = 6;

/**
 * The URL without user, password and fragment, and with the values of its query hidden: a token may have any name.
 * A text that is no URL is treated by the same rules, so that a slip in an address does not give its password away.
 */
export function redactUrl(url: string): string {
  const scheme = /^\s*[a-z][\w+.-]+:\/\/?/i.exec(url)?.[0] ?? "";
  const rest = url.slice(scheme.length);
  const queryAt = rest.search(/[?#]/);
  const [beforeQuery, query] = queryAt < 0 ? [rest, ""] : [rest.slice(0, queryAt), rest.slice(queryAt)];
  // A password that holds `/`, `?` or `#` ends up behind the place where a URL's host ends.
  const unreadable = !beforeQuery.includes("@") && query.includes("@") && !URL.canParse(url);
  if (unreadable) return `${scheme}${(beforeQuery + query).replace(/^.*@/s, "")}`;
  return `${scheme}${beforeQuery.replace(/^.*@/s, "")}${redactQuery(query)}`;
}

function redactQuery(query: string): string {
  const [, parameters = "", fragment = ""] = /^(?:\?([^#]*))?(#.*)?$/s.exec(query) ?? [];
  const shown = parameters.split("&").map((parameter) => {
    const name = /^([^=]*)=/.exec(parameter)?.[1];
    if (name === undefined) return parameter === "" ? "" : HIDDEN;
    return PUBLIC_PARAMETERS.has(name.toLowerCase()) ? parameter : `${name}=${HIDDEN}`;
  });
  return (parameters === "" ? "" : `?${shown.join("&")}`) + (fragment.length > 1 ? `#${HIDDEN}` : "");
}

/** What stands behind a URL in a sentence. */
const CLOSING: ReadonlySet<string> = new Set("),.;:]}");

/** A text with each URL in it as `redactUrl` shows it, also one that was taken for a path and lost a slash. */
export function redactUrls(text: string): string {
  // A server's text may be one long word: no scheme is longer than this, and the search stays linear.
  return text.replaceAll(/[a-z][\w+.-]{1,30}:\/[^\s"'`<>]+/gi, (url) => {
    let end = url.length;
    while (CLOSING.has(url.charAt(end - 1)) && !url.endsWith(HIDDEN, end)) end--;
    return redactUrl(url.slice(0, end)) + url.slice(end);
  });
}

/**
 * A text with each of the secrets hidden, as it is and in the forms in which it travels: percent-encoded, in base64, or
 * without the word before it (`Bearer`). Servers repeat in their errors what they were sent.
 */
export function hideSecrets(text: string, secrets: readonly string[]): string {
  let shown = text;
  for (const secret of formsOf(secrets)) shown = shown.replaceAll(secret, HIDDEN);
  return shown;
}

/** Longest first: one may be a part of another. */
function formsOf(secrets: readonly string[]): string[] {
  const forms = new Set<string>();
  for (const secret of secrets) {
    for (const part of [secret, secret.replace(/^\s*\S+\s+/, "")]) {
      if (part.length < SHORTEST_SECRET) continue;
      forms.add(part);
      forms.add(encodeURIComponent(part));
      forms.add(Buffer.from(part).toString("base64"));
    }
  }
  return [...forms].sort((a, b) => b.length - a.length);
}

/** Names and values of metadata or headers, fit for printing: values are hidden, but those of the public names. */
export function redactHeaders(
  headers: Readonly<Record<string, string>>,
  publicNames: readonly string[] = [],
): Record<string, string> {
  const open = new Set(publicNames.map((name) => name.toLowerCase()));
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, open.has(name.toLowerCase()) ? value : HIDDEN]),
  );
}
