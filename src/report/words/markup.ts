/**
 * Markup, HTML or XML, that can't be forgotten to be escaped: what is put into a template is text unless it is markup
 * already.
 */

/** A symbol as the key, so that nothing read from JSON can pass for markup. */
const TEXT: unique symbol = Symbol("markup");

export interface Markup {
  readonly [TEXT]: string;
}

type Part = string | number | Markup | readonly Markup[] | undefined;

/** Template tag. Strings and numbers are escaped, for elements and quoted attributes alike; undefined is nothing. */
export function markup(strings: TemplateStringsArray, ...parts: readonly Part[]): Markup {
  const text = strings.map((string, index) => string + render(parts[index])).join("");
  return { [TEXT]: text };
}

/** Markup of the program's own making, such as a style sheet. */
export function trusted(text: string): Markup {
  return { [TEXT]: text };
}

/** The finished text. */
export function textOf(made: Markup): string {
  return made[TEXT];
}

function render(part: Part): string {
  if (part === undefined) return "";
  if (typeof part === "string" || typeof part === "number") return escape(`${part}`);
  return isList(part) ? part.map(textOf).join("") : textOf(part);
}

function isList(part: Markup | readonly Markup[]): part is readonly Markup[] {
  return Array.isArray(part);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  // Control characters and halves of surrogate pairs have no place in a document, not even as references; overrides of the
  // direction would show text in another order than it has.
  return text
    .replaceAll(/[^\P{Cc}\n\t]|[\p{Cs}\u202a-\u202e\u2066-\u2069\uFFFE\uFFFF]/gu, "")
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
