/** What a reader needs beside the table of failures: examples of answers that failed, and where each class is explained. */
import type { FailureClass } from "../../base/outcome.ts";
import { printable } from "../../base/text/printable.ts";
import type { FailureCount } from "../../metrics/observation/counts.ts";
import type { RunResult } from "../../metrics/result/result.ts";

/** Relative to the root of the package. */
const PAGE = "docs/failures.md";

export interface FailureNote {
  class: FailureClass;
  /** Where the class is explained. */
  page: string;
  /** One line each: the reference beside the answer, safe for a terminal. */
  examples: readonly string[];
}

/** The classes that have examples, the commonest first. */
export function failureNotes({ sessions }: RunResult): FailureNote[] {
  return [...sessions.failures]
    .sort((a, b) => b.count - a.count)
    .flatMap(({ class: kind, examples = [] }) =>
      examples.length === 0
        ? []
        : [{ class: kind, page: `${PAGE}#${kind}`, examples: examples.map(exampleLine) }],
    );
}

/** What stands under a table of failures; undefined where there are none. */
export function pageNote({ sessions }: RunResult): string | undefined {
  return sessions.failures.length === 0 ? undefined : `${PAGE} explains each class`;
}

/** All of it as lines of plain text. */
export function noteLines(result: RunResult): string[] {
  return failureNotes(result).flatMap(({ class: kind, page, examples }) => [
    `${kind}, for example (see ${page}):`,
    ...examples.map((example) => `  ${example}`),
  ]);
}

function exampleLine({ clip, reference, answer }: NonNullable<FailureCount["examples"]>[number]): string {
  const said = reference === "" ? "no reference" : `reference "${reference}"`;
  return printable(`${clip}: ${said}, answer ${answer === "" ? "empty" : `"${answer}"`}`);
}

/** What is not judged of clips without a reference; undefined when every clip has one. */
export function referenceNote({ clips, withoutReference }: RunResult["dataset"]): string | undefined {
  if (withoutReference === undefined || withoutReference === 0) return undefined;
  const one = withoutReference === 1;
  const which = `${withoutReference} of ${clips} ${clips === 1 ? "clip" : "clips"} ${one ? "has" : "have"} no reference`;
  return (
    `${which}: ${one ? "its transcript is" : "their transcripts are"} not judged (truncated-transcript, empty-transcript, ` +
    `no-partial) and ${one ? "its" : "their"} words have no emission times; see ${PAGE}#clips-without-a-reference`
  );
}
