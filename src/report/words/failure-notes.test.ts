import { describe, expect, it, test } from "vitest";
import { PASSED } from "../../../test/support/sample-result.ts";
import { checkRunResult } from "../../metrics/result/result-schema.ts";
import type { RunResult } from "../../metrics/result/result.ts";
import { referenceNote } from "./failure-notes.ts";
import { renderHtml } from "../html/html.ts";
import { renderJunit } from "../text/junit.ts";
import { renderMarkdown } from "../text/markdown.ts";
import { renderTable } from "../text/table.ts";

const CUT: RunResult = {
  ...PASSED,
  dataset: { ...PASSED.dataset, clips: 4, withoutReference: 3 },
  sessions: {
    ...PASSED.sessions,
    failures: [
      {
        ...{ phase: "flush", class: "truncated-transcript", origin: "server", count: 7 },
        examples: [
          { seq: 0, clip: "a", reference: "one two three", answer: "one" },
          { seq: 1, clip: "b", reference: "four five six", answer: "\u001b[31m<b>four\u0007" },
        ],
      },
      {
        ...{ phase: "flush", class: "empty-transcript", origin: "server", count: 1 },
        examples: [{ seq: 2, clip: "c", reference: "seven", answer: "" }],
      },
    ],
  },
};

const FORMS: [string, (result: RunResult) => string][] = [
  ["table", (result) => renderTable(result, { color: false })],
  ["markdown", renderMarkdown],
  ["page", (result) => renderHtml(result)],
  ["junit", (result) => renderJunit([result])],
];

/** Without the escapes of Markdown and HTML. */
function unescaped(text: string): string {
  return text
    .replace(/\\(?=[^u])/g, "")
    .replaceAll("&quot;", '"')
    .replaceAll("&#34;", '"')
    .replace(/\s+/g, " ");
}

describe.each(FORMS)("%s", (_name, render) => {
  const text = render(CUT);

  it("names the class, its page and two examples, the reference beside the answer", () => {
    expect(unescaped(text)).toContain("docs/failures.md#truncated-transcript");
    expect(unescaped(text)).toContain('a: reference "one two three", answer "one"');
    expect(unescaped(text)).toContain('b: reference "four five six", answer "');
    expect(unescaped(text)).toContain('c: reference "seven", answer empty');
  });

  it("shows control characters instead of sending them", () => {
    expect(text).not.toMatch(/[\u001b\u0007]/);
    expect(text).toContain("u001b");
  });

  it("has nothing of it for a run without failures", () => {
    expect(render(PASSED)).not.toContain("failures.md");
  });
});

it("the report says how many clips have no reference, and what is not judged", () => {
  const text = unescaped(renderTable(CUT, { color: false }));
  expect(text).toContain(
    "3 of 4 clips have no reference: their transcripts are not judged (truncated-transcript,",
  );
});

test.each([
  [1, 1, "1 of 1 clip has no reference: its transcript is not judged"],
  [1, 4, "1 of 4 clips has no reference: its transcript is not judged"],
  [4, 4, "4 of 4 clips have no reference: their transcripts are not judged"],
])("%i of %i clips without a reference", (withoutReference, clips, said) => {
  expect(referenceNote({ ...CUT.dataset, withoutReference, clips })).toContain(said);
});

it("the result with examples is valid", () => {
  expect(checkRunResult(CUT)).toEqual(CUT);
});
