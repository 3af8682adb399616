import { expect, test } from "vitest";
import type { Markup } from "./markup.ts";
import { markup, textOf, trusted } from "./markup.ts";

test("text is escaped for elements and attributes", () => {
  const text = `<b title="a" id='b'>&amp;</b>`;
  expect(textOf(markup`<p title="${text}">${text}</p>`)).toBe(
    '<p title="&lt;b title=&quot;a&quot; id=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;">' +
      "&lt;b title=&quot;a&quot; id=&#39;b&#39;&gt;&amp;amp;&lt;/b&gt;</p>",
  );
});

test("markup in markup stays markup, lists are joined, undefined is nothing", () => {
  const cells = ["a", "<"].map((text) => markup`<td>${text}</td>`);
  expect(textOf(markup`<tr>${cells}${undefined}${7}${trusted("<hr>")}</tr>`)).toBe(
    "<tr><td>a</td><td>&lt;</td>7<hr></tr>",
  );
});

test("what no document may hold is dropped, line ends, tabs and pairs of surrogates stay", () => {
  expect(textOf(markup`${"\ud83da\uffff\u{1f600}"}`)).toBe("a\u{1f600}");
  expect(textOf(markup`${"user\u202egpj.exe\u2066"}`)).toBe("usergpj.exe");
  expect(textOf(markup`${"a\u0000\u001b[31m\u0085b\n\tc"}`)).toBe("a[31mb\n\tc");
});

test("nothing read from JSON passes for markup", () => {
  const forged = JSON.parse('{"markup": "<script>", "Symbol(markup)": "<script>"}') as Markup;
  expect(textOf(markup`${forged}`)).not.toContain("<script>");
});
